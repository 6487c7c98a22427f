import { v } from "convex/values";
import type { Doc } from "../_generated/dataModel.js";
import { readKeyring } from "../encryption/vault.ts";
import { notFound } from "../lib/errors.ts";
import { type ViewerQueryCtx, viewerInternalQuery } from "../lib/functions.ts";
import { isReadable } from "../threads/access.ts";
import { vObjectRole } from "./schema.ts";
import { findSession } from "./sessions.ts";
import { makeTicket } from "./tickets.ts";

/**
 * The viewer's medium of that id. Throws `not_found` for anything else, as `loadOwnedThread` does, and for media of chats
 * that were deleted or are past their period.
 */
export async function loadOwnedMedium(ctx: ViewerQueryCtx, mediaId: string): Promise<Doc<"media">> {
  const id = ctx.db.normalizeId("media", mediaId);
  const medium = id && (await ctx.db.get("media", id));
  const thread = medium?.threadId && (await ctx.db.get("threads", medium.threadId));
  if (!medium || !isShownIn(medium, thread, Date.now())) throw notFound("file");
  return medium;
}

/** Whether reads may show a medium: it is in no chat, or in one that is shown. Pure. */
export function isShownIn(
  { threadId }: Pick<Doc<"media">, "threadId">,
  thread: Doc<"threads"> | null | undefined,
  nowMs: number,
): boolean {
  return threadId === undefined || (!!thread && isReadable(thread, nowMs));
}

/** A ticket to a medium of the caller's, who has a session. Throws `not_found`. */
export const makeOwnTicket = viewerInternalQuery({
  args: { mediaId: v.string(), role: vObjectRole },
  returns: v.object({ sessionId: v.string(), expiresAt: v.number(), signature: v.string() }),
  handler: async (ctx, { mediaId, role }) => {
    const medium = await loadOwnedMedium(ctx, mediaId);
    if (role === "thumbnail" && medium.thumbnail !== "made") throw notFound("file");
    const nowMs = Date.now();
    const session = await findSession(ctx.db, ctx.viewer.userId, nowMs);
    if (!session) throw notFound("file");
    return makeTicket(readKeyring(), session, { mediaId: medium._id, role }, nowMs);
  },
});
