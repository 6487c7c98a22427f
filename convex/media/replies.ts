import type { Id } from "../_generated/dataModel.js";
import { recordIdFor } from "../encryption/salts.ts";
import type { ViewerMutationCtx } from "../lib/functions.ts";
import { addMessage, nextSpot, ownership, spotAfter } from "../messages/turns.ts";
import type { OpenThread } from "../threads/access.ts";
import { addJob, type Wanted } from "./orders.ts";

/**
 * Asks for a picture or a video inside a chat: what the person wrote, a reply that waits for the result, and the job.
 * The reply ends with the job. Throws as `addJob` does.
 */
export async function addJobTurn(ctx: ViewerMutationCtx, open: OpenThread, wanted: Wanted): Promise<Id<"mediaJobs">> {
  const { request, prompt, model, nowMs } = wanted;
  const { spot } = await nextSpot(ctx, open.thread);
  await addMessage(ctx, open, { text: prompt, spot, request, nowMs });
  const job = await addJob(ctx, open, wanted);
  const replyId = await ctx.db.insert("messages", {
    ...ownership(open.thread),
    ...spotAfter(spot),
    recordId: await recordIdFor(ctx.viewer.userId, request, "reply"),
    role: "assistant",
    state: "streaming",
    model: model.id,
    jobId: job._id,
    createdAt: nowMs,
  });
  await ctx.db.patch("mediaJobs", job._id, { replyId });
  await ctx.db.patch("threads", open.thread._id, { lastActivityAt: nowMs, retentionClockAt: nowMs });
  return job._id;
}
