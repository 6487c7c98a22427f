import { EXPIRY_NOTICE_MS, UNPINNED_THREAD_MS } from "../../src/policy/retention.ts";
import type { Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

interface Listing {
  db: QueryCtx["db"];
  workspaceId: Id<"workspaces">;
  nowMs: number;
}

/** Every chat that is kept, the one with the newest message first. */
export function recentThreads({ db, workspaceId, nowMs }: Listing) {
  return db
    .query("threads")
    .withIndex("by_activity", (q) => q.eq("workspaceId", workspaceId).eq("state", "live"))
    .order("desc")
    .filter((q) => q.or(q.eq(q.field("pinned"), true), q.gt(q.field("retentionClockAt"), nowMs - UNPINNED_THREAD_MS)));
}

/** Pinned chats, the one with the newest message first. */
export function pinnedThreads({ db, workspaceId }: Listing) {
  return db
    .query("threads")
    .withIndex("by_pin", (q) => q.eq("workspaceId", workspaceId).eq("state", "live").eq("pinned", true))
    .order("desc");
}

/** Chats that will be deleted within the notice period, the next to go first. */
export function expiringThreads({ db, workspaceId, nowMs }: Listing) {
  const expiredBeforeMs = nowMs - UNPINNED_THREAD_MS;
  return db
    .query("threads")
    .withIndex("by_retention", (q) =>
      q
        .eq("workspaceId", workspaceId)
        .eq("state", "live")
        .eq("pinned", false)
        .gt("retentionClockAt", expiredBeforeMs)
        .lte("retentionClockAt", expiredBeforeMs + EXPIRY_NOTICE_MS),
    )
    .order("asc");
}
