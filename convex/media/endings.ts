import type { MediaJobErrorCode } from "../../src/shared/media.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { releaseHold, type Subject, settleHold } from "../usage/holds.ts";
import { noteReturn } from "./returns.ts";
import { isOver, type JobEvent, nextState } from "./states.ts";

/** Jobs of a chat that one transaction of its removal deletes. */
const JOBS_PER_RUN = 64;

/** What names the hold of a job's newest try. */
export function holdOf({ _id, attempt }: Pick<Doc<"mediaJobs">, "_id" | "attempt">): Subject {
  return `job:${_id}:${attempt}`;
}

/** Ends a job whose medium was written in this very transaction, and charges for it. */
export async function finishJob(
  ctx: MutationCtx,
  job: Doc<"mediaJobs">,
  made: { mediaId: Id<"media">; seconds?: number },
): Promise<void> {
  const { model, kind, credits } = job;
  const amounts = kind === "image" ? { images: 1 } : { seconds: made.seconds };
  const used = { model, amounts, source: "estimate" as const, credits };
  await settleHold(ctx, { subject: holdOf(job), used, nowMs: Date.now() });
  await endJob(ctx, job, { event: "finish", result: { mediaId: made.mediaId, progress: 1 } });
  await endReply(ctx, job, { state: "complete", mediaIds: [made.mediaId] });
}

/** Ends a job that failed. It costs nothing. */
export async function failJob(ctx: MutationCtx, job: Doc<"mediaJobs">, error: MediaJobErrorCode): Promise<void> {
  await releaseHold(ctx, { subject: holdOf(job), reason: "failed", nowMs: Date.now() });
  await endJob(ctx, job, { event: "fail", result: { error } });
  await endReply(ctx, job, { state: "failed" });
}

/** Ends a job at its owner's wish, or for an erasure, also at the provider. It costs nothing. */
export async function cancelJob(ctx: MutationCtx, job: Doc<"mediaJobs">, erasureId?: Id<"erasureJobs">): Promise<void> {
  await releaseHold(ctx, { subject: holdOf(job), reason: "cancelled", nowMs: Date.now() });
  await endJob(ctx, job, { event: "cancel", erasureId });
  await endReply(ctx, job, { state: "stopped" });
}

/** Deletes a page of a chat's jobs, cancelling those under way; says whether it was the last. */
export async function removeJobs(ctx: MutationCtx, threadId: Id<"threads">): Promise<boolean> {
  const jobs = await ctx.db
    .query("mediaJobs")
    .withIndex("by_thread", (q) => q.eq("threadId", threadId))
    .take(JOBS_PER_RUN);
  for (const job of jobs) await removeJob(ctx, job);
  return jobs.length < JOBS_PER_RUN;
}

/** Deletes a job, for an erasure where one does, and cancels it before where it is under way. */
export async function removeJob(ctx: MutationCtx, job: Doc<"mediaJobs">, erasureId?: Id<"erasureJobs">): Promise<void> {
  if (!isOver(job.state)) await cancelJob(ctx, job, erasureId);
  await ctx.db.delete("mediaJobs", job._id);
}

/** How a job ends, and the erasure that ends it where one does. */
interface Ending {
  event: JobEvent;
  result?: Partial<Pick<Doc<"mediaJobs">, "mediaId" | "progress" | "error">>;
  erasureId?: Id<"erasureJobs">;
}

/** Whatever the end: the job moves on, its order is given back, and the next one may begin. */
async function endJob(ctx: MutationCtx, job: Doc<"mediaJobs">, { event, result, erasureId }: Ending): Promise<void> {
  const state = nextState(job.state, event);
  if (!state) throw new Error(`A job that is ${job.state} cannot ${event}`);
  await ctx.db.patch("mediaJobs", job._id, { ...result, state, step: job.step + 1, changedAt: Date.now() });
  const { kind, provider, operation } = job;
  const underWay = event !== "finish";
  if (operation) await noteReturn(ctx, { kind, provider, operation, underWay, jobId: erasureId });
  await ctx.scheduler.runAfter(0, internal.media.making.admit, {});
}

async function endReply(
  ctx: MutationCtx,
  { replyId }: Doc<"mediaJobs">,
  ending: Pick<Doc<"messages">, "state" | "mediaIds">,
): Promise<void> {
  const reply = replyId && (await ctx.db.get("messages", replyId));
  if (reply) await ctx.db.patch("messages", reply._id, ending);
}
