import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const crons = cronJobs();

crons.interval("end abandoned replies", { seconds: 30 }, internal.messages.leases.endAbandoned, {});

export default crons;
