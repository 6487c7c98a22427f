import type { Infer } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { loadHolds } from "../legalHolds/holding.ts";
import { firstStep, restHeld, shred } from "./cascade.ts";
import { enterDeletion } from "./ledger.ts";
import { pseudonymOf } from "./pseudonyms.ts";
import type { vOrigin } from "./schema.ts";

/*
 * [Note: Erasure]
 * An account ends in steps, each of which may be interrupted, repeated or late without harm:
 *
 * 1. The fence: the account's state is set, and every writer re-reads it in its own transaction.
 * 2. The confirmation: a webhook or a look that did not find the identity is a hint. Only the identity provider's own
 *    answer that the person is gone lets anything be deleted; any other answer takes the fence away again. Persons who
 *    ask for it themselves need no confirmation: they are then deleted at the identity provider from here.
 * 3. The keys: deleted in one transaction, after which nothing the person wrote can be read.
 * 4. The rows, by the registry, page by page; each page schedules the next in its own transaction.
 * 5. The objects, by way of the outbox, and the identity at its provider.
 * 6. The look from zero, on another path than the deletion took. What it finds begins step 4 anew.
 * 7. The receipt, the tombstone, and the end of the job's own row, in one transaction.
 *
 * What the law wants kept is left out of steps 3 and 4, and the job rests before step 6 until it is lifted; then it begins
 * step 3 anew. A watchdog takes up what has shown no sign of life. No step gives up: the row of a job goes with its receipt
 * or, where the person turned out to be alive, with the fence.
 */

type Origin = Infer<typeof vOrigin>;

/** Whose account is to be erased, and why. */
interface Erasure {
  identityId: string;
  origin: Origin;
  /** When its keys were deleted before, where a backup has brought it back: a later hold protects none of them. */
  shreddedAt?: number;
}

/**
 * Begins the erasure of an identity's account, or of what there is of it without one. `person` and `closure` delete the
 * keys in this very transaction, and so does `restore`. One that is under way goes on; one that is over stays so. Null
 * where it is over.
 */
export async function beginErasure(
  ctx: MutationCtx,
  { identityId, origin, shreddedAt }: Erasure,
): Promise<Id<"erasureJobs"> | null> {
  const known = await findJob(ctx.db, identityId);
  const job = known ?? (await openJob(ctx, { identityId, origin }));
  if (!job) return null;
  const isOwnWish = origin === "person" || origin === "closure" || origin === "restore";
  const isConfirmed = job.state === "confirming" && isOwnWish;
  if (isConfirmed) {
    await ctx.db.patch("erasureJobs", job._id, { origin });
    await startRemoval(ctx, job._id, shreddedAt);
  }
  if (!known || isConfirmed) await askIdentity(ctx, job._id);
  return job._id;
}

/** Has the identity provider asked for a job's person, as long as it has not confirmed that they are gone. */
export async function askIdentity(ctx: MutationCtx, jobId: Id<"erasureJobs">): Promise<void> {
  const job = await ctx.db.get("erasureJobs", jobId);
  if (!job || job.identityGone) return;
  await ctx.scheduler.runAfter(0, internal.erasure.identity.settle, { jobId, chain: job.chain, tries: 0 });
}

/** Deletes the keys of a job's person, and has their rows follow: all but what is held, of keys what was by `heldByMs`. */
export async function startRemoval(ctx: MutationCtx, jobId: Id<"erasureJobs">, heldByMs?: number): Promise<void> {
  const job = await ctx.db.get("erasureJobs", jobId);
  if (!job) return;
  const nowMs = Date.now();
  const holds = await loadHolds(ctx.db, job.ownerId, heldByMs);
  if (holds?.all) return restHeld(ctx, job);
  const counts = added(job.counts, await shred(ctx, job, holds));
  await enterDeletion(ctx, "account", job.identityId);
  const chain = job.chain + 1;
  await ctx.db.patch("erasureJobs", jobId, { state: "removing", shreddedAt: nowMs, beatAt: nowMs, counts, chain });
  await ctx.scheduler.runAfter(0, internal.erasure.cascade.removePage, firstStep({ ...job, chain }));
}

/** Lets an erasure go on that rests for the sake of what was held, as far as the holds that are left let it. */
export async function resumeHeld(ctx: MutationCtx, ownerId: Id<"users">): Promise<void> {
  const job = await ctx.db
    .query("erasureJobs")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
    .unique();
  if (job?.state === "held") await startRemoval(ctx, job._id);
}

/** The erasure of an identity that is under way, or null. */
export function findJob(db: QueryCtx["db"], identityId: string): Promise<Doc<"erasureJobs"> | null> {
  return db
    .query("erasureJobs")
    .withIndex("by_identity", (q) => q.eq("identityId", identityId))
    .unique();
}

/** Whether an identity's erasure is under way or over: nothing may be made for it. */
export async function isErased(db: QueryCtx["db"], identityId: string): Promise<boolean> {
  return (await findJob(db, identityId)) !== null || (await hasTombstone(db, identityId));
}

/** Whether an identity's erasure is over or cannot be called off any more: one that is only being confirmed still can. */
export async function isCertainlyErased(db: QueryCtx["db"], identityId: string): Promise<boolean> {
  const job = await findJob(db, identityId);
  return (job !== null && job.state !== "confirming") || (await hasTombstone(db, identityId));
}

async function hasTombstone(db: QueryCtx["db"], identityId: string): Promise<boolean> {
  const subject = await pseudonymOf(identityId);
  const tombstone = await db
    .query("identityTombstones")
    .withIndex("by_subject", (q) => q.eq("subject", subject))
    .first();
  return tombstone !== null;
}

function added(counts: Record<string, number>, more: Record<string, number>): Record<string, number> {
  const sums = Object.entries(more).map(([table, count]) => [table, (counts[table] ?? 0) + count] as const);
  return { ...counts, ...Object.fromEntries(sums) };
}

/** Writes the job and sets the fence. Null where the identity was erased before. */
async function openJob(
  ctx: MutationCtx,
  { identityId, origin }: { identityId: string; origin: Origin },
): Promise<Doc<"erasureJobs"> | null> {
  if (await hasTombstone(ctx.db, identityId)) return null;
  const user = await ctx.db
    .query("users")
    .withIndex("by_identity", (q) => q.eq("identityId", identityId))
    .unique();
  const nowMs = Date.now();
  const jobId = await ctx.db.insert("erasureJobs", {
    identityId,
    ownerId: user?._id,
    workspaceId: user?.workspaceId,
    origin,
    state: "confirming",
    before: user && user.state !== "erasing" ? user.state : undefined,
    identityGone: false,
    requestedAt: nowMs,
    beatAt: nowMs,
    chain: 0,
    attempts: 0,
    counts: {},
  });
  if (user) await ctx.db.patch("users", user._id, { state: "erasing" });
  return ctx.db.get("erasureJobs", jobId);
}
