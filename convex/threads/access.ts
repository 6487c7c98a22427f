import { isExpired } from "../../src/policy/retention.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { Vault } from "../encryption/vault.ts";
import { notFound } from "../lib/errors.ts";
import type { ViewerQueryCtx } from "../lib/functions.ts";

/** A thread with what seals its content. */
export interface OpenThread {
  thread: Doc<"threads">;
  seal: ThreadSeal;
}

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

/** As `loadOwnedThread`, with the thread's seal. */
export async function openOwnedThread(ctx: ViewerQueryCtx, threadId: string): Promise<OpenThread> {
  const thread = await loadOwnedThread(ctx, threadId);
  const seal = await new Vault(ctx.db).sealOf({ ownerId: thread.ownerId, threadId: thread._id });
  if (!seal) throw notFound("chat");
  return { thread, seal };
}

/** Whether reads may show a thread: it was neither deleted nor is it past its period. */
export function isReadable(thread: Doc<"threads">, nowMs: number): boolean {
  return (thread.state === "live" || thread.state === "temporary") && !isExpired(thread, nowMs);
}

/** Whether lists, searches and exports may have a thread, or what is in it: temporary ones are in none. */
export function isListed(thread: Doc<"threads">, nowMs: number): boolean {
  return thread.state === "live" && isReadable(thread, nowMs);
}
