import { v } from "convex/values";
import { TOMBSTONE_MS } from "../../src/policy/periods.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { loadHolds } from "../legalHolds/holding.ts";
import { resetRates } from "../lib/rateLimits.ts";
import { hasOpenDeletes } from "../media/deletes.ts";
import { hasOpenReturns } from "../media/returns.ts";
import { firstStep, restHeld } from "./cascade.ts";
import { leftovers } from "./leftovers.ts";
import { pseudonymOf } from "./pseudonyms.ts";
import { retainRecords, writeReceipt } from "./receipts.ts";

/*
 * The end of an erasure, once its rows are gone: the outboxes, the identity, the look from zero, the receipt. See
 * [Note: Erasure].
 */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 4 * 60_000;
/** Looks after which whoever runs the service must hear of it: with the pauses, about an hour. */
const LOUD_AFTER_LOOKS = 24;
const TOMBSTONES_PER_RUN = 200;

/** Names a job as a step was asked for. */
export const vJob = { jobId: v.id("erasureJobs"), chain: v.number() };

/** Waits until the bucket, the providers and the identity provider have confirmed, then has the job looked over. */
export const settle = internalMutation({
  args: { ...vJob, looks: v.number() },
  returns: v.null(),
  handler: async (ctx, { looks, ...held }) => {
    const job = await loadDraining(ctx, held);
    if (!job) return null;
    // Until the identity has been confirmed, asking for it is the sign of life: an action that died must be noticed.
    if (job.identityGone) await ctx.db.patch("erasureJobs", job._id, { beatAt: Date.now() });
    if (job.identityGone && !(await isOpenElsewhere(ctx.db, job._id))) {
      await ctx.scheduler.runAfter(0, internal.erasure.looking.look, { ...held, looks });
      return null;
    }
    if (looks >= LOUD_AFTER_LOOKS)
      console.error(`Erasure ${job._id} still waits for its objects, its orders or its identity`);
    await ctx.scheduler.runAfter(pauseAfterMs(looks), internal.erasure.ending.settle, { ...held, looks: looks + 1 });
    return null;
  },
});

/** As `lookOver`, for the outboxes, which may hold nothing of a job any more. */
export const wake = internalMutation({
  args: { jobId: v.id("erasureJobs") },
  returns: v.null(),
  handler: async (ctx, { jobId }) => {
    await lookOver(ctx, jobId);
    return null;
  },
});

/**
 * Has a job looked over at once where all have confirmed that it waits for, for whoever takes in the last of it. Under
 * a new chain, so that the pause that `settle` has made ends in nothing: it is there for what was lost.
 */
export async function lookOver(ctx: MutationCtx, jobId: Id<"erasureJobs">): Promise<void> {
  const job = await ctx.db.get("erasureJobs", jobId);
  if (job?.state !== "draining" || !job.identityGone || (await isOpenElsewhere(ctx.db, jobId))) return;
  const chain = job.chain + 1;
  await ctx.db.patch("erasureJobs", jobId, { chain, beatAt: Date.now() });
  await ctx.scheduler.runAfter(0, internal.erasure.looking.look, { jobId, chain, looks: 0 });
}

/**
 * Completes an erasure whose objects are gone, or begins the cascade anew where rows are left. Where something is held,
 * that is what is left, and the job rests.
 */
export const finish = internalMutation({
  args: vJob,
  returns: v.null(),
  handler: async (ctx, held) => {
    const job = await loadDraining(ctx, held);
    if (!job) return null;
    const holds = await loadHolds(ctx.db, job.ownerId);
    const tables = holds ? [] : await leftovers(ctx.db, job);
    if (tables.length > 0) await removeAgain(ctx, job, tables);
    else if (holds) await restHeld(ctx, job);
    else await complete(ctx, job);
    return null;
  },
});

/** Deletes tombstones that are past their period. Reads one empty index range while there are none. */
export const sweepTombstones = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const old = await ctx.db
      .query("identityTombstones")
      .withIndex("by_time", (q) => q.lt("erasedAt", Date.now() - TOMBSTONE_MS))
      .take(TOMBSTONES_PER_RUN);
    for (const { _id } of old) await ctx.db.delete("identityTombstones", _id);
    return null;
  },
});

/** The pause before another look. Pure. */
export function pauseAfterMs(times: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** times, LONGEST_PAUSE_MS);
}

async function complete(ctx: MutationCtx, job: Doc<"erasureJobs">): Promise<void> {
  const nowMs = Date.now();
  const subject = await pseudonymOf(job.identityId);
  const retained = await retainRecords(ctx, job, { subject, nowMs });
  await writeReceipt(ctx, job, { subject, retained, nowMs });
  await ctx.db.insert("identityTombstones", { subject, erasedAt: nowMs });
  await resetRates(ctx, job.identityId);
  await ctx.db.delete("erasureJobs", job._id);
}

async function removeAgain(ctx: MutationCtx, job: Doc<"erasureJobs">, tables: string[]): Promise<void> {
  console.error(`Erasure ${job._id} has left rows in ${tables.join(", ")}: it begins again`);
  const again = { ...job, chain: job.chain + 1 };
  const attempts = job.attempts + 1;
  await ctx.db.patch("erasureJobs", job._id, { state: "removing", chain: again.chain, attempts, beatAt: Date.now() });
  await ctx.scheduler.runAfter(pauseAfterMs(attempts), internal.erasure.cascade.removePage, firstStep(again));
}

/** Whether something of a job's is still to be deleted elsewhere: bytes in the bucket, or an order at a provider. */
async function isOpenElsewhere(db: QueryCtx["db"], jobId: Id<"erasureJobs">): Promise<boolean> {
  return (await hasOpenDeletes(db, jobId)) || (await hasOpenReturns(db, jobId));
}

/** The job of a chain that waits for its end; null where another chain has taken over. */
export async function loadDraining(
  ctx: MutationCtx,
  { jobId, chain }: { jobId: Id<"erasureJobs">; chain: number },
): Promise<Doc<"erasureJobs"> | null> {
  const job = await ctx.db.get("erasureJobs", jobId);
  return job?.chain === chain && job.state === "draining" ? job : null;
}
