import { isExpired } from "../../src/policy/retention.ts";
import type { Doc } from "../_generated/dataModel.js";
import { notFound } from "../lib/errors.ts";
import type { ViewerQueryCtx } from "../lib/functions.ts";

/**
 * The viewer's thread of that id. Throws `not_found` for anything else: malformed ids, ids of other tables, other
 * people's threads, and threads that were deleted or are past their period.
 */
export async function loadOwnedThread(ctx: ViewerQueryCtx, threadId: string): Promise<Doc<"threads">> {
  const id = ctx.db.normalizeId("threads", threadId);
  const thread = id && (await ctx.db.get("threads", id));
  if (!thread || !isReadable(thread, Date.now())) throw notFound("chat");
  return thread;
}

/** Whether reads may show a thread: it was neither deleted nor is it past its period. */
export function isReadable(thread: Doc<"threads">, nowMs: number): boolean {
  return thread.state === "live" && !isExpired(thread, nowMs);
}
