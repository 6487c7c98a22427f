import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { vCount } from "../operator/counting.ts";

/*
 * [Note: Outbox for bytes]
 * A transaction cannot delete from the bucket. It notes the key in `objectDeletes` instead, together with removing the
 * last row that names it, and the drainer deletes in its own time. A row of the outbox goes only when the bucket has
 * confirmed that very key. Whatever else an answer is, an error, silence, or a list that leaves the key out, the row
 * stays and comes round again, ever more slowly but for as long as it takes. Deleting twice is harmless.
 */

/** Keys of one request to the bucket; S3 takes up to a thousand. */
const KEYS_PER_RUN = 500;
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 60 * 60_000;
/** Tries after which whoever runs the service must hear of it. */
export const LOUD_AFTER_ATTEMPTS = 10;

/** Rows that operators are told of. */
export const COUNTED_ROWS = 1_000;

/** What an outbox holds: how many rows, since when the oldest waits, and how many of them were tried often. */
export const vOutbox = v.object({
  waiting: vCount,
  oldestAskedAt: v.union(v.null(), v.number()),
  stuck: v.number(),
});

const vDue = v.object({ id: v.id("objectDeletes"), key: v.string(), uploadId: v.optional(v.string()) });

/**
 * Notes an object to be deleted, in the transaction that removes the last row that names it: from now on, or `afterMs`
 * later. An erasure that gives its `jobId` waits until the bucket has confirmed it.
 */
export async function noteDelete(
  ctx: Pick<MutationCtx, "db">,
  { afterMs = 0, ...object }: { key: string; uploadId?: string; jobId?: Id<"erasureJobs">; afterMs?: number },
): Promise<void> {
  const nowMs = Date.now();
  await ctx.db.insert("objectDeletes", { ...object, askedAt: nowMs, notBeforeAt: nowMs + afterMs, attempts: 0 });
}

/** Starts the drainer at once, for a transaction that has noted keys; the cron would a minute later. */
export async function drainSoon(ctx: Pick<MutationCtx, "scheduler">): Promise<void> {
  await ctx.scheduler.runAfter(0, internal.media.draining.drain, {});
}

/** Whether the outbox still holds something that an erasure waits for. */
export async function hasOpenDeletes(db: QueryCtx["db"], jobId: Id<"erasureJobs">): Promise<boolean> {
  const open = await db
    .query("objectDeletes")
    .withIndex("by_job", (q) => q.eq("jobId", jobId))
    .first();
  return open !== null;
}

/** How long a row rests after that many tries. Long enough for a try to end. */
export function pauseAfterMs(attempts: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
}

/** Starts the drainer where there is something to drain. Reads one empty index range otherwise. */
export const kick = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const due = await ctx.db
      .query("objectDeletes")
      .withIndex("by_due", (q) => q.lte("notBeforeAt", Date.now()))
      .first();
    if (due) await ctx.scheduler.runAfter(0, internal.media.draining.drain, {});
    return null;
  },
});

/** Takes rows that are due, so that no other drainer does until they have rested. */
export const lease = internalMutation({
  args: {},
  returns: v.array(vDue),
  handler: async (ctx) => {
    const nowMs = Date.now();
    const due = await ctx.db
      .query("objectDeletes")
      .withIndex("by_due", (q) => q.lte("notBeforeAt", nowMs))
      .take(KEYS_PER_RUN);
    for (const row of due) await rest(ctx, row, nowMs);
    return due.map(({ _id, key, uploadId }) => ({ id: _id, key, uploadId }));
  },
});

/**
 * Deletes the rows whose objects the bucket has confirmed to be gone; an erasure is left their keys, to look for them, and is
 * woken with the last.
 */
export const confirm = internalMutation({
  args: { ids: v.array(v.id("objectDeletes")) },
  returns: v.null(),
  handler: async (ctx, { ids }) => {
    const jobIds = new Set<Id<"erasureJobs">>();
    for (const id of ids) {
      const row = await ctx.db.get("objectDeletes", id);
      if (!row) continue;
      await ctx.db.delete("objectDeletes", id);
      if (!row.jobId) continue;
      await ctx.db.insert("deletedObjects", { jobId: row.jobId, key: row.key });
      jobIds.add(row.jobId);
    }
    for (const jobId of jobIds) {
      if (await hasOpenDeletes(ctx.db, jobId)) continue;
      await ctx.scheduler.runAfter(0, internal.erasure.ending.wake, { jobId });
    }
    return null;
  },
});

/** What the outbox holds, for operators. */
export const state = internalQuery({ args: {}, returns: vOutbox, handler: (ctx) => outboxState(ctx.db) });

/** As `state`. Counts no further than a thousand rows. */
export async function outboxState(db: QueryCtx["db"]): Promise<Infer<typeof vOutbox>> {
  return outboxOf(
    await db
      .query("objectDeletes")
      .withIndex("by_age")
      .take(COUNTED_ROWS + 1),
  );
}

/** What an outbox holds, from its oldest rows, of which there may be one more than are counted. Pure. */
export function outboxOf(oldest: Pick<Doc<"objectDeletes">, "askedAt" | "attempts">[]): Infer<typeof vOutbox> {
  const stuck = oldest.filter(({ attempts }) => attempts >= LOUD_AFTER_ATTEMPTS).length;
  const waiting = { count: Math.min(oldest.length, COUNTED_ROWS), isAtLeast: oldest.length > COUNTED_ROWS };
  return { waiting, oldestAskedAt: oldest[0]?.askedAt ?? null, stuck };
}

async function rest(ctx: MutationCtx, row: Doc<"objectDeletes">, nowMs: number): Promise<void> {
  const attempts = row.attempts + 1;
  await ctx.db.patch("objectDeletes", row._id, { attempts, notBeforeAt: nowMs + pauseAfterMs(attempts) });
  if (attempts < LOUD_AFTER_ATTEMPTS) return;
  console.error(`The bucket has not confirmed the deletion of ${row.key} after ${attempts - 1} tries`);
}
