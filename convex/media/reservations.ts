import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { loadThreadKey } from "../encryption/vault.ts";
import { drainSoon, noteDelete } from "./deletes.ts";
import { storedObjectFields } from "./schema.ts";
import { loadSealMaterial, type MediaHome, vSealMaterial } from "./seals.ts";

/*
 * [Note: Reservations]
 * Bytes never reach the bucket before the database knows their key. An action reserves a key, stores the bytes under it,
 * and has it made an object in the transaction that also writes what the object is for. Whatever happens in between,
 * either a reservation or an object names the key; a reservation that is a day old goes to the outbox. Each of these
 * transactions reads the fences, so nothing is stored for an account or a chat that is ending.
 */

/** How old a reservation may be. Longer than anything takes to store. */
const RESERVED_MS = 24 * 60 * 60 * 1000;
const RESERVATIONS_PER_RUN = 100;
/** After this, no action that began to store bytes still runs: Convex ends them after ten minutes. */
const LATE_BYTES_MS = 15 * 60 * 1000;

export const vMediaHome = {
  ownerId: v.id("users"),
  workspaceId: v.id("workspaces"),
  threadId: v.optional(v.id("threads")),
};

/** An object whose bytes are in the bucket and whose key is still reserved. */
export const vStoredObject = v.object(storedObjectFields);

export type StoredObject = Infer<typeof vStoredObject>;

/**
 * Reserves a bucket key for a medium of that home, and gives what its seal is made of. Null where the account or the
 * chat is ending: nothing is to be stored.
 */
export const reserve = internalMutation({
  args: { ...vMediaHome, key: v.string() },
  returns: v.union(v.null(), vSealMaterial),
  handler: async (ctx, { key, ...home }) => reserveKey(ctx, home, key),
});

/** Notes the bucket's id of an upload in parts, so that its parts are found if it is abandoned. */
export const noteParts = internalMutation({
  args: { key: v.string(), uploadId: v.string() },
  returns: v.null(),
  handler: async (ctx, { key, uploadId }) => {
    const reservation = await loadReservation(ctx, key);
    if (reservation) await ctx.db.patch("uploads", reservation._id, { uploadId });
    return null;
  },
});

/** Gives up a reserved key, with whatever was stored under it. */
export const abandon = internalMutation({
  args: { key: v.string() },
  returns: v.null(),
  handler: async (ctx, { key }) => {
    const reservation = await loadReservation(ctx, key);
    if (!reservation) return null;
    await dropLateReservation(ctx, reservation);
    await drainSoon(ctx);
    return null;
  },
});

/** Gives up reservations that nobody finished. Reads one empty index range while there are none. */
export const sweep = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const abandoned = await ctx.db
      .query("uploads")
      .withIndex("by_time", (q) => q.lt("reservedAt", Date.now() - RESERVED_MS))
      .take(RESERVATIONS_PER_RUN);
    for (const reservation of abandoned) await dropReservation(ctx, reservation);
    if (abandoned.length > 0) await drainSoon(ctx);
    if (abandoned.length === RESERVATIONS_PER_RUN) {
      await ctx.scheduler.runAfter(0, internal.media.reservations.sweep, {});
    }
    return null;
  },
});

/** As `reserve`, for mutations that know more about the caller. */
export async function reserveKey(
  ctx: MutationCtx,
  home: MediaHome,
  key: string,
): Promise<Infer<typeof vSealMaterial> | null> {
  const material = (await isOpen(ctx, home)) ? await loadSealMaterial(ctx.db, home) : null;
  if (material) await ctx.db.insert("uploads", { ...home, key, reservedAt: Date.now() });
  return material;
}

/** Whether something may be stored there: the account is live, and the chat, where there is one, has its key. */
export async function isOpen(ctx: MutationCtx, { ownerId, threadId }: MediaHome): Promise<boolean> {
  const owner = await ctx.db.get("users", ownerId);
  if (owner?.state !== "live") return false;
  return threadId === undefined || (await loadThreadKey(ctx.db, threadId)) !== null;
}

/**
 * Takes a key out of its reservation, for the caller to make it an object's in the same transaction. False where the
 * reservation is gone: its bytes are or will be deleted, and nothing may name them.
 */
export async function takeReservation(ctx: MutationCtx, key: string): Promise<boolean> {
  const reservation = await loadReservation(ctx, key);
  if (reservation) await ctx.db.delete("uploads", reservation._id);
  return reservation !== null;
}

/**
 * Gives up a reserved key, now and once more when whatever was storing bytes under it has ended: bytes that were on their
 * way arrive after the first. An erasure that gives its `jobId` waits for the first.
 */
export async function dropLateReservation(
  ctx: MutationCtx,
  { _id, key, uploadId }: Doc<"uploads">,
  jobId?: Id<"erasureJobs">,
): Promise<void> {
  await ctx.db.delete("uploads", _id);
  await noteDelete(ctx, { key, uploadId, jobId });
  await noteDelete(ctx, { key, afterMs: LATE_BYTES_MS });
}

async function dropReservation(ctx: MutationCtx, { _id, key, uploadId }: Doc<"uploads">): Promise<void> {
  await ctx.db.delete("uploads", _id);
  await noteDelete(ctx, { key, uploadId });
}

function loadReservation(ctx: MutationCtx, key: string): Promise<Doc<"uploads"> | null> {
  return ctx.db
    .query("uploads")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
}
