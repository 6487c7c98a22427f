import { internal } from "../../convex/_generated/api.js";
import type { Command, Run } from "./command.ts";

/** Lists parked webhooks, or applies one again. */
export const webhookReplay: Command = {
  name: "webhook-replay",
  synopsis: "webhook-replay [message id]",
  purpose: "lists parked and refused webhooks; with an id and --apply, applies that one again",
  run: async (run) => {
    const [messageId] = run.subjects;
    if (messageId === undefined) return list(run);
    const { deployment, apply, print } = run;
    const { type, state, reason } = await deployment.call(internal.webhooks.inbox.replay, { messageId, apply });
    print(`${messageId} ${type}: ${state}${reason ? `, ${reason}` : ""}`);
    return state === "parked" && apply ? 1 : 0;
  },
};

async function list({ deployment, print }: Run): Promise<number> {
  const { parked, refused } = await deployment.call(internal.webhooks.inbox.overview, {});
  for (const { messageId, type, reason, receivedAt } of parked) {
    print(`${new Date(receivedAt).toISOString()} ${messageId} ${type}: ${reason ?? "parked"}`);
  }
  for (const { day, reason, count } of refused) print(`${day} refused as ${reason}: ${count}`);
  if (parked.length + refused.length === 0) print("No webhook is parked, and none was refused.");
  return 0;
}
