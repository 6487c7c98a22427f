import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { loadThreadKey } from "../encryption/vault.ts";
import { enterDeletion } from "../erasure/ledger.ts";
import { isChatHeld } from "../legalHolds/holding.ts";
import { drainSoon } from "../media/deletes.ts";
import { removeJobs } from "../media/endings.ts";
import { removeMedium } from "../media/keeping.ts";
import { dropReply } from "../messages/endings.ts";
import { type Deletion, receiptFor, vDeletion } from "../privacy/proofs.ts";

/**
 * What one transaction deletes at most, a quarter of Convex's limits: a page may exceed its bytes by one row, of up to a
 * MiB, and every row counts twice, as found and as deleted.
 */
const ROWS_PER_RUN = 64;
const BYTES_PER_RUN = 1024 * 1024;

/** How long a removal waits before it looks again whether what is left of its thread is still held. */
const HELD_PAUSE_MS = 60 * 60_000;

/**
 * Begins the removal of a thread: from this transaction on it is hidden, its content is unreadable, because its key is
 * deleted, and replies under way have lost their lease. Its rows follow in bounded steps. Leaves a thread alone that is
 * held: see [Note: Legal holds].
 */
export async function removeThread(
  ctx: MutationCtx,
  thread: Doc<"threads">,
  why: Deletion["why"] = "person",
): Promise<void> {
  if (await isChatHeld(ctx.db, { ownerId: thread.ownerId, threadId: thread._id })) return;
  await endThread(ctx, thread, { why, unreadableAt: Date.now() });
}

/** As `removeThread`, also for a thread that came to be held after it was removed: its rows wait for the hold. */
export async function endThread(
  ctx: MutationCtx,
  { _id: threadId, ownerId }: Doc<"threads">,
  begun: Pick<Deletion, "why" | "unreadableAt">,
): Promise<void> {
  await ctx.db.patch("threads", threadId, { state: "erasing", parked: undefined });
  const key = await loadThreadKey(ctx.db, threadId);
  if (key) await ctx.db.delete("threadKeys", key._id);
  // What a period ends, it ends again in a database that was brought back.
  if (begun.why === "person") await enterDeletion(ctx, "chat", threadId);
  // As many as a plan lets be written at once.
  const generations = ctx.db.query("generations").withIndex("by_thread", (q) => q.eq("threadId", threadId));
  for await (const generation of generations) await dropReply(ctx, generation);
  const deletion = { what: "chat" as const, ...begun, messages: 0, files: 0 };
  await ctx.scheduler.runAfter(0, internal.threads.removal.removeRows, { threadId, ownerId, deletion });
}

/**
 * Deletes the next rows of a thread that is being removed, children before parents, and schedules itself until none are
 * left; then the thread itself, with a receipt for its owner. Run twice or late, it does what is left to do and no more.
 * Reads nothing but what it deletes: nobody schedules it but the transaction that began the removal, which cannot be
 * undone. What is left of a thread that was held meanwhile waits until the hold is lifted.
 */
export const removeRows = internalMutation({
  args: { threadId: v.id("threads"), ownerId: v.id("users"), deletion: vDeletion },
  returns: v.null(),
  handler: async (ctx, { threadId, ownerId, deletion }) => {
    const next = internal.threads.removal.removeRows;
    if (await isChatHeld(ctx.db, { ownerId, threadId })) {
      await ctx.scheduler.runAfter(HELD_PAUSE_MS, next, { threadId, ownerId, deletion });
      return null;
    }
    const areJobsGone = await removeJobs(ctx, threadId);
    const media = areJobsGone ? await removeMedia(ctx, threadId) : NOTHING_YET;
    const messages = media.isDone ? await removeMessages(ctx, threadId) : NOTHING_YET;
    const grown = {
      ...deletion,
      files: deletion.files + media.rows,
      messages: deletion.messages + messages.rows,
    };
    if (messages.isDone) await removeLast(ctx, threadId, grown);
    else await ctx.scheduler.runAfter(0, next, { threadId, ownerId, deletion: grown });
    return null;
  },
});

/** What one step has deleted of a kind, and whether that was the last of it. */
interface Step {
  rows: number;
  isDone: boolean;
}

const NOTHING_YET: Step = { rows: 0, isDone: false };

/** Deletes what is left once the messages are gone. Nothing where an erasure was faster. */
async function removeLast(ctx: MutationCtx, threadId: Id<"threads">, deletion: Deletion): Promise<void> {
  await removeForks(ctx, threadId);
  const thread = await ctx.db.get("threads", threadId);
  if (!thread) return;
  await ctx.db.delete("threads", threadId);
  await receiptFor(ctx, thread.ownerId, deletion);
}

/** Deletes a page of media, whose bytes go to the outbox in the same transaction. */
async function removeMedia(ctx: MutationCtx, threadId: Id<"threads">): Promise<Step> {
  const media = await ctx.db
    .query("media")
    .withIndex("by_thread", (q) => q.eq("threadId", threadId))
    .take(ROWS_PER_RUN);
  for (const { _id } of media) await removeMedium(ctx, _id);
  if (media.length > 0) await drainSoon(ctx);
  return { rows: media.length, isDone: media.length < ROWS_PER_RUN };
}

/** Deletes a page of messages with what hangs on them. */
async function removeMessages(ctx: MutationCtx, threadId: Id<"threads">): Promise<Step> {
  const { page, isDone } = await ctx.db
    .query("messages")
    .withIndex("by_path", (q) => q.eq("threadId", threadId))
    .paginate({ numItems: ROWS_PER_RUN, cursor: null, maximumBytesRead: BYTES_PER_RUN });
  for (const message of page) {
    if (message.state === "streaming") await removeDeltas(ctx, message);
    await ctx.db.delete("messages", message._id);
  }
  return { rows: page.length, isDone };
}

/** Pieces of one reply: at most some hundreds, since a reply's length and time are bounded. */
async function removeDeltas(ctx: MutationCtx, { recordId }: Doc<"messages">): Promise<void> {
  const deltas = ctx.db.query("deltas").withIndex("by_reply", (q) => q.eq("r", recordId));
  for await (const delta of deltas) await ctx.db.delete("deltas", delta._id);
}

/** Deletes the rows that shape the tree: no more than the branches a thread may have, twice. */
async function removeForks(ctx: MutationCtx, threadId: Id<"threads">): Promise<void> {
  const forks = ctx.db.query("forks").withIndex("by_thread", (q) => q.eq("threadId", threadId));
  for await (const fork of forks) await ctx.db.delete("forks", fork._id);
  const branches = ctx.db.query("branches").withIndex("by_thread", (q) => q.eq("threadId", threadId));
  for await (const branch of branches) await ctx.db.delete("branches", branch._id);
}
