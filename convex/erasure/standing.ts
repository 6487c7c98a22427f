import { type Infer, v } from "convex/values";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { findJob } from "./beginning.ts";
import { pseudonymOf } from "./pseudonyms.ts";
import { vErasureState, vOrigin, vRetained } from "./schema.ts";

/** The erasure of a whole account: under way, or over and proven. */
export const vOwnErasure = v.union(
  v.object({
    state: vErasureState,
    requestedAt: v.number(),
    /** Since when nothing of the account can be read; null before. */
    unreadableAt: v.union(v.number(), v.null()),
    /** Rows deleted so far. */
    removed: v.number(),
  }),
  v.object({
    state: v.literal("erased"),
    seq: v.number(),
    origin: vOrigin,
    requestedAt: v.number(),
    unreadableAt: v.number(),
    completedAt: v.number(),
    /** Rows deleted, by table. */
    counts: v.record(v.string(), v.number()),
    retained: v.array(vRetained),
    backupsUntilAt: v.number(),
    mac: v.string(),
  }),
);

/** What has become of an identity's account that was to be erased; null where nothing was. */
export async function erasureOf(db: QueryCtx["db"], identityId: string): Promise<Infer<typeof vOwnErasure> | null> {
  const job = await findJob(db, identityId);
  if (job) return underWay(job);
  const subject = await pseudonymOf(identityId);
  const receipt = await db
    .query("erasureReceipts")
    .withIndex("by_subject", (q) => q.eq("subject", subject))
    .first();
  return receipt && over(receipt);
}

function underWay(job: Doc<"erasureJobs">) {
  const { state, requestedAt, shreddedAt: unreadableAt = null, counts } = job;
  const removed = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { state, requestedAt, unreadableAt, removed };
}

function over(receipt: Doc<"erasureReceipts">) {
  const {
    seq,
    origin,
    requestedAt,
    shreddedAt: unreadableAt,
    completedAt,
    counts,
    retained,
    backupsUntilAt,
    mac,
  } = receipt;
  const times = { requestedAt, unreadableAt, completedAt, backupsUntilAt };
  return { state: "erased" as const, seq, origin, ...times, counts, retained, mac };
}
