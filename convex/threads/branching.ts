import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { recordIdFor } from "../encryption/salts.ts";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { Vault } from "../encryption/vault.ts";
import { copyMedium } from "../media/moving.ts";
import { sealOfMedia } from "../media/seals.ts";
import { openText, sealText } from "../messages/texts.ts";
import { loadPath, TRUNK, walkBack } from "./paths.ts";

/** What one transaction copies: opening and sealing take about two milliseconds a message, of a second. */
const MESSAGES_PER_RUN = 64;
const BYTES_PER_RUN = 1024 * 1024;

/** What is left to copy: the messages of a path of one thread, from just before a depth, to another thread. */
interface Remaining {
  fromThreadId: Id<"threads">;
  branch: number;
  beforeDepth: number;
  toThreadId: Id<"threads">;
}

/**
 * Copies the newest messages of what remains and schedules the copying of the rest, so that a long chat opens at its end
 * at once and fills up backwards. Stops where either thread was deleted meanwhile.
 */
export async function copyMessages(ctx: MutationCtx, remaining: Remaining): Promise<void> {
  const { fromThreadId, toThreadId } = remaining;
  const from = await ctx.db.get("threads", fromThreadId);
  const to = await ctx.db.get("threads", toThreadId);
  const vault = new Vault(ctx.db);
  const opening = from && (await vault.sealOf({ ownerId: from.ownerId, threadId: from._id }));
  const sealing = to && (await vault.sealOf({ ownerId: to.ownerId, threadId: to._id }));
  if (!opening || !sealing) return;

  const page = await newestMessages(ctx, remaining);
  for (const message of page) await copyMessage(ctx, { message, to, vault, opening, sealing });
  const oldest = page.at(-1);
  if (!oldest || oldest.depth === 0) return;
  await ctx.scheduler.runAfter(0, internal.threads.branching.copyOlder, { ...remaining, beforeDepth: oldest.depth });
}

/** Goes on copying. */
export const copyOlder = internalMutation({
  args: {
    fromThreadId: v.id("threads"),
    branch: v.number(),
    beforeDepth: v.number(),
    toThreadId: v.id("threads"),
  },
  returns: v.null(),
  handler: async (ctx, remaining) => {
    await copyMessages(ctx, remaining);
    return null;
  },
});

async function newestMessages(ctx: MutationCtx, { fromThreadId, branch, beforeDepth }: Remaining) {
  const path = await loadPath(ctx.db, fromThreadId, branch);
  const page: Doc<"messages">[] = [];
  let bytes = 0;
  for await (const message of walkBack(ctx.db, { threadId: fromThreadId, path, beforeDepth })) {
    page.push(message);
    bytes += message.sealedText?.byteLength ?? 0;
    if (page.length === MESSAGES_PER_RUN || bytes >= BYTES_PER_RUN) break;
  }
  return page;
}

interface Copy {
  message: Doc<"messages">;
  to: Doc<"threads">;
  vault: Vault;
  opening: ThreadSeal;
  sealing: ThreadSeal;
}

/** Copies what a message says, sealed anew for its new place; alternatives stay behind. */
async function copyMessage(ctx: MutationCtx, { message, to, vault, opening, sealing }: Copy): Promise<void> {
  const recordId = await recordIdFor(to.ownerId, `copy:${to._id}`, String(message.depth));
  const { depth, role, state, model, error, usage, createdAt } = message;
  await ctx.db.insert("messages", {
    workspaceId: to.workspaceId,
    ownerId: to.ownerId,
    threadId: to._id,
    recordId,
    branch: TRUNK,
    depth,
    role,
    // A copy is not written on: whoever writes the original knows nothing of it.
    state: state === "streaming" ? "interrupted" : state,
    sealedText: await sealText(sealing, recordId, await openText(opening, message)),
    mediaIds: await copyMedia(ctx, { message, to, vault, sealing }),
    model,
    error,
    usage,
    createdAt,
  });
}

/** Gives the new thread media of its own, over the same bytes, so that they outlive those they were copied from. */
async function copyMedia(
  ctx: MutationCtx,
  { message, to, vault, sealing }: Omit<Copy, "opening">,
): Promise<Id<"media">[] | undefined> {
  const copies: Id<"media">[] = [];
  for (const mediaId of message.mediaIds ?? []) {
    const medium = await ctx.db.get("media", mediaId);
    // In the chat, or kept in the library meanwhile; what was removed stays so.
    const from = medium && (await sealOfMedia(vault, medium));
    if (!from) continue;
    const recordId = await recordIdFor(to.ownerId, `copy:${to._id}`, `media:${mediaId}`);
    copies.push(await copyMedium(ctx, medium, { thread: to, from, to: sealing, recordId }));
  }
  return copies.length > 0 ? copies : undefined;
}
