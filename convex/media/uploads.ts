import { v } from "convex/values";
import { LOOSE_UPLOAD_MS } from "../../src/policy/periods.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { rateFactorOf } from "../billing/months.ts";
import { isKept } from "../legalHolds/holding.ts";
import { refusal } from "../lib/errors.ts";
import { requireLive, viewerInternalMutation } from "../lib/functions.ts";
import { spendRate } from "../lib/rateLimits.ts";
import { firstPlace, vSweepPlace } from "../lib/sweeping.ts";
import { receiptFor } from "../privacy/proofs.ts";
import { drainSoon } from "./deletes.ts";
import { keepMedium, removeMedium } from "./keeping.ts";
import { reserveKey, vStoredObject } from "./reservations.ts";
import { vSealMaterial } from "./seals.ts";

const LOOSE_PER_RUN = 50;

/**
 * Reserves a bucket key for a file the caller uploads, and gives what seals it. Throws `closing`, `restricted` and
 * `limit_exceeded`.
 */
export const begin = viewerInternalMutation({
  args: { key: v.string() },
  returns: v.object({ ownerId: v.id("users"), material: vSealMaterial }),
  handler: async (ctx, { key }) => {
    const { userId: ownerId, user, workspaceId } = ctx.viewer;
    requireLive(user);
    const factor = await rateFactorOf(ctx.db, user.identityId);
    await spendRate(ctx, "upload", { key: user.identityId, nowMs: Date.now(), factor });
    const material = await reserveKey(ctx, { ownerId, workspaceId }, key);
    if (!material) throw refusal("closing", "This account is being closed.");
    return { ownerId, material };
  },
});

/** Makes a stored file a medium of the caller's, to be taken up by a message within a day. Throws `closing`. */
export const finish = viewerInternalMutation({
  args: {
    recordId: v.string(),
    stored: vStoredObject,
    sealedName: v.optional(v.bytes()),
    width: v.optional(v.number()),
    height: v.optional(v.number()),
  },
  returns: v.union(v.null(), v.id("media")),
  handler: async (ctx, medium): Promise<Id<"media"> | null> => {
    const { userId: ownerId, workspaceId } = ctx.viewer;
    return keepMedium(ctx, { ...medium, home: { ownerId, workspaceId }, origin: "upload", state: "loose" });
  },
});

/** Removes uploads that no message took up, page by page. Reads one empty index range while there are none. */
export const sweepLoose = internalMutation({
  args: { place: v.optional(vSweepPlace) },
  returns: v.null(),
  handler: async (ctx, { place }): Promise<null> => {
    const { beforeMs, cursor } = place ?? firstPlace(LOOSE_UPLOAD_MS, Date.now());
    const { page, isDone, continueCursor } = await ctx.db
      .query("media")
      .withIndex("by_state", (q) => q.eq("state", "loose").lt("createdAt", beforeMs))
      .paginate({ numItems: LOOSE_PER_RUN, cursor });
    for (const medium of page) if (!(await isKept(ctx.db, { ownerId: medium.ownerId }))) await removeLoose(ctx, medium);
    if (page.length > 0) await drainSoon(ctx);
    const next = { beforeMs, cursor: continueCursor };
    if (!isDone) await ctx.scheduler.runAfter(0, internal.media.uploads.sweepLoose, { place: next });
    return null;
  },
});

async function removeLoose(ctx: MutationCtx, { _id, ownerId }: Doc<"media">): Promise<void> {
  await removeMedium(ctx, _id);
  const gone = { what: "file", why: "period", unreadableAt: Date.now(), messages: 0, files: 1 } as const;
  await receiptFor(ctx, ownerId, gone);
}
