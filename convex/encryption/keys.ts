import { type Bytes, concat, lengthPrefixed, utf8 } from "../../src/shared/bytes.ts";
import type { Keyring } from "../../src/shared/keyring.ts";

/*
 * [Note: Key hierarchy]
 *
 *     master key (environment, by key id)
 *      └ wrapping key   HKDF(master key, salt = deployment, info = purpose)
 *         └ user key    32 random bytes, made in an action, kept wrapped in `userKeys`
 *            └ thread key   HKDF(user key, salt = the thread's random salt in `threadKeys`, info = thread)
 *               └ record keys   HKDF(thread key, info = table, field, row, revision): one to encrypt, one for nonces
 *
 * Deleting a `userKeys` row makes everything of a person unreadable, deleting a `threadKeys` row everything of a chat,
 * in that very transaction. All derivations are HKDF-SHA-256 (RFC 5869); every `info` is length-prefixed and begins
 * with the scheme's name, so that no two purposes share a key.
 *
 * Convex's runtime offers neither AES-KW nor `wrapKey`, so a user key is wrapped by plain AES-256-GCM.
 */

/** Begins every derivation and all associated data. A new scheme gets a new name, and with it fresh keys. */
export const SCHEME = "noruxa1";

const USER_KEY_BYTES = 32;
const WRAP_NONCE_BYTES = 12;

/** What a wrapped user key is bound to. */
export interface UserKeyPlace {
  ownerId: string;
  gen: number;
}

/** HKDF-SHA-256: `lengthBytes` bytes from `key`, `salt` and `info`. */
export async function hkdf(key: Bytes, salt: Bytes, info: Bytes, lengthBytes: number): Promise<Bytes> {
  return derive(await importHkdfKey(key), salt, info, lengthBytes);
}

/** A key that many others are derived from. */
export function importHkdfKey(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveBits"]);
}

/** `hkdf` from a key that was imported before. */
export async function derive(key: CryptoKey, salt: Bytes, info: Bytes, lengthBytes: number): Promise<Bytes> {
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, lengthBytes * 8);
  return new Uint8Array(bits);
}

/** HMAC-SHA-256. */
export async function hmac(key: Bytes, message: Bytes): Promise<Bytes> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

/** An AES-256-GCM key from its 32 bytes. */
export function importAesKey(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/**
 * Draws a person's key and wraps it under the active master key. Only for actions: the randomness of queries and
 * mutations is a seeded stream that can be replayed, and so is no secret.
 */
export async function makeUserKey(ring: Keyring, place: UserKeyPlace): Promise<{ kid: string; wrapped: Bytes }> {
  const userKey = crypto.getRandomValues(new Uint8Array(USER_KEY_BYTES));
  const nonce = crypto.getRandomValues(new Uint8Array(WRAP_NONCE_BYTES));
  return { kid: ring.activeKid, wrapped: await wrapUserKey(ring, place, { userKey, nonce }) };
}

/** A user key wrapped anew, under the active master key. Only for actions, as `makeUserKey`. Throws as `unwrapUserKey` does. */
export async function rewrapUserKey(
  ring: Keyring,
  place: UserKeyPlace,
  old: { kid: string; wrapped: Bytes },
): Promise<{ kid: string; wrapped: Bytes }> {
  const userKey = await unwrapUserKey(ring, place, old);
  const nonce = crypto.getRandomValues(new Uint8Array(WRAP_NONCE_BYTES));
  return { kid: ring.activeKid, wrapped: await wrapUserKey(ring, place, { userKey, nonce }) };
}

/** Wraps a user key under the active master key: nonce, ciphertext, tag. A nonce must never be used twice. */
export async function wrapUserKey(
  ring: Keyring,
  place: UserKeyPlace,
  { userKey, nonce }: { userKey: Bytes; nonce: Bytes },
): Promise<Bytes> {
  const key = await wrappingKey(ring, ring.activeKid);
  const additionalData = wrapBinding(ring, place, ring.activeKid);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData }, key, userKey);
  return concat(nonce, new Uint8Array(sealed));
}

/** The user key in a wrap. Throws where the master key is gone or the wrap is not this person's and generation's. */
export async function unwrapUserKey(
  ring: Keyring,
  place: UserKeyPlace,
  { kid, wrapped }: { kid: string; wrapped: Bytes },
): Promise<Bytes> {
  const key = await wrappingKey(ring, kid);
  const iv = wrapped.slice(0, WRAP_NONCE_BYTES);
  const additionalData = wrapBinding(ring, place, kid);
  const opened = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv, additionalData },
    key,
    wrapped.slice(WRAP_NONCE_BYTES),
  );
  return new Uint8Array(opened);
}

/** The key of one thread, from its owner's key and its salt. */
export function deriveThreadKey(userKey: Bytes, thread: { recordId: string; salt: Bytes }): Promise<Bytes> {
  return hkdf(userKey, thread.salt, lengthPrefixed(SCHEME, "thread", thread.recordId), 32);
}

async function wrappingKey(ring: Keyring, kid: string): Promise<CryptoKey> {
  const root = ring.roots.get(kid);
  if (!root) throw new Error(`The master key "${kid}" is not in CRYPTO_KEYRING`);
  return importAesKey(await hkdf(root, utf8(ring.envId), lengthPrefixed(SCHEME, "wrap-user-keys"), 32));
}

function wrapBinding(ring: Keyring, place: UserKeyPlace, kid: string): Bytes {
  return lengthPrefixed(SCHEME, ring.envId, "userKeys", place.ownerId, place.gen, kid);
}
