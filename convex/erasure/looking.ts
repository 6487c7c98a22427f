import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalAction, internalMutation, internalQuery, type MutationCtx } from "../_generated/server.js";
import { hasObject, readBucketSettings } from "../media/bucket.ts";
import { drainSoon, noteDelete } from "../media/deletes.ts";
import { loadDraining, pauseAfterMs, vJob } from "./ending.ts";

/*
 * The look for the objects of an erasure, by another question than the one that deleted them: the bucket has confirmed
 * each of them to be gone, and is now asked for each of them. Page by page: a key that was looked for is forgotten in the
 * transaction that asks for the next page, so that a look that died goes on where it was.
 */

const KEYS_PER_LOOK = 100;
const AT_ONCE = 6;

const vLooked = v.object({ id: v.id("deletedObjects"), key: v.string() });

/** Asks the bucket for the next page of the objects it said were gone; later, where it does not answer. */
export const look = internalAction({
  args: { ...vJob, looks: v.number() },
  returns: v.null(),
  handler: async (ctx, { looks, ...held }): Promise<null> => {
    const looked = await ctx.runQuery(internal.erasure.looking.page, held);
    try {
      const there = await findObjects(looked);
      await ctx.runMutation(internal.erasure.looking.looked, { ...held, looks, looked, there });
    } catch (error) {
      console.error(error);
      const again = { ...held, looks: looks + 1 };
      await ctx.scheduler.runAfter(pauseAfterMs(looks), internal.erasure.ending.settle, again);
    }
    return null;
  },
});

/** The next objects that are to be looked for. */
export const page = internalQuery({
  args: vJob,
  returns: v.array(vLooked),
  handler: async (ctx, { jobId }) => {
    const rows = await ctx.db
      .query("deletedObjects")
      .withIndex("by_job", (q) => q.eq("jobId", jobId))
      .take(KEYS_PER_LOOK);
    return rows.map(({ _id: id, key }) => ({ id, key }));
  },
});

/** Forgets what was looked for, and has what is still there deleted once more. Once nothing is left, the job can end. */
export const looked = internalMutation({
  args: { ...vJob, looks: v.number(), looked: v.array(vLooked), there: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, { looks, looked, there, ...held }) => {
    const job = await loadDraining(ctx, held);
    if (!job) return null;
    for (const { id } of looked) if (await ctx.db.get("deletedObjects", id)) await ctx.db.delete("deletedObjects", id);
    await ctx.db.patch("erasureJobs", job._id, { beatAt: Date.now() });
    if (there.length > 0) {
      await deleteAgain(ctx, job, there);
      const again = { ...held, looks: looks + 1 };
      await ctx.scheduler.runAfter(pauseAfterMs(looks), internal.erasure.ending.settle, again);
    } else if (looked.length > 0) {
      await ctx.scheduler.runAfter(0, internal.erasure.looking.look, { ...held, looks });
    } else {
      await ctx.scheduler.runAfter(0, internal.erasure.ending.finish, held);
    }
    return null;
  },
});

async function deleteAgain(ctx: MutationCtx, { _id: jobId }: Doc<"erasureJobs">, keys: string[]): Promise<void> {
  console.error(`The bucket still has ${keys.length} objects of erasure ${jobId} that it said were gone`);
  for (const key of keys) await noteDelete(ctx, { key, jobId });
  await drainSoon(ctx);
}

/** Which of these keys the bucket still has an object of. A deployment without a bucket has no keys to ask for. */
async function findObjects(looked: { key: string }[]): Promise<string[]> {
  const there: string[] = [];
  for (let at = 0; at < looked.length; at += AT_ONCE) {
    const keys = looked.slice(at, at + AT_ONCE).map(({ key }) => key);
    const isThere = await Promise.all(keys.map((key) => hasObject(readBucketSettings(), key)));
    there.push(...keys.filter((_, index) => isThere[index]));
  }
  return there;
}
