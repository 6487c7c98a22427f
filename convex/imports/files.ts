import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api.js";
import { internalAction, internalMutation, internalQuery } from "../_generated/server.js";
import { recordIdFor } from "../encryption/salts.ts";
import { Vault } from "../encryption/vault.ts";
import { presignPut, readBucketSettings } from "../media/bucket.ts";
import { newBucketKey } from "../media/bucketKeys.ts";
import { keepMedium } from "../media/keeping.ts";
import { vMediaHome, vStoredObject } from "../media/reservations.ts";
import { mediaTables } from "../media/schema.ts";
import { sealName, sealObjectKey } from "../media/seals.ts";
import { asOwner, isWritten, takePage } from "./owner.ts";
import { findRow, nameOf, openHome } from "./rows.ts";

/*
 * The files of an archive. Whoever imports seals them and puts them into the bucket itself, under a key that was reserved
 * here before: so bytes pass no function, whatever their length. See [Note: Reservations].
 */

const { width, height, origin, createdAt } = mediaTables.media.validator.fields;

/** Where a file is to be, the import that brings it, its id in the archive, and its place among the files there. */
const vOf = { ...vMediaHome, importId: v.string(), id: v.string(), page: v.number() };

/** Bytes are sealed by whoever imports, who has no key of the person's to seal the object's own key under. */
const vPut = vStoredObject.omit("sealedKey").extend({ objectKey: v.bytes() });

/** A file for which nothing is to be stored: its medium, or null where that is gone. */
const vKept = v.object({ mediaId: v.union(v.id("media"), v.null()) });

/**
 * Reserves a name in the bucket, and gives an address to put the sealed bytes to; or the medium, where an import that was
 * cut off has kept the file, and null for one that was deleted since, by itself or with its chat. `nowMs` is the time where
 * the bytes come from, since a home's own clock may have been moved. Throws an Error where it is refused.
 */
export const reserve = internalAction({
  args: { ...vOf, nowMs: v.number() },
  returns: v.union(v.object({ key: v.string(), url: v.string() }), vKept),
  handler: async (ctx, { nowMs, importId, id, page, ...home }): Promise<Reserved> => {
    const known = await ctx.runQuery(internal.imports.files.known, { ...home, importId, id, page });
    if (known) return known;
    const key = newBucketKey();
    const material = await ctx.runMutation(internal.media.reservations.reserve, { ...home, key });
    if (!material) throw new Error("The account or the chat was deleted while it was being filled.");
    return { key, url: await presignPut(readBucketSettings(), key, nowMs) };
  },
});

type Reserved = { key: string; url: string } | Infer<typeof vKept>;

/** What is known of a file for which nothing is to be stored: that it was kept, or is gone. Null where it is to be. */
export const known = internalQuery({
  args: vOf,
  returns: v.union(v.null(), vKept),
  handler: async (ctx, { ownerId, workspaceId, threadId, page, ...file }) => {
    if (await isWritten(ctx.db, { ownerId, kind: "media", page })) {
      return { mediaId: await findRow(ctx, "media", await recordIdOf({ ownerId, ...file })) };
    }
    const seal = await openHome(ctx, new Vault(ctx.db), { ownerId, workspaceId, threadId });
    return seal ? null : { mediaId: null };
  },
});

/**
 * Keeps a file whose sealed bytes are in the bucket, with what the archive says of it; null where its chat is gone. One that
 * was kept already stays as it is. The bytes that nothing names then are given up with their reservation. Throws an Error
 * where it is refused.
 */
export const keep = internalMutation({
  args: { ...vOf, put: vPut, name: v.union(v.string(), v.null()), width, height, origin, createdAt },
  returns: v.union(v.null(), v.id("media")),
  handler: async (ctx, { ownerId, workspaceId, threadId, importId, id, page, put, name, ...said }) => {
    await asOwner(ctx, ownerId);
    const recordId = await recordIdOf({ ownerId, importId, id });
    if (!(await takePage(ctx, { ownerId, kind: "media", page }))) return findRow(ctx, "media", recordId);
    const home = { ownerId, workspaceId, threadId };
    const seal = await openHome(ctx, new Vault(ctx.db), home);
    if (!seal) return null;
    const { objectKey, ...stored } = put;
    const sealedKey = await sealObjectKey(seal, stored.key, new Uint8Array(objectKey));
    const sealedName = name === null ? undefined : await sealName(seal, recordId, name);
    const medium = { home, recordId, stored: { ...stored, sealedKey }, sealedName, state: "kept", ...said } as const;
    const mediaId = await keepMedium(ctx, medium);
    if (!mediaId) throw new Error("A file was on its way for too long: run the import again.");
    return mediaId;
  },
});

/** The name under which an import seals a file. */
function recordIdOf({ ownerId, importId, id }: { ownerId: string; importId: string; id: string }): Promise<string> {
  return recordIdFor(ownerId, nameOf(importId, id), "media");
}
