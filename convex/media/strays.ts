import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { countUpTo, vCount } from "../operator/counting.ts";
import { drainSoon, noteDelete } from "./deletes.ts";
import { countMissing } from "./missing.ts";

/*
 * [Note: Strays]
 * Every object of the bucket is named by a row: a reservation, an object, a piece of an export, or the outbox. One that
 * is not has been left behind by something that should not happen, such as a database restored from a backup. A pass
 * over the bucket marks it, and only a later pass that meets the mark notes it in the outbox, so that nothing dies of
 * one wrong look. A pass that would condemn very many stops and says so: then it is the database that is wrong, and not
 * the bucket.
 */

/** Most strays one look may condemn. */
const MOST_CONDEMNED = 50;
const MARKS_PER_RUN = 500;
/** Rows that operators are told of. */
const COUNTED_ROWS = 1_000;

/** Begins a pass over the bucket, and one over a seventh of the objects' rows. */
export const beginPass = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    // A deployment without a bucket has nothing to compare.
    if (!process.env.R2_BUCKET) return null;
    const passStartedAt = Date.now();
    await ctx.scheduler.runAfter(0, internal.media.sweeping.sweepPage, { passStartedAt });
    await ctx.scheduler.runAfter(0, internal.media.missing.checkPage, { night: nightOf(passStartedAt) });
    return null;
  },
});

/** Looks up keys the bucket has listed; marks those that no row names, and condemns those an earlier pass has marked. */
export const look = internalMutation({
  args: { keys: v.array(v.string()), passStartedAt: v.number() },
  returns: v.null(),
  handler: async (ctx, { keys, passStartedAt }) => {
    const strays = await unnamed(ctx, keys);
    const marks = await Promise.all(strays.map((key) => loadMark(ctx, key)));
    const isCondemned = (index: number) => (marks[index]?.seenAt ?? passStartedAt) < passStartedAt;
    const condemned = strays.filter((_, index) => isCondemned(index));
    if (condemned.length > MOST_CONDEMNED) {
      console.error(
        `${condemned.length} of ${keys.length} objects have no row: nothing is deleted, look at the database`,
      );
      return null;
    }
    for (const [index, key] of strays.entries()) {
      const mark = marks[index];
      if (!mark) await ctx.db.insert("strayObjects", { key, seenAt: passStartedAt });
      else if (isCondemned(index)) await condemn(ctx, mark);
    }
    if (condemned.length > 0) await drainSoon(ctx);
    return null;
  },
});

/** Forgets marks of earlier passes that this one has not met: their objects are gone or named again. */
export const endPass = internalMutation({
  args: { passStartedAt: v.number() },
  returns: v.null(),
  handler: async (ctx, { passStartedAt }) => {
    const old = await ctx.db
      .query("strayObjects")
      .withIndex("by_time", (q) => q.lt("seenAt", passStartedAt))
      .take(MARKS_PER_RUN);
    for (const { _id } of old) await ctx.db.delete("strayObjects", _id);
    return null;
  },
});

/** What bucket and database do not agree about, for operators: files marked as strays, and rows whose file is missing. */
export const state = internalQuery({
  args: {},
  returns: v.object({ marked: vCount, missing: vCount }),
  handler: async (ctx) => ({
    marked: await countUpTo(ctx.db.query("strayObjects").withIndex("by_time"), COUNTED_ROWS),
    missing: await countMissing(ctx.db, COUNTED_ROWS),
  }),
});

/** Whether bytes may be on their way to a key. */
export const isReserved = internalQuery({
  args: { key: v.string() },
  returns: v.boolean(),
  handler: async (ctx, { key }) => hasRow(ctx, "uploads", key),
});

/** Counts nights, so that each checks another seventh of the rows. */
function nightOf(nowMs: number): number {
  return Math.floor(nowMs / (24 * 60 * 60 * 1000)) % 7;
}

async function unnamed(ctx: QueryCtx, keys: string[]): Promise<string[]> {
  const isNamed = await Promise.all(
    keys.map(async (key) => {
      for (const table of ["objects", "uploads", "exportPieces", "objectDeletes"] as const) {
        if (await hasRow(ctx, table, key)) return true;
      }
      return false;
    }),
  );
  return keys.filter((_, index) => !isNamed[index]);
}

type Naming = "objects" | "uploads" | "exportPieces" | "objectDeletes";

async function hasRow(ctx: QueryCtx, table: Naming, key: string): Promise<boolean> {
  const row = await ctx.db
    .query(table)
    .withIndex("by_key", (q) => q.eq("key", key))
    .first();
  return row !== null;
}

function loadMark(ctx: QueryCtx, key: string) {
  return ctx.db
    .query("strayObjects")
    .withIndex("by_key", (q) => q.eq("key", key))
    .first();
}

async function condemn(ctx: MutationCtx, { _id, key }: NonNullable<Awaited<ReturnType<typeof loadMark>>>) {
  await ctx.db.delete("strayObjects", _id);
  await noteDelete(ctx, { key });
}
