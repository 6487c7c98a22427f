import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { loadHolds } from "../legalHolds/holding.ts";
import { LOUD_AFTER_TRIES, pauseAfterMs } from "./asking.ts";
import { askIdentity, startRemoval } from "./beginning.ts";
import { firstStep } from "./cascade.ts";
import { lookOver } from "./ending.ts";

/** Silence after which a job's step counts as dead; longer than any pause between two steps. */
const SILENT_MS = 10 * 60_000;
const JOBS_PER_RUN = 20;

const vQuestion = { jobId: v.id("erasureJobs"), chain: v.number() };

/** What the identity provider is to be asked for a job, or null where it has answered or another question counts. */
export const wanted = internalQuery({
  args: vQuestion,
  returns: v.union(v.null(), v.object({ identityId: v.string(), isOwnWish: v.boolean() })),
  handler: async (ctx, question) => {
    const job = await loadAsked(ctx, question);
    return job && { identityId: job.identityId, isOwnWish: job.state !== "confirming" };
  },
});

/** Takes in what the identity provider said about a job's person: null where it did not, and is to be asked again. */
export const answered = internalMutation({
  args: { ...vQuestion, tries: v.number(), answer: v.union(v.literal("gone"), v.literal("alive"), v.null()) },
  returns: v.null(),
  handler: async (ctx, { answer, tries, ...question }) => {
    const job = await loadAsked(ctx, question);
    if (!job) return null;
    if (answer === null) {
      await askAgain(ctx, job, tries);
    } else if (answer === "gone") {
      await ctx.db.patch("erasureJobs", job._id, { identityGone: true });
      if (job.state === "confirming") await startRemoval(ctx, job._id);
      else await lookOver(ctx, job._id);
    } else if (job.state === "confirming") {
      await takeFenceBack(ctx, job);
    }
    return null;
  },
});

/** Whether an instance of the identity provider is the one of this deployment, which is the first it ever met. */
export const isPinnedInstance = internalMutation({
  args: { instanceId: v.string() },
  returns: v.boolean(),
  handler: async (ctx, { instanceId }) => {
    const pinned = await ctx.db.query("identityInstances").first();
    if (!pinned) await ctx.db.insert("identityInstances", { instanceId });
    return !pinned || pinned.instanceId === instanceId;
  },
});

/** The watchdog: takes up jobs that have shown no sign of life. Reads nothing while there are none. */
export const resumeSilent = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const silent = await ctx.db
      .query("erasureJobs")
      .withIndex("by_beat", (q) => q.lt("beatAt", Date.now() - SILENT_MS))
      .take(JOBS_PER_RUN);
    for (const job of silent) await resume(ctx, job);
    return null;
  },
});

/** Under a new chain, so that steps of the old one that turn out to be alive end themselves. */
async function resume(ctx: MutationCtx, job: Doc<"erasureJobs">): Promise<void> {
  const isHeld = job.state === "held";
  // Whoever lifts the last hold lets it go on; this is for a lifting that was cut off between the two.
  if (isHeld && !(await loadHolds(ctx.db, job.ownerId))) return startRemoval(ctx, job._id);
  const chain = job.chain + 1;
  const attempts = isHeld ? job.attempts : job.attempts + 1;
  await ctx.db.patch("erasureJobs", job._id, { chain, beatAt: Date.now(), attempts });
  await askIdentity(ctx, job._id);
  if (job.state === "removing") {
    await ctx.scheduler.runAfter(0, internal.erasure.cascade.removePage, firstStep({ ...job, chain }));
  }
  if (job.state === "draining") {
    await ctx.scheduler.runAfter(0, internal.erasure.ending.settle, { jobId: job._id, chain, looks: 0 });
  }
}

/** Asks once more after a pause, which is a sign of life as long as nothing else is waited for. */
async function askAgain(ctx: MutationCtx, { _id: jobId, chain }: Doc<"erasureJobs">, tries: number): Promise<void> {
  if (tries >= LOUD_AFTER_TRIES) console.error(`Erasure ${jobId}: the identity provider has not answered for long`);
  await ctx.db.patch("erasureJobs", jobId, { beatAt: Date.now() });
  const again = { jobId, chain, tries: tries + 1 };
  await ctx.scheduler.runAfter(pauseAfterMs(tries), internal.erasure.identity.settle, again);
}

/** The job that waits for the answer to a question; null where it has one, or was resumed with another question. */
async function loadAsked(
  ctx: Pick<QueryCtx, "db">,
  { jobId, chain }: { jobId: Id<"erasureJobs">; chain: number },
): Promise<Doc<"erasureJobs"> | null> {
  const job = await ctx.db.get("erasureJobs", jobId);
  return job?.chain === chain && !job.identityGone ? job : null;
}

/** The person is alive: whatever said otherwise was wrong or forged, and has cost them nothing but a moment. */
async function takeFenceBack(ctx: MutationCtx, job: Doc<"erasureJobs">): Promise<void> {
  console.error(`A ${job.origin} said that an identity is gone which is there: nothing was deleted`);
  if (job.ownerId && job.before) await ctx.db.patch("users", job.ownerId, { state: job.before });
  await ctx.db.delete("erasureJobs", job._id);
}
