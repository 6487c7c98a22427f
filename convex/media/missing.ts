import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import { internalAction, internalMutation, internalQuery, type QueryCtx } from "../_generated/server.js";
import { type Count, countUpTo } from "../operator/counting.ts";
import { hasObject, readBucketSettings } from "./bucket.ts";

/*
 * The sweep in the other direction: rows whose object the bucket has lost. That is never repaired by deleting, since the
 * bucket may be wrong for an hour; the row is flagged, and whoever runs the service is told.
 */

const ROWS_PER_PAGE = 100;
const AT_ONCE = 6;

/** The characters of bucket keys in their order, cut into seven: one part is checked a night. */
const CHARACTERS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const NIGHTS = 7;

const vRow = v.object({ id: v.id("objects"), key: v.string(), isFlagged: v.boolean() });

/** Asks the bucket for a page of a night's objects, and schedules the next. Trouble with the bucket ends the night. */
export const checkPage = internalAction({
  args: { night: v.number(), after: v.optional(v.string()) },
  returns: v.null(),
  handler: async (ctx, { night, after }): Promise<null> => {
    const rows = await ctx.runQuery(internal.media.missing.page, { night, after });
    const settings = readBucketSettings();
    for (let at = 0; at < rows.length; at += AT_ONCE) {
      const some = rows.slice(at, at + AT_ONCE);
      const isThere = await Promise.all(some.map(({ key }) => hasObject(settings, key)));
      const changed = some.filter(({ isFlagged }, index) => isFlagged === isThere[index]);
      if (changed.length > 0) await ctx.runMutation(internal.media.missing.flag, { rows: changed });
    }
    const last = rows.at(-1)?.key;
    if (rows.length === ROWS_PER_PAGE && last) {
      await ctx.scheduler.runAfter(0, internal.media.missing.checkPage, { night, after: last });
    }
    return null;
  },
});

/** A page of the objects that a night checks, by key. */
export const page = internalQuery({
  args: { night: v.number(), after: v.optional(v.string()) },
  returns: v.array(vRow),
  handler: async (ctx, { night, after }) => {
    const start = boundOf(night);
    const end = boundOf(night + 1);
    const rows = await ctx.db
      .query("objects")
      .withIndex("by_key", (q) => {
        const from = after === undefined ? q.gte("key", start) : q.gt("key", after);
        return night === NIGHTS - 1 ? from : from.lt("key", end);
      })
      .take(ROWS_PER_PAGE);
    return rows.map(({ _id, key, missingSinceAt }) => ({ id: _id, key, isFlagged: missingSinceAt !== undefined }));
  },
});

/** Flags rows whose object is missing, and takes the flag from those whose object is back. */
export const flag = internalMutation({
  args: { rows: v.array(vRow) },
  returns: v.null(),
  handler: async (ctx, { rows }) => {
    for (const { id, key, isFlagged } of rows) {
      if (!(await ctx.db.get("objects", id))) continue;
      await ctx.db.patch("objects", id, { missingSinceAt: isFlagged ? undefined : Date.now() });
      if (!isFlagged) console.error(`The bucket has lost the object ${key}`);
    }
    return null;
  },
});

/** How many of the flagged objects there are. */
export function countMissing(db: QueryCtx["db"], most: number): Promise<Count> {
  return countUpTo(
    db.query("objects").withIndex("by_missing", (q) => q.gt("missingSinceAt", 0)),
    most,
  );
}

/** Where a night's keys begin. */
function boundOf(night: number): string {
  return CHARACTERS[Math.floor((night * CHARACTERS.length) / NIGHTS)] ?? "";
}
