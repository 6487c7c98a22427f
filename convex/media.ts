import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { action } from "./_generated/server.js";
import { enterDeletion } from "./erasure/ledger.ts";
import { refuseHeld } from "./legalHolds/holding.ts";
import { notFound, refusal } from "./lib/errors.ts";
import { requireIdentity, viewerMutation, viewerQuery } from "./lib/functions.ts";
import { boundedPage } from "./lib/pages.ts";
import { requestName } from "./lib/requests.ts";
import { loadOwnedMedium } from "./media/access.ts";
import { drainSoon } from "./media/deletes.ts";
import { cancelJob } from "./media/endings.ts";
import { removeMedium } from "./media/keeping.ts";
import { moveToLibrary } from "./media/moving.ts";
import { addJob, findJob, loadOwnedJob, presentJobs, retryJob, vJob } from "./media/orders.ts";
import { checkedPrompt } from "./media/prompts.ts";
import { addJobTurn } from "./media/replies.ts";
import { vMadeKind, vMediaKind, vMediaOptions, vObjectRole } from "./media/schema.ts";
import { nextState } from "./media/states.ts";
import { ticketUrl } from "./media/tickets.ts";
import { presentMedia, vMedium } from "./media/views.ts";
import { openOrCreateThread } from "./messages/turns.ts";
import { chooseMediaModel } from "./models/mediaCatalogue.ts";
import { receiptFor } from "./privacy/proofs.ts";

/** Random bytes in a session, which every ticket's signature covers. */
const SESSION_SECRET_BYTES = 32;

/**
 * The caller's pictures, videos and files, the newest first: what is in chats and what was kept without one. Each comes
 * with the address of its thumbnail, good for some minutes, while the caller has a session: see `media:openSession`. With
 * `kind` only media of that kind.
 */
export const library = viewerQuery({
  args: { paginationOpts: paginationOptsValidator, kind: v.optional(vMediaKind) },
  returns: paginationResultValidator(vMedium),
  handler: async (ctx, { paginationOpts, kind }) => {
    const { workspaceId } = ctx.viewer;
    const media = ctx.db.query("media");
    const kept = kind
      ? media.withIndex("by_kind", (q) => q.eq("workspaceId", workspaceId).eq("state", "kept").eq("kind", kind))
      : media.withIndex("by_time", (q) => q.eq("workspaceId", workspaceId).eq("state", "kept"));
    const result = await kept.order("desc").paginate(boundedPage(paginationOpts));
    return { ...result, page: await presentMedia(ctx, result.page) };
  },
});

/** One of the caller's media, as the library lists it. Throws `not_found`. */
export const medium = viewerQuery({
  args: { mediaId: v.string() },
  returns: vMedium,
  handler: async (ctx, { mediaId }) => {
    const [presented] = await presentMedia(ctx, [await loadOwnedMedium(ctx, mediaId)]);
    if (!presented) throw notFound("file");
    return presented;
  },
});

/**
 * Makes sure that the caller has a session, which addresses of media are bound to; `expiresAt` says until when. Call it
 * before `media:library`, and again when it is over.
 */
export const openSession = action({
  args: {},
  returns: v.object({ expiresAt: v.number() }),
  handler: async (ctx): Promise<{ expiresAt: number }> => {
    await requireIdentity(ctx);
    const secret = crypto.getRandomValues(new Uint8Array(SESSION_SECRET_BYTES)).buffer;
    return ctx.runMutation(internal.media.sessions.open, { secret });
  },
});

/**
 * The address of one of the caller's media, or of its thumbnail, which elements of a page can load without a token. Good
 * until `expiresAt`, at most ten minutes, and void at once where the person, the chat or the medium goes. Throws
 * `not_found`.
 */
export const ticket = action({
  args: { mediaId: v.string(), variant: v.optional(vObjectRole) },
  returns: v.object({ url: v.string(), expiresAt: v.number() }),
  handler: async (ctx, { mediaId, variant = "original" }): Promise<{ url: string; expiresAt: number }> => {
    await requireIdentity(ctx);
    const secret = crypto.getRandomValues(new Uint8Array(SESSION_SECRET_BYTES)).buffer;
    await ctx.runMutation(internal.media.sessions.open, { secret });
    const subject = { mediaId, role: variant };
    const made = await ctx.runQuery(internal.media.access.makeOwnTicket, subject);
    return { url: ticketUrl(process.env.CONVEX_SITE_URL ?? "", subject, made), expiresAt: made.expiresAt };
  },
});

/**
 * Keeps a medium of the caller's in the library, with what is known of its making: it outlives the chat it is in, where it
 * is still shown, and stays until it is removed. Doing it again changes nothing. Throws `not_found`, and `restricted` where
 * the law wants it kept where it is.
 */
export const keep = viewerMutation({
  args: { mediaId: v.string() },
  returns: v.null(),
  handler: async (ctx, { mediaId }) => {
    const medium = await loadOwnedMedium(ctx, mediaId);
    await refuseHeld(ctx, medium);
    await moveToLibrary(ctx, medium);
    return null;
  },
});

/**
 * Removes a medium of the caller's: unreadable at once, its bytes deleted in the background. Throws `not_found`, and
 * `restricted` where the law wants it kept.
 */
export const remove = viewerMutation({
  args: { mediaId: v.string() },
  returns: v.null(),
  handler: async (ctx, { mediaId }) => {
    const medium = await loadOwnedMedium(ctx, mediaId);
    await refuseHeld(ctx, medium);
    await removeMedium(ctx, medium._id);
    const gone = { what: "file", why: "person", unreadableAt: Date.now(), messages: 0, files: 1 } as const;
    await receiptFor(ctx, medium.ownerId, gone);
    await enterDeletion(ctx, "file", medium._id);
    await drainSoon(ctx);
    return null;
  },
});

/**
 * Orders a picture or a video, into a chat where `threadId` names one or `newThread` asks for one, and otherwise into
 * the library. The same `requestId` again gives the same job and costs nothing more. Throws `invalid`, `not_found`,
 * `insufficient_credits`, `limit_exceeded` and `unavailable`.
 */
export const request = viewerMutation({
  args: {
    requestId: v.string(),
    kind: vMadeKind,
    prompt: v.string(),
    model: v.optional(v.string()),
    options: v.optional(vMediaOptions),
    threadId: v.optional(v.string()),
    newThread: v.optional(v.boolean()),
  },
  returns: v.object({ jobId: v.id("mediaJobs"), threadId: v.optional(v.id("threads")) }),
  handler: async (ctx, { requestId, kind, options = {}, threadId, newThread = false, ...args }) => {
    const prompt = checkedPrompt(args.prompt);
    const request = requestName(requestId);
    const known = await findJob(ctx, request);
    if (known) return { jobId: known._id, threadId: known.threadId };
    const nowMs = Date.now();
    const wanted = { request, model: chooseMediaModel(kind, args.model), prompt, options, nowMs };
    if (threadId === undefined && !newThread) return { jobId: (await addJob(ctx, null, wanted))._id };
    const open = await openOrCreateThread(ctx, { threadId, text: prompt, request, nowMs });
    if (open.thread.state === "temporary") throw refusal("invalid", "A temporary chat makes no pictures and videos.");
    return { jobId: await addJobTurn(ctx, open, wanted), threadId: open.thread._id };
  },
});

/**
 * The caller's jobs, the newest first, with the thumbnails of what was made as `media:library` has them. A page may hold
 * fewer than were asked for.
 */
export const jobs = viewerQuery({
  args: { paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vJob),
  handler: async (ctx, { paginationOpts }) => {
    const { workspaceId } = ctx.viewer;
    const result = await ctx.db
      .query("mediaJobs")
      .withIndex("by_time", (q) => q.eq("workspaceId", workspaceId))
      .order("desc")
      .paginate(boundedPage(paginationOpts));
    return { ...result, page: await presentJobs(ctx, result.page) };
  },
});

/** One of the caller's jobs. Throws `not_found`. */
export const job = viewerQuery({
  args: { jobId: v.string() },
  returns: vJob,
  handler: async (ctx, { jobId }) => {
    const [presented] = await presentJobs(ctx, [await loadOwnedJob(ctx, jobId)]);
    if (!presented) throw notFound("job");
    return presented;
  },
});

/**
 * How many jobs will begin before one of the caller's that waits, counted up to 50; null for one that does not wait. A
 * query of its own, so that a line which moves shows nobody their jobs anew. Throws `not_found`.
 */
export const place = viewerQuery({
  args: { jobId: v.string() },
  returns: v.union(v.null(), v.number()),
  handler: async (ctx, { jobId }): Promise<number | null> => {
    const { _id } = await loadOwnedJob(ctx, jobId);
    return ctx.runQuery(internal.media.making.countAhead, { jobId: _id });
  },
});

/** Ends a job, also at its provider; it costs nothing. Does nothing to one that has ended. Throws `not_found`. */
export const cancel = viewerMutation({
  args: { jobId: v.string() },
  returns: v.null(),
  handler: async (ctx, { jobId }) => {
    const job = await loadOwnedJob(ctx, jobId);
    if (nextState(job.state, "cancel")) await cancelJob(ctx, job);
    return null;
  },
});

/** Tries a job again that failed or was cancelled. Throws `not_found`, `conflict`, and as `media:request` does. */
export const retry = viewerMutation({
  args: { jobId: v.string() },
  returns: v.null(),
  handler: async (ctx, { jobId }) => {
    const job = await loadOwnedJob(ctx, jobId);
    if (!nextState(job.state, "retry")) throw refusal("conflict", "This job has not failed.");
    await retryJob(ctx, job, Date.now());
    return null;
  },
});
