import { v } from "convex/values";
import { UNDO_MS } from "../../src/policy/periods.ts";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { fetchSalt, parkSalt } from "../encryption/parking.ts";
import { loadThreadKey } from "../encryption/vault.ts";
import { notFound, refusal } from "../lib/errors.ts";
import type { ViewerMutationCtx } from "../lib/functions.ts";
import { endReply } from "../messages/endings.ts";
import { endThread } from "./removal.ts";

/** A key has at least so many characters: 128 random bits, in hexadecimal digits. */
const UNDO_KEY_CHARACTERS = 32;

/** The key of a removal as a client drew it. Throws `invalid` for one that could be guessed by its length. */
export function checkedUndoKey(undoKey: string): string {
  if (undoKey.length >= UNDO_KEY_CHARACTERS && undoKey.length <= 2 * UNDO_KEY_CHARACTERS) return undoKey;
  throw refusal("invalid", "The key of a removal has 32 to 64 characters.");
}

/**
 * Hides a thread and makes it unreadable in this transaction, so that only `undoKey` brings it back: see [Note: Undoing a
 * removal]. Replies under way are stopped. After `UNDO_MS` it is deleted like any other.
 */
export async function parkThread(ctx: MutationCtx, thread: Doc<"threads">, undoKey: string): Promise<void> {
  const { _id: threadId, state } = thread;
  const key = await loadThreadKey(ctx.db, threadId);
  if (!key || (state !== "live" && state !== "temporary")) throw notFound("chat");
  // As many as a plan lets be written at once.
  const generations = ctx.db.query("generations").withIndex("by_thread", (q) => q.eq("threadId", threadId));
  for await (const generation of generations) await endReply(ctx, generation, { state: "stopped" });
  const removedAt = Date.now();
  const sealedSalt = await parkSalt({ undoKey, threadId }, key.salt);
  const parked = { recordId: key.recordId, sealedSalt, from: state, removedAt };
  await ctx.db.delete("threadKeys", key._id);
  await ctx.db.patch("threads", threadId, { state: "removed", parked });
  await ctx.scheduler.runAfter(UNDO_MS, internal.threads.undoing.finish, { threadId, removedAt });
}

/** Brings a thread back that was removed with this key. Throws `not_found` for anything else, and once it is too late. */
export async function unparkThread(ctx: ViewerMutationCtx, threadId: string, undoKey: string): Promise<void> {
  const id = ctx.db.normalizeId("threads", threadId);
  const thread = id && (await ctx.db.get("threads", id));
  if (!thread?.parked || thread.state !== "removed") throw notFound("chat");
  const { recordId, sealedSalt, from, removedAt } = thread.parked;
  // Whatever was to delete it by now may be late.
  if (Date.now() >= removedAt + UNDO_MS) throw notFound("chat");
  const salt = await fetchSalt({ undoKey, threadId: thread._id }, sealedSalt);
  if (!salt) throw notFound("chat");
  const { workspaceId } = thread;
  await ctx.db.insert("threadKeys", { workspaceId, threadId: thread._id, recordId, salt });
  await ctx.db.patch("threads", thread._id, { state: from, parked: undefined });
}

/** Deletes a thread whose time to be brought back is over. Leaves one alone that was brought back, or removed anew. */
export const finish = internalMutation({
  args: { threadId: v.id("threads"), removedAt: v.number() },
  returns: v.null(),
  handler: async (ctx, { threadId, removedAt }) => {
    const thread = await ctx.db.get("threads", threadId);
    if (thread?.state !== "removed" || thread.parked?.removedAt !== removedAt) return null;
    await endThread(ctx, thread, { why: "person", unreadableAt: removedAt });
    return null;
  },
});
