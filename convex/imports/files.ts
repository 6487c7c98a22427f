import { v } from "convex/values";
import { kindOf, type MediaType } from "../../src/shared/media.ts";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { internalAction, internalMutation } from "../_generated/server.js";
import { recordIdFor } from "../encryption/salts.ts";
import { Vault } from "../encryption/vault.ts";
import { presignPut, readBucketSettings } from "../media/bucket.ts";
import { newBucketKey } from "../media/bucketKeys.ts";
import { addObject } from "../media/keeping.ts";
import { isOpen, takeReservation, vMediaHome } from "../media/reservations.ts";
import { sealName, sealObjectKey, sealOfMedia } from "../media/seals.ts";
import { nameOf } from "./rows.ts";

/*
 * The files of an archive. Whoever imports seals them and puts them into the bucket itself, under a key that was reserved
 * here before: so bytes pass no function, whatever their length. See [Note: Reservations].
 */

/**
 * Reserves a name in the bucket, and gives an address to put the sealed bytes to. `nowMs` is the time where the bytes come
 * from, since a home's own clock may have been moved. Throws an Error where it is refused.
 */
export const reserve = internalAction({
  args: { ...vMediaHome, nowMs: v.number() },
  returns: v.object({ key: v.string(), url: v.string() }),
  handler: async (ctx, { nowMs, ...home }): Promise<{ key: string; url: string }> => {
    const key = newBucketKey();
    const material = await ctx.runMutation(internal.media.reservations.reserve, { ...home, key });
    if (!material) throw new Error("The account or the chat was deleted while it was being filled.");
    return { key, url: await presignPut(readBucketSettings(), key, nowMs) };
  },
});

/** Keeps a file whose sealed bytes are in the bucket, with what the archive says of it. */
export const keep = internalMutation({
  args: {
    ...vMediaHome,
    importId: v.string(),
    id: v.string(),
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
    const seal = (await isOpen(ctx, home)) ? await sealOfMedia(new Vault(ctx.db), home) : null;
    if (!seal || !(await takeReservation(ctx, key))) throw new Error("The account or the chat was deleted meanwhile.");
    const recordId = await recordIdFor(ownerId, nameOf(file.importId, file.id), "media");
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
