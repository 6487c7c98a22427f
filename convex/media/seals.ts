import { type Infer, v } from "convex/values";
import { type Bytes, fromBase64Url, toBase64Url } from "../../src/shared/bytes.ts";
import type { Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { loadThreadKey, loadUserKey, type SealMaterial, type Vault } from "../encryption/vault.ts";

/*
 * What is kept with a chat is sealed under the chat's key and ends with it. What is kept without one, in the library, is
 * sealed under a key of the library, which is derived as a chat's is, from the person's key, but without a salt that
 * could be deleted: it ends with the person's key.
 */

/** The library's name where a chat has its record id. Those are 22 characters long, so it is no chat's. */
const LIBRARY = "library";

/** What says under which key a medium is sealed. */
export interface MediaHome {
  ownerId: Id<"users">;
  workspaceId: Id<"workspaces">;
  threadId?: Id<"threads">;
}

export const vSealMaterial = v.object({
  userKey: v.object({ ownerId: v.id("users"), gen: v.number(), kid: v.string(), wrapped: v.bytes() }),
  threadKey: v.object({ workspaceId: v.id("workspaces"), recordId: v.string(), salt: v.bytes() }),
});

/** What the seal of a medium is made of, for an action to open with `openSeal`; null where a key is gone. */
export async function loadSealMaterial(
  db: QueryCtx["db"],
  home: MediaHome,
): Promise<Infer<typeof vSealMaterial> | null> {
  const user = await loadUserKey(db, home.ownerId);
  const threadKey = await loadHomeKey(db, home);
  if (!user || !threadKey) return null;
  const { ownerId, gen, kid, wrapped } = user;
  const { workspaceId, recordId, salt } = threadKey;
  return { userKey: { ownerId, gen, kid, wrapped }, threadKey: { workspaceId, recordId, salt } };
}

/** The seal of a medium in a query or mutation; null where a key is gone. */
export function sealOfMedia(vault: Vault, { ownerId, workspaceId, threadId }: MediaHome): Promise<ThreadSeal | null> {
  return threadId ? vault.sealOf({ ownerId, threadId }) : vault.sealFor(ownerId, libraryKey(workspaceId));
}

/** Seals an object's own key, which no one but its row's seal gives back. */
export function sealObjectKey(seal: ThreadSeal, bucketKey: string, objectKey: Bytes): Promise<ArrayBuffer> {
  return seal.seal(objectKeyPlace(bucketKey), toBase64Url(objectKey));
}

/** Opens an object's own key. Throws `SealBrokenError`. */
export async function openObjectKey(seal: ThreadSeal, bucketKey: string, sealedKey: ArrayBuffer): Promise<Bytes> {
  return fromBase64Url(await seal.open(objectKeyPlace(bucketKey), sealedKey));
}

/** Seals a file's name. */
export function sealName(seal: ThreadSeal, recordId: string, name: string): Promise<ArrayBuffer> {
  return seal.seal(namePlace(recordId), name);
}

/** Opens a file's name. Throws `SealBrokenError`. */
export function openName(seal: ThreadSeal, recordId: string, sealedName: ArrayBuffer): Promise<string> {
  return seal.open(namePlace(recordId), sealedName);
}

async function loadHomeKey(db: QueryCtx["db"], home: MediaHome): Promise<SealMaterial["threadKey"] | null> {
  return home.threadId ? loadThreadKey(db, home.threadId) : libraryKey(home.workspaceId);
}

function libraryKey(workspaceId: Id<"workspaces">): SealMaterial["threadKey"] {
  return { workspaceId, recordId: LIBRARY, salt: new ArrayBuffer(0) };
}

function objectKeyPlace(bucketKey: string) {
  return { table: "objects", field: "key", rowId: bucketKey, rev: 0 };
}

function namePlace(recordId: string) {
  return { table: "media", field: "name", rowId: recordId, rev: 0 };
}
