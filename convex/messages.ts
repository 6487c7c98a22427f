import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import type { ChatModel } from "../src/shared/chatModels.ts";
import { DELTAS_PER_PAGE } from "../src/shared/limits.ts";
import { internal } from "./_generated/api.js";
import { action } from "./_generated/server.js";
import { Vault } from "./encryption/vault.ts";
import { notFound, refusal } from "./lib/errors.ts";
import { requireIdentity, viewerMutation, viewerQuery } from "./lib/functions.ts";
import { boundedPage } from "./lib/pages.ts";
import { requestName } from "./lib/requests.ts";
import { attach, attachedTokens, loadAttachable } from "./media/attaching.ts";
import { makeAnother, stopJob } from "./media/replies.ts";
import { loadMessageOf, loadOwnedMessage } from "./messages/access.ts";
import { endReply } from "./messages/endings.ts";
import { drawLease, loadGeneration } from "./messages/leases.ts";
import { checkedText, openPiece } from "./messages/texts.ts";
import {
  addTurn,
  findReply,
  findTurn,
  forkAt,
  joinFork,
  nextSpot,
  openOrCreateThread,
  startReply,
} from "./messages/turns.ts";
import { presentMessages, vMessage } from "./messages/views.ts";
import { chooseChatModel, sameChatModel } from "./models/catalogue.ts";
import { loadOwnedThread, openOwnedThread } from "./threads/access.ts";
import { isOnPath, loadPath, messagesBeside, messagesOf } from "./threads/paths.ts";

const vTurnIds = v.object({ threadId: v.id("threads"), messageId: v.id("messages"), replyId: v.id("messages") });

/**
 * The messages of a chat on the branch that is shown, newest first. With `beside`, those on one side of a message of the
 * chat, from it outwards: `earlier` gives the message itself and what came before it, newest first, and `later` what came
 * after it, oldest first. A page may hold fewer than were asked for. The text of a reply is empty while it is streaming:
 * `messages:deltas` has it. Throws `not_found`.
 */
export const list = viewerQuery({
  args: {
    threadId: v.string(),
    paginationOpts: paginationOptsValidator,
    beside: v.optional(v.object({ messageId: v.string(), side: v.union(v.literal("earlier"), v.literal("later")) })),
  },
  returns: paginationResultValidator(vMessage),
  handler: async (ctx, { threadId, paginationOpts, beside }) => {
    const thread = await loadOwnedThread(ctx, threadId);
    const path = await loadPath(ctx.db, thread._id, thread.branch);
    const messages = beside
      ? messagesBeside(ctx.db, await loadMessageOf(ctx, thread._id, beside.messageId), beside.side)
      : messagesOf(ctx.db, thread._id);
    const result = await messages.paginate(boundedPage(paginationOpts));
    const shown = result.page.filter((message) => isOnPath(path, message));
    return { ...result, page: await presentMessages(ctx, shown) };
  },
});

/**
 * Stores a message with an empty reply to it, in a new chat where no `threadId` is given. The sending tab then calls
 * `messages:generate`; a scheduled action does if no tab has within three seconds. `attachmentIds` are media of the
 * caller's, which come to be the chat's. A new chat that is `temporary` is in no list and no search, and is deleted after
 * a day; whoever leaves it is to delete it before. The same `requestId` again gives the same result and changes nothing. Throws
 * `invalid`, also for files that the model cannot read, `not_found`, `limit_exceeded`, `insufficient_credits` and
 * `restricted`.
 */
export const send = viewerMutation({
  args: {
    threadId: v.optional(v.string()),
    requestId: v.string(),
    text: v.string(),
    attachmentIds: v.optional(v.array(v.string())),
    model: v.optional(v.string()),
    temporary: v.optional(v.boolean()),
  },
  returns: vTurnIds,
  handler: async (ctx, { threadId, requestId, attachmentIds = [], temporary, ...args }) => {
    const text = checkedText(args.text);
    const request = requestName(requestId);
    const made = await findTurn(ctx, request);
    if (made) return made;
    const model = chooseChatModel(args.model);
    const media = await loadAttachable(ctx, attachmentIds, model);
    const nowMs = Date.now();
    const open = await openOrCreateThread(ctx, { threadId, text, request, nowMs, temporary });
    const mediaIds = await attach(ctx, open, { media, request });
    const { spot, contextTokens } = await nextSpot(ctx, open.thread);
    const turn = { text, mediaIds, spot, contextTokens: contextTokens + attachedTokens(media), request, model, nowMs };
    return addTurn(ctx, open, turn);
  },
});

/**
 * Claims a reply and produces it; ends when the reply does, even if the tab that called it is closed. A second caller
 * gets `{ claimed: false }` at once. Throws `not_found`.
 */
export const generate = action({
  args: { replyId: v.string() },
  returns: v.object({ claimed: v.boolean() }),
  handler: async (ctx, { replyId }): Promise<{ claimed: boolean }> => {
    const { subject: identityId } = await requireIdentity(ctx);
    const lease = drawLease();
    const claimed = await ctx.runMutation(internal.messages.leases.claim, { replyId, lease, identityId });
    if (!claimed) return { claimed: false };
    // The AI SDK is heavy, and this file's queries would pay for it: so the one action that needs it loads it. Calling
    // another action instead would take a second of the few that run at once, and many replies could wait for each other.
    const { produceReply } = await import("./messages/generation.ts");
    await produceReply(ctx, { replyId: claimed, lease });
    return { claimed: true };
  },
});

/**
 * One page of a reply in progress: sixteen pieces, in order. A page that is full never changes again. Once the reply has
 * ended, `done` is true and its text is in `messages:list`. Throws `not_found` and `invalid`.
 */
export const deltas = viewerQuery({
  args: { replyId: v.string(), page: v.number() },
  returns: v.object({ deltas: v.array(v.object({ seq: v.number(), text: v.string() })), done: v.boolean() }),
  handler: async (ctx, { replyId, page }) => {
    if (!Number.isSafeInteger(page) || page < 0) throw refusal("invalid", "Pages are counted from 0.");
    const reply = await loadOwnedMessage(ctx, replyId);
    if (reply.state !== "streaming") return { deltas: [], done: true };
    const rows = await ctx.db
      .query("deltas")
      .withIndex("by_reply", (q) =>
        q
          .eq("r", reply.recordId)
          .gte("n", page * DELTAS_PER_PAGE)
          .lt("n", (page + 1) * DELTAS_PER_PAGE),
      )
      .collect();
    const seal = await new Vault(ctx.db).sealOf(reply);
    if (!seal) throw notFound("message");
    return { deltas: await Promise.all(rows.map((row) => openPiece(seal, row))), done: false };
  },
});

/** Ends a reply with the text so far. Does nothing to a reply that has ended. Throws `not_found` and `invalid`. */
export const stop = viewerMutation({
  args: { messageId: v.string() },
  returns: v.null(),
  handler: async (ctx, { messageId }) => {
    const reply = await loadOwnedMessage(ctx, messageId);
    if (reply.role !== "assistant") throw refusal("invalid", "Only a reply can be stopped.");
    const generation = await loadGeneration(ctx, reply._id);
    if (generation) await endReply(ctx, generation, { state: "stopped" });
    if (reply.jobId) await stopJob(ctx, reply.jobId);
    return null;
  },
});

/**
 * Starts another reply beside the given one and shows it; the earlier one stays and can be selected. Throws
 * `not_found`, `invalid`, `limit_exceeded`, `insufficient_credits` and `restricted`.
 */
export const regenerate = viewerMutation({
  args: { messageId: v.string(), model: v.optional(v.string()), requestId: v.optional(v.string()) },
  returns: v.object({ threadId: v.id("threads"), replyId: v.id("messages") }),
  handler: async (ctx, { messageId, requestId, ...args }) => {
    const earlier = await loadOwnedMessage(ctx, messageId);
    if (earlier.role !== "assistant") throw refusal("invalid", "Only a reply can be regenerated.");
    const made = requestId === undefined ? null : await findReply(ctx, requestName(requestId));
    if (made) return { threadId: made.threadId, replyId: made._id };
    const open = await openOwnedThread(ctx, earlier.threadId);
    const fork = await forkAt(ctx, earlier, requestId);
    const turn = { ...fork, nowMs: Date.now() };
    const replyId = earlier.jobId
      ? await makeAnother(ctx, open, { jobId: earlier.jobId, model: args.model, ...turn })
      : await startReply(ctx, open.thread, { ...turn, model: anotherModel(args.model, earlier.model) });
    await joinFork(ctx, fork.spot.forkId, replyId);
    return { threadId: open.thread._id, replyId };
  },
});

/**
 * Says something else in place of a message of the caller's, with a reply to it, and shows that; what was said before
 * stays and can be selected. Throws `not_found`, `invalid`,
 * `limit_exceeded`, `insufficient_credits` and `restricted`.
 */
export const edit = viewerMutation({
  args: {
    messageId: v.string(),
    text: v.string(),
    model: v.optional(v.string()),
    requestId: v.optional(v.string()),
  },
  returns: vTurnIds,
  handler: async (ctx, { messageId, requestId, ...args }) => {
    const text = checkedText(args.text);
    const earlier = await loadOwnedMessage(ctx, messageId);
    if (earlier.role !== "user") throw refusal("invalid", "Only your own messages can be edited.");
    const made = requestId === undefined ? null : await findTurn(ctx, requestName(requestId));
    if (made) return made;
    const model = chooseChatModel(args.model);
    const open = await openOwnedThread(ctx, earlier.threadId);
    const fork = await forkAt(ctx, earlier, requestId);
    const { mediaIds } = earlier;
    const ids = await addTurn(ctx, open, { text, mediaIds, ...fork, model, nowMs: Date.now() });
    await joinFork(ctx, fork.spot.forkId, ids.messageId);
    return ids;
  },
});

/** Shows the branch an alternative is on. Throws `not_found`. */
export const select = viewerMutation({
  args: { messageId: v.string() },
  returns: v.null(),
  handler: async (ctx, { messageId }) => {
    const { threadId, branch } = await loadOwnedMessage(ctx, messageId);
    const thread = await loadOwnedThread(ctx, threadId);
    if (thread.branch !== branch) await ctx.db.patch("threads", thread._id, { branch });
    return null;
  },
});

/** The model that is asked for, or the one that wrote the earlier reply while the catalogue has it. */
function anotherModel(asked: string | undefined, earlier: string | undefined): ChatModel {
  return asked === undefined ? sameChatModel(earlier) : chooseChatModel(asked);
}
