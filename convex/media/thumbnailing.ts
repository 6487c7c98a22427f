import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx } from "../_generated/server.js";
import { drainSoon, noteDelete } from "./deletes.ts";
import { grantFor, vGrant } from "./grants.ts";
import { addObject } from "./keeping.ts";
import { takeReservation, vMediaHome, vStoredObject } from "./reservations.ts";

/** How old a thumbnail that is due must be for another try: longer than making one takes. */
const RETRY_AFTER_MS = 3 * 60_000;
/** After that long it is given up. */
const GIVE_UP_AFTER_MS = 24 * 60 * 60_000;
const RETRIES_PER_RUN = 20;

/** What a thumbnail is made of and where it goes; null where none is due or the medium's keys are gone. */
export const source = internalQuery({
  args: { mediaId: v.id("media") },
  returns: v.union(v.null(), v.object({ grant: vGrant, home: v.object(vMediaHome) })),
  handler: async (ctx, { mediaId }) => {
    const medium = await ctx.db.get("media", mediaId);
    const grant = medium?.thumbnail === "due" ? await grantFor(ctx, medium, "original") : null;
    if (!medium || !grant) return null;
    const { ownerId, workspaceId, threadId } = medium;
    return { grant, home: { ownerId, workspaceId, threadId } };
  },
});

/**
 * Adds a stored thumbnail to its medium, once. Its key was sealed for the home the medium had when it was made: where it
 * has gone or moved meanwhile, the bytes are given up, and the next run makes another.
 */
export const keep = internalMutation({
  args: {
    mediaId: v.id("media"),
    stored: vStoredObject,
    home: v.object(vMediaHome),
    width: v.number(),
    height: v.number(),
  },
  returns: v.null(),
  handler: async (ctx, { mediaId, stored, home, width, height }) => {
    if (!(await takeReservation(ctx, stored.key))) return null;
    const medium = await ctx.db.get("media", mediaId);
    if (medium?.thumbnail !== "due" || medium.threadId !== home.threadId) {
      await noteDelete(ctx, { key: stored.key });
      await drainSoon(ctx);
      return null;
    }
    const { ownerId, workspaceId } = medium;
    await addObject(ctx, { ownerId, workspaceId, mediaId, role: "thumbnail" }, stored);
    await ctx.db.patch("media", mediaId, { thumbnail: "made", width, height });
    return null;
  },
});

/** Notes that a medium cannot be pictured. */
export const giveUp = internalMutation({
  args: { mediaId: v.id("media") },
  returns: v.null(),
  handler: async (ctx, { mediaId }) => {
    const medium = await ctx.db.get("media", mediaId);
    if (medium?.thumbnail === "due") await ctx.db.patch("media", mediaId, { thumbnail: "none" });
    return null;
  },
});

/** Starts thumbnails over whose making was cut off. Reads one empty index range while there are none. */
export const retryDue = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const nowMs = Date.now();
    const due = await ctx.db
      .query("media")
      .withIndex("by_thumbnail", (q) => q.eq("thumbnail", "due").lt("createdAt", nowMs - RETRY_AFTER_MS))
      .take(RETRIES_PER_RUN);
    for (const medium of due) await retry(ctx, medium, nowMs);
    return null;
  },
});

async function retry(ctx: MutationCtx, { _id, createdAt }: Doc<"media">, nowMs: number): Promise<void> {
  if (nowMs - createdAt > GIVE_UP_AFTER_MS) await ctx.db.patch("media", _id, { thumbnail: "none" });
  else await ctx.scheduler.runAfter(0, internal.media.thumbnails.make, { mediaId: _id });
}
