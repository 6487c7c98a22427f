import type { Doc, Id } from "../_generated/dataModel.js";
import { recordIdFor } from "../encryption/salts.ts";
import { notFound } from "../lib/errors.ts";
import type { ViewerMutationCtx } from "../lib/functions.ts";
import { addMessage, nextSpot, noteActivity, ownership, type Spot, spotAfter } from "../messages/turns.ts";
import { chooseMediaModel, sameMediaModel } from "../models/mediaCatalogue.ts";
import type { OpenThread } from "../threads/access.ts";
import { cancelJob } from "./endings.ts";
import { addJob, promptOf, type Wanted } from "./orders.ts";
import { nextState } from "./states.ts";

/**
 * Asks for a picture or a video inside a chat: what the person wrote, a reply that waits for the result, and the job.
 * The reply ends with the job. Throws as `addJob` does.
 */
export async function addJobTurn(ctx: ViewerMutationCtx, open: OpenThread, wanted: Wanted): Promise<Id<"mediaJobs">> {
  const { request, prompt, nowMs } = wanted;
  const { spot } = await nextSpot(ctx, open.thread);
  await addMessage(ctx, open, { text: prompt, spot, request, nowMs });
  const { job } = await addJobReply(ctx, open, { ...wanted, spot: spotAfter(spot) });
  return job._id;
}

/** Asks for the same once more, in a reply at another spot. Throws `not_found` where the job is gone, and as `addJob`. */
export async function makeAnother(
  ctx: ViewerMutationCtx,
  open: OpenThread,
  another: { jobId: Id<"mediaJobs">; model: string | undefined; request: string; spot: Spot; nowMs: number },
): Promise<Id<"messages">> {
  const job = await ctx.db.get("mediaJobs", another.jobId);
  if (!job) throw notFound("job");
  const { kind, options } = job;
  const model = another.model === undefined ? sameMediaModel(kind, job.model) : chooseMediaModel(kind, another.model);
  const prompt = await promptOf(ctx, job);
  const { request, spot, nowMs } = another;
  const { replyId } = await addJobReply(ctx, open, { request, model, prompt, options, nowMs, spot });
  return replyId;
}

/** Cancels the job that a reply waits for, where it still does. */
export async function stopJob(ctx: ViewerMutationCtx, jobId: Id<"mediaJobs">): Promise<void> {
  const job = await ctx.db.get("mediaJobs", jobId);
  if (job && nextState(job.state, "cancel")) await cancelJob(ctx, job);
}

async function addJobReply(
  ctx: ViewerMutationCtx,
  open: OpenThread,
  { spot, ...wanted }: Wanted & { spot: Spot },
): Promise<{ job: Doc<"mediaJobs">; replyId: Id<"messages"> }> {
  const { request, model, nowMs } = wanted;
  const job = await addJob(ctx, open, wanted);
  const replyId = await ctx.db.insert("messages", {
    ...ownership(open.thread),
    ...spot,
    recordId: await recordIdFor(ctx.viewer.userId, request, "reply"),
    role: "assistant",
    state: "streaming",
    model: model.id,
    jobId: job._id,
    createdAt: nowMs,
  });
  await ctx.db.patch("mediaJobs", job._id, { replyId });
  await noteActivity(ctx, open.thread, nowMs);
  return { job, replyId };
}
