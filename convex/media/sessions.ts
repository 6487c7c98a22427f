import { v } from "convex/values";
import { MEDIA_SESSION_MS } from "../../src/policy/periods.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type QueryCtx } from "../_generated/server.js";
import { viewerInternalMutation } from "../lib/functions.ts";
import { TICKET_MS } from "./tickets.ts";

const SESSIONS_PER_RUN = 200;

/** Makes sure the caller has a session that outlives any ticket made now. `secret` is 32 bytes from an action. */
export const open = viewerInternalMutation({
  args: { secret: v.bytes() },
  returns: v.object({ expiresAt: v.number() }),
  handler: async (ctx, { secret }) => {
    const { userId: ownerId, workspaceId } = ctx.viewer;
    const nowMs = Date.now();
    const session = await findSession(ctx.db, ownerId, nowMs);
    if (session) return { expiresAt: session.expiresAt };
    const expiresAt = nowMs + MEDIA_SESSION_MS;
    await ctx.db.insert("mediaSessions", { workspaceId, ownerId, secret, expiresAt });
    return { expiresAt };
  },
});

/** Deletes sessions that are over. Reads one empty index range while there are none. */
export const sweep = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const over = await ctx.db
      .query("mediaSessions")
      .withIndex("by_expiry", (q) => q.lt("expiresAt", Date.now()))
      .take(SESSIONS_PER_RUN);
    for (const { _id } of over) await ctx.db.delete("mediaSessions", _id);
    return null;
  },
});

/** A person's newest session that outlives any ticket made now, or null. */
export async function findSession(
  db: QueryCtx["db"],
  ownerId: Id<"users">,
  nowMs: number,
): Promise<Doc<"mediaSessions"> | null> {
  return db
    .query("mediaSessions")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId).gt("expiresAt", nowMs + TICKET_MS))
    .order("desc")
    .first();
}
