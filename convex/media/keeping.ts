import { kindOf, type MediaType } from "../../src/shared/media.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { drainSoon, noteDelete } from "./deletes.ts";
import { loadJobOf } from "./moving.ts";
import { isOpen, type StoredObject, takeReservation } from "./reservations.ts";
import type { MediaHome } from "./seals.ts";

/** A medium to be written, whose bytes are stored. */
export interface NewMedium {
  home: MediaHome;
  recordId: string;
  stored: StoredObject;
  origin: Doc<"media">["origin"];
  state: Doc<"media">["state"];
  sealedName?: ArrayBuffer;
  width?: number;
  height?: number;
  /** Now, unless it was brought here. */
  createdAt?: number;
}

/**
 * Writes a medium for bytes that were stored, in the transaction that also writes what they are for. Null, with the
 * bytes given up, where the account or the chat ended meanwhile or the reservation did: see [Note: Reservations].
 */
export async function keepMedium(ctx: MutationCtx, medium: NewMedium): Promise<Id<"media"> | null> {
  const { home, stored, ...row } = medium;
  if (!(await takeReservation(ctx, stored.key))) return null;
  if (!(await isOpen(ctx, home))) {
    await noteDelete(ctx, { key: stored.key });
    await drainSoon(ctx);
    return null;
  }
  const { mime, contentBytes } = stored;
  const kind = kindOf(mime as MediaType);
  const isPictured = kind === "image" || kind === "video";
  const mediaId = await ctx.db.insert("media", {
    ...home,
    recordId: row.recordId,
    kind,
    mime,
    contentBytes,
    width: row.width,
    height: row.height,
    sealedName: row.sealedName,
    origin: row.origin,
    state: row.state,
    thumbnail: isPictured ? "due" : "none",
    createdAt: row.createdAt ?? Date.now(),
  });
  await addObject(ctx, { ownerId: home.ownerId, workspaceId: home.workspaceId, mediaId, role: "original" }, stored);
  if (isPictured) await ctx.scheduler.runAfter(0, internal.media.thumbnails.make, { mediaId });
  return mediaId;
}

/** Writes the row of a stored object. The caller has taken its reservation. */
export async function addObject(
  ctx: MutationCtx,
  of: Pick<Doc<"objects">, "ownerId" | "workspaceId" | "mediaId" | "role">,
  stored: StoredObject,
): Promise<void> {
  await ctx.db.insert("objects", { ...of, ...stored });
}

/**
 * Deletes a medium with its objects and the job that made it. The bytes go to the outbox in the same transaction, unless a
 * copy of the medium still names them.
 */
export async function removeMedium(ctx: MutationCtx, mediaId: Id<"media">): Promise<void> {
  const objects = ctx.db.query("objects").withIndex("by_media", (q) => q.eq("mediaId", mediaId));
  for await (const object of objects) await removeObject(ctx, object);
  const job = await loadJobOf(ctx, mediaId);
  if (job) await ctx.db.delete("mediaJobs", job._id);
  await ctx.db.delete("media", mediaId);
}

/** Deletes the row of an object, and notes its bytes unless another row names them; `jobId` for an erasure to wait for. */
export async function removeObject(
  ctx: MutationCtx,
  { _id, key }: Doc<"objects">,
  jobId?: Id<"erasureJobs">,
): Promise<void> {
  await ctx.db.delete("objects", _id);
  const other = await ctx.db
    .query("objects")
    .withIndex("by_key", (q) => q.eq("key", key))
    .first();
  if (!other) await noteDelete(ctx, { key, jobId });
}
