import type { PaginationResult } from "convex/server";
import { deletesAt, EXPIRY_NOTICE_MS, isExpired } from "../../src/policy/retention.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

/*
 * [Note: Pages and the time of day]
 * A cursor belongs to one query, the values in its ranges and filters included. A query that names the present moment
 * would refuse its own cursors a millisecond later. So a list is selected by index alone, and what has expired is left
 * out of a page after it was read: a page may hold fewer chats than were asked for.
 */

/** The ways to list chats. */
export type ThreadView = "recent" | "pinned" | "expiring";

/** The chats among which those of a view are, in its order. */
export function threadsFor(db: QueryCtx["db"], workspaceId: Id<"workspaces">, view: ThreadView) {
  const threads = db.query("threads");
  switch (view) {
    case "recent":
      return threads
        .withIndex("by_activity", (q) => q.eq("workspaceId", workspaceId).eq("state", "live"))
        .order("desc");
    case "pinned":
      return threads
        .withIndex("by_pin", (q) => q.eq("workspaceId", workspaceId).eq("state", "live").eq("pinned", true))
        .order("desc");
    case "expiring":
      return threads
        .withIndex("by_retention", (q) => q.eq("workspaceId", workspaceId).eq("state", "live").eq("pinned", false))
        .order("asc");
  }
}

/** What of a page belongs in a view now. Those that expire are the first of their order, so one that does not ends it. */
export function shownAt(
  nowMs: number,
  view: ThreadView,
  result: PaginationResult<Doc<"threads">>,
): PaginationResult<Doc<"threads">> {
  const kept = result.page.filter((thread) => !isExpired(thread, nowMs));
  if (view !== "expiring") return { ...result, page: kept };
  const expiring = kept.filter((thread) => (deletesAt(thread) ?? Infinity) <= nowMs + EXPIRY_NOTICE_MS);
  return { ...result, page: expiring, isDone: result.isDone || expiring.length < kept.length };
}
