import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { Vault } from "./encryption/vault.ts";
import { notFound } from "./lib/errors.ts";
import { viewerMutation, viewerQuery } from "./lib/functions.ts";
import { boundedPage } from "./lib/pages.ts";
import { loadOwnedThread } from "./threads/access.ts";
import { expiringThreads, pinnedThreads, recentThreads } from "./threads/listing.ts";
import { removeThread } from "./threads/removal.ts";
import { checkedTitle, sealTitle } from "./threads/titles.ts";
import { presentThreads, vThread } from "./threads/views.ts";

const views = { recent: recentThreads, pinned: pinnedThreads, expiring: expiringThreads };

/**
 * The caller's chats: `recent` has them all, the newest activity first; `pinned` those that are pinned; `expiring` those
 * to be deleted within a week, the next to go first. Chats past their period are in none.
 */
export const list = viewerQuery({
  args: {
    paginationOpts: paginationOptsValidator,
    view: v.union(v.literal("recent"), v.literal("pinned"), v.literal("expiring")),
  },
  returns: paginationResultValidator(vThread),
  handler: async (ctx, { paginationOpts, view }) => {
    const listing = { db: ctx.db, workspaceId: ctx.viewer.workspaceId, nowMs: Date.now() };
    const result = await views[view](listing).paginate(boundedPage(paginationOpts));
    return { ...result, page: await presentThreads(ctx, result.page) };
  },
});

/** One chat of the caller's. Throws `not_found`. */
export const get = viewerQuery({
  args: { threadId: v.string() },
  returns: vThread,
  handler: async (ctx, { threadId }) => {
    const [thread] = await presentThreads(ctx, [await loadOwnedThread(ctx, threadId)]);
    if (!thread) throw notFound("chat");
    return thread;
  },
});

/** Gives a chat another title. Throws `not_found` and `invalid`. */
export const rename = viewerMutation({
  args: { threadId: v.string(), title: v.string() },
  returns: v.null(),
  handler: async (ctx, { threadId, ...args }) => {
    const title = checkedTitle(args.title);
    const thread = await loadOwnedThread(ctx, threadId);
    const seal = await new Vault(ctx.db).sealOf({ ownerId: thread.ownerId, threadId: thread._id });
    if (!seal) throw notFound("chat");
    const rev = thread.titleRev + 1;
    await ctx.db.patch("threads", thread._id, { sealedTitle: await sealTitle(seal, { title, rev }), titleRev: rev });
    return null;
  },
});

/** Pins or unpins a chat. A pinned chat is kept; unpinning starts its period afresh. Throws `not_found`. */
export const setPinned = viewerMutation({
  args: { threadId: v.string(), pinned: v.boolean() },
  returns: v.null(),
  handler: async (ctx, { threadId, pinned }) => {
    const thread = await loadOwnedThread(ctx, threadId);
    if (thread.pinned === pinned) return null;
    const retentionClockAt = pinned ? thread.retentionClockAt : Date.now();
    await ctx.db.patch("threads", thread._id, { pinned, retentionClockAt });
    return null;
  },
});

/** Deletes a chat: unreadable at once, its rows removed in the background. Throws `not_found`. */
export const remove = viewerMutation({
  args: { threadId: v.string() },
  returns: v.null(),
  handler: async (ctx, { threadId }) => {
    await removeThread(ctx, await loadOwnedThread(ctx, threadId));
    return null;
  },
});
