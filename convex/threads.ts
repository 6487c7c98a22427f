import { type FunctionReturnType, paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { startedAnew } from "../src/policy/retention.ts";
import { internal } from "./_generated/api.js";
import { action } from "./_generated/server.js";
import { enterPin } from "./erasure/ledger.ts";
import { refuseHeld } from "./legalHolds/holding.ts";
import { notFound, refusal } from "./lib/errors.ts";
import { requireIdentity, viewerMutation, viewerQuery } from "./lib/functions.ts";
import { boundedPage } from "./lib/pages.ts";
import { spendRate } from "./lib/rateLimits.ts";
import { requestName } from "./lib/requests.ts";
import { loadMessageOf } from "./messages/access.ts";
import { loadOwnedThread, openOwnedThread } from "./threads/access.ts";
import { copyMessages } from "./threads/branching.ts";
import { createThread, findThreadByRequest } from "./threads/creation.ts";
import { shownAt, threadsFor } from "./threads/listing.ts";
import { removeThread } from "./threads/removal.ts";
import { checkedSearch, decodePlace, encodePlace, type Hit, vHit } from "./threads/searching.ts";
import { checkedTitle, openTitle, sealTitle } from "./threads/titles.ts";
import { checkedUndoKey, parkThread, unparkThread } from "./threads/undoing.ts";
import { presentThreads, vThread } from "./threads/views.ts";

/** What one call of a search does at most: steps taken, and hits after which no further step is taken. */
const SEARCH_STEPS = 6;
const SEARCH_HITS = 20;
type SearchStep = FunctionReturnType<typeof internal.threads.searching.step>;

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
    const threads = threadsFor(ctx.db, ctx.viewer.workspaceId, view);
    const result = shownAt(Date.now(), view, await threads.paginate(boundedPage(paginationOpts)));
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

/** Gives a chat another title. Throws `not_found`, `invalid`, and `restricted` where the law wants it kept as it is. */
export const rename = viewerMutation({
  args: { threadId: v.string(), title: v.string() },
  returns: v.null(),
  handler: async (ctx, { threadId, ...args }) => {
    const title = checkedTitle(args.title);
    const { thread, seal } = await openOwnedThread(ctx, threadId);
    await refuseHeld(ctx, { ownerId: thread.ownerId, threadId: thread._id });
    const rev = thread.titleRev + 1;
    await ctx.db.patch("threads", thread._id, { sealedTitle: await sealTitle(seal, { title, rev }), titleRev: rev });
    return null;
  },
});

/**
 * Pins or unpins a chat. A pinned chat is kept; unpinning starts its period afresh. Throws `not_found`, and `invalid` for
 * a temporary chat.
 */
export const setPinned = viewerMutation({
  args: { threadId: v.string(), pinned: v.boolean() },
  returns: v.null(),
  handler: async (ctx, { threadId, pinned }) => {
    const thread = await loadOwnedThread(ctx, threadId);
    if (thread.state === "temporary") throw refusal("invalid", "A temporary chat cannot be pinned.");
    if (thread.pinned === pinned) return null;
    const retentionClockAt = pinned ? thread.retentionClockAt : startedAnew(thread, Date.now());
    await ctx.db.patch("threads", thread._id, { pinned, retentionClockAt });
    await enterPin(ctx, thread._id, { pinned, retentionClockAt });
    return null;
  },
});

/**
 * Deletes a chat: unreadable at once, its rows removed in the background. With an `undoKey`, 32 to 64 characters that the
 * caller drew by chance for this one removal, whoever has that key can bring it back for half a minute. Throws `not_found`,
 * and `restricted` where the law wants it kept.
 */
export const remove = viewerMutation({
  args: { threadId: v.string(), undoKey: v.optional(v.string()) },
  returns: v.null(),
  handler: async (ctx, { threadId, undoKey }) => {
    const thread = await loadOwnedThread(ctx, threadId);
    await refuseHeld(ctx, { ownerId: thread.ownerId, threadId: thread._id });
    if (undoKey === undefined) await removeThread(ctx, thread);
    else await parkThread(ctx, thread, checkedUndoKey(undoKey));
    return null;
  },
});

/** Brings back a chat that was deleted with this key within the last half minute. Throws `not_found`. */
export const restore = viewerMutation({
  args: { threadId: v.string(), undoKey: v.string() },
  returns: v.null(),
  handler: async (ctx, { threadId, undoKey }) => {
    await unparkThread(ctx, threadId, undoKey);
    return null;
  },
});

/**
 * Makes a chat of its own from one of the caller's, with what was said up to and including a message. The same
 * `requestId` again gives the same chat. Throws `not_found`, `limit_exceeded`, `conflict` while that message is being
 * written, and `invalid` for a temporary chat, of which nothing is to last.
 */
export const branch = viewerMutation({
  args: { threadId: v.string(), messageId: v.string(), requestId: v.optional(v.string()) },
  returns: v.object({ threadId: v.id("threads") }),
  handler: async (ctx, { threadId, messageId, requestId }) => {
    const source = await openOwnedThread(ctx, threadId);
    if (source.thread.state === "temporary") throw refusal("invalid", "A temporary chat cannot be branched.");
    const message = await loadMessageOf(ctx, source.thread._id, messageId);
    if (message.state === "streaming") throw refusal("conflict", "This reply is still being written.");
    const nowMs = Date.now();
    const request = requestId ? requestName(requestId) : `branch:${messageId}:${nowMs}`;
    const made = await findThreadByRequest(ctx, request);
    if (made) return { threadId: made };
    await spendRate(ctx, "heavy", { key: ctx.viewer.user.identityId, nowMs });
    const title = await openTitle(source.seal, source.thread);
    const { thread } = await createThread(ctx, { title, request, nowMs });
    await copyMessages(ctx, {
      fromThreadId: source.thread._id,
      branch: message.branch,
      beforeDepth: message.depth + 1,
      toThreadId: thread._id,
    });
    return { threadId: thread._id };
  },
});

/**
 * Searches the caller's titles and messages, newest first. Each call opens a bounded amount, `searched` messages, and may
 * find nothing in it: the search is over when `cursor` is null. Throws `invalid` and `limit_exceeded`.
 */
export const search = action({
  args: { query: v.string(), cursor: v.optional(v.union(v.string(), v.null())) },
  returns: v.object({ hits: v.array(vHit), searched: v.number(), cursor: v.union(v.string(), v.null()) }),
  handler: async (ctx, { query, cursor }): Promise<{ hits: Hit[]; searched: number; cursor: string | null }> => {
    const { subject } = await requireIdentity(ctx);
    const needle = checkedSearch(query);
    await spendRate(ctx, "search", { key: subject, nowMs: Date.now() });
    const hits: Hit[] = [];
    let searched = 0;
    let place: ReturnType<typeof decodePlace> | null = decodePlace(cursor ?? null);
    for (let steps = 0; place && steps < SEARCH_STEPS && hits.length < SEARCH_HITS; steps++) {
      const found: SearchStep = await ctx.runQuery(internal.threads.searching.step, { needle, place });
      hits.push(...found.hits);
      searched += found.searched;
      place = found.next;
    }
    return { hits, searched, cursor: place && encodePlace(place) };
  },
});
