import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { action } from "./_generated/server.js";
import { requireIdentity, viewerMutation, viewerQuery } from "./lib/functions.ts";
import { boundedPage } from "./lib/pages.ts";
import { loadOwnedMedium } from "./media/access.ts";
import { drainSoon } from "./media/deletes.ts";
import { removeMedium } from "./media/keeping.ts";
import { vObjectRole } from "./media/schema.ts";
import { ticketUrl } from "./media/tickets.ts";
import { presentMedia, vMedium } from "./media/views.ts";

/** Random bytes in a session, which every ticket's signature covers. */
const SESSION_SECRET_BYTES = 32;

/**
 * The caller's pictures, videos and files, the newest first: what is in chats and what was kept without one. Each comes
 * with the address of its thumbnail, good for some minutes, while the caller has a session: see `media:openSession`.
 */
export const library = viewerQuery({
  args: { paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vMedium),
  handler: async (ctx, { paginationOpts }) => {
    const { workspaceId } = ctx.viewer;
    const result = await ctx.db
      .query("media")
      .withIndex("by_time", (q) => q.eq("workspaceId", workspaceId).eq("state", "kept"))
      .order("desc")
      .paginate(boundedPage(paginationOpts));
    return { ...result, page: await presentMedia(ctx, result.page) };
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

/** Removes a medium of the caller's: unreadable at once, its bytes deleted in the background. Throws `not_found`. */
export const remove = viewerMutation({
  args: { mediaId: v.string() },
  returns: v.null(),
  handler: async (ctx, { mediaId }) => {
    const medium = await loadOwnedMedium(ctx, mediaId);
    await removeMedium(ctx, medium._id);
    await drainSoon(ctx);
    return null;
  },
});
