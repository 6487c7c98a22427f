import { v } from "convex/values";
import { TEMPORARY_THREAD_MS, UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { isExpired } from "../../src/policy/retention.ts";
import { internal } from "../_generated/api.js";
import { internalMutation } from "../_generated/server.js";
import { isKept } from "../legalHolds/holding.ts";
import { firstPlace, vSweepPlace } from "../lib/sweeping.ts";
import { removeThread } from "./removal.ts";
import { vOpenState } from "./schema.ts";

/*
 * [Note: Retention sweep]
 * Chats carry no date of deletion: whether one is due follows from its clock and from the period that applies now. The
 * sweep reads them in the order of their clocks, so that those that are due come first and an idle run reads one index
 * range and no row. It waits longer than the period by what clocks may be wrong, while a chat is hidden and still there. It
 * begins the removal of a page of chats, which ends them for every reader and writer in that same transaction, and goes on
 * until none is due. A pin or a message that commits first takes its chat out of the range the sweep has read, so Convex
 * runs the sweep again; one that comes second finds the chat gone.
 */

/** Chats whose removal one transaction begins. Each costs a handful of writes, and the replies under way in it. */
const THREADS_PER_RUN = 16;

/** How long chats of either kind are kept that are not pinned. */
const PERIODS_MS = { live: UNPINNED_THREAD_MS, temporary: TEMPORARY_THREAD_MS } as const;

/** Begins the removal of the chats that are due, page by page. Called by the crons without a place. */
export const sweep = internalMutation({
  args: { state: v.optional(vOpenState), place: v.optional(vSweepPlace) },
  returns: v.null(),
  handler: async (ctx, { state = "live", place }): Promise<null> => {
    const nowMs = Date.now();
    const { beforeMs, cursor } = place ?? firstPlace(PERIODS_MS[state], nowMs);
    const { page, isDone, continueCursor } = await ctx.db
      .query("threads")
      .withIndex("by_expiry", (q) => q.eq("state", state).eq("pinned", false).lte("retentionClockAt", beforeMs))
      .paginate({ numItems: THREADS_PER_RUN, cursor });
    for (const thread of page) {
      const chat = { ownerId: thread.ownerId, threadId: thread._id };
      if (isExpired(thread, nowMs) && !(await isKept(ctx.db, chat))) await removeThread(ctx, thread, "period");
    }
    const next = { beforeMs, cursor: continueCursor };
    if (!isDone) await ctx.scheduler.runAfter(0, internal.threads.expiry.sweep, { state, place: next });
    return null;
  },
});
