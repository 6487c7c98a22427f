import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const crons = cronJobs();

crons.interval("end abandoned replies", { seconds: 30 }, internal.messages.leases.endAbandoned, {});
crons.interval("move silent media jobs on", { minutes: 1 }, internal.media.making.resumeSilent, {});
crons.interval("delete old media jobs", { hours: 24 }, internal.media.making.sweep, {});

export default crons;
