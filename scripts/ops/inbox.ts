import { internal } from "../../convex/_generated/api.js";
import type { Command } from "./command.ts";
import { countInWords, timeInWords } from "./words.ts";

/** Says what came by webhook; exits 1 while messages are parked. */
export const inbox: Command = {
  name: "inbox",
  synopsis: "inbox",
  purpose: "the webhooks of the last thirty days by what became of them; exits 1 while some are parked",
  isReport: true,
  details: ["webhook-replay applies a parked message again."],
  run: async ({ deployment, print }) => {
    const { counts, parked, refused } = await deployment.call(internal.webhooks.inbox.overview, {});
    for (const state of ["applied", "parked", "dropped"] as const) print(`${state}: ${countInWords(counts[state])}`);
    for (const { messageId, type, reason, receivedAt } of parked) {
      print(`${timeInWords(receivedAt)} ${messageId} ${type}: ${reason ?? "parked"}`);
    }
    for (const { day, reason, count } of refused) print(`${day} refused as ${reason}: ${count}`);
    return parked.length === 0 ? 0 : 1;
  },
};
