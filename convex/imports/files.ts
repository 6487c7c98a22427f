import { v } from "convex/values";
import { kindOf, type MediaType } from "../../src/shared/media.ts";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { internalAction, internalMutation, internalQuery } from "../_generated/server.js";
import { recordIdFor } from "../encryption/salts.ts";
import { Vault } from "../encryption/vault.ts";
import { presignPut, readBucketSettings } from "../media/bucket.ts";
import { newBucketKey } from "../media/bucketKeys.ts";
import { addObject } from "../media/keeping.ts";
import { isOpen, takeReservation, vMediaHome } from "../media/reservations.ts";
import { sealName, sealObjectKey, sealOfMedia } from "../media/seals.ts";
import { findRow, nameOf } from "./rows.ts";

/*
 * The files of an archive. Whoever imports seals them and puts them into the bucket itself, under a key that was reserved
 * here before: so bytes pass no function, whatever their length. See [Note: Reservations].
 */

const vOf = { ...vMediaHome, importId: v.string(), id: v.string() };

/**
 * Reserves a name in the bucket, and gives an address to put the sealed bytes to; or the medium, where an import that was
 * cut off has kept the file. `nowMs` is the time where the bytes come from, since a home's own clock may have been moved.
 * Throws an Error where it is refused.
 */
export const reserve = internalAction({
  args: { ...vOf, nowMs: v.number() },
  returns: v.union(v.object({ key: v.string(), url: v.string() }), v.object({ mediaId: v.id("media") })),
  handler: async (ctx, { nowMs, importId, id, ...home }): Promise<Reserved> => {
    const mediaId = await ctx.runQuery(internal.imports.files.kept, { ownerId: home.ownerId, importId, id });
    if (mediaId) return { mediaId };
    const key = newBucketKey();
    const material = await ctx.runMutation(internal.media.reservations.reserve, { ...home, key });
    if (!material) throw new Error("The account or the chat was deleted while it was being filled.");
    return { key, url: await presignPut(readBucketSettings(), key, nowMs) };
  },
});

type Reserved = { key: string; url: string } | { mediaId: Id<"media"> };

/** The medium of a file that an import has kept, or null. */
export const kept = internalQuery({
  args: { ownerId: v.id("users"), importId: v.string(), id: v.string() },
  returns: v.union(v.null(), v.id("media")),
  handler: async (ctx, file) => findRow(ctx, "media", await recordIdOf(file)),
});

/**
 * Keeps a file whose sealed bytes are in the bucket, with what the archive says of it. One that is kept already stays as it
 * is, and the bytes are given up with their reservation.
 */
export const keep = internalMutation({
  args: {
    ...vOf,
    key: v.string(),
    objectKey: v.bytes(),
    header: v.bytes(),
    commitment: v.bytes(),
    mime: v.string(),
    contentBytes: v.number(),
    name: v.union(v.string(), v.null()),
    width: v.optional(v.number()),
    height: v.optional(v.number()),
    origin: v.union(v.literal("upload"), v.literal("job")),
    createdAt: v.number(),
  },
  returns: v.id("media"),
  handler: async (ctx, file): Promise<Id<"media">> => {
    const { ownerId, workspaceId, threadId, key, mime, contentBytes } = file;
    const home = { ownerId, workspaceId, threadId };
    const recordId = await recordIdOf(file);
    const known = await findRow(ctx, "media", recordId);
    if (known) return known;
    const seal = (await isOpen(ctx, home)) ? await sealOfMedia(new Vault(ctx.db), home) : null;
    if (!seal || !(await takeReservation(ctx, key))) throw new Error("The account or the chat was deleted meanwhile.");
    const kind = kindOf(mime as MediaType);
    const isPictured = kind === "image" || kind === "video";
    const mediaId = await ctx.db.insert("media", {
      ...home,
      recordId,
      kind,
      mime,
      contentBytes,
      width: file.width,
      height: file.height,
      sealedName: file.name === null ? undefined : await sealName(seal, recordId, file.name),
      origin: file.origin,
      state: "kept",
      thumbnail: isPictured ? "due" : "none",
      createdAt: file.createdAt,
    });
    const sealedKey = await sealObjectKey(seal, key, new Uint8Array(file.objectKey));
    const { header, commitment } = file;
    await addObject(
      ctx,
      { ownerId, workspaceId, mediaId, role: "original" },
      { key, sealedKey, header, commitment, mime, contentBytes },
    );
    if (isPictured) await ctx.scheduler.runAfter(0, internal.media.thumbnails.make, { mediaId });
    return mediaId;
  },
});

/** The name under which an import seals a file. */
function recordIdOf({ ownerId, importId, id }: { ownerId: string; importId: string; id: string }): Promise<string> {
  return recordIdFor(ownerId, nameOf(importId, id), "media");
}
