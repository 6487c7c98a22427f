import { internal } from "../../convex/_generated/api.js";
import type { Command } from "./command.ts";
import { countInWords, timeInWords } from "./words.ts";

/** Says what came by webhook; exits 1 while messages are parked, and while nothing comes that should. */
export const inbox: Command = {
  name: "inbox",
  synopsis: "inbox",
  purpose: "the webhooks of the last thirty days by what became of them; exits 1 while some are parked or none come",
  isReport: true,
  details: [
    "webhook-replay applies a parked message again. Nothing is taken to come where an account was made 45 minutes ago without",
    "a message about it, and where chats are written in five days after the last one. A sender that has failed for as long",
    "gives an address up: switch it on again at the identity provider. What it missed, the nightly look finds.",
  ],
  run: async ({ deployment, print }) => {
    const { counts, parked, refused, silence } = await deployment.call(internal.webhooks.inbox.overview, {});
    for (const state of ["applied", "parked", "dropped"] as const) print(`${state}: ${countInWords(counts[state])}`);
    for (const { messageId, type, reason, receivedAt } of parked) {
      print(`${timeInWords(receivedAt)} ${messageId} ${type}: ${reason ?? "parked"}`);
    }
    for (const { day, reason, count } of refused) print(`${day} refused as ${reason}: ${count}`);
    const { silentSinceAt, lastReceivedAt } = silence;
    if (lastReceivedAt !== null) print(`the last came: ${timeInWords(lastReceivedAt)}`);
    if (silentSinceAt !== null)
      print(`NOTHING HAS COME since ${timeInWords(silentSinceAt)}, though accounts are active`);
    return parked.length === 0 && silentSinceAt === null ? 0 : 1;
  },
};
