import { type Bytes, lengthPrefixed, utf8 } from "../../src/shared/bytes.ts";
import { hkdf, importAesKey, SCHEME } from "./keys.ts";

/*
 * [Note: Undoing a removal]
 * A chat that is deleted is unreadable in that very transaction, and can yet be brought back for half a minute: the page
 * draws a key by chance and hands it over with the deletion. The chat's salt is sealed under it and rests with the chat in
 * place of the key row; the key itself is not kept. So only the tab that deleted a chat can bring it back, by handing over
 * the key once more, and nobody else can, whatever they have of the database and the master keys.
 */

const AES_KEY_BYTES = 32;
const NONCE_BYTES = 12;

/** Whose salt is sealed: the place is bound into the key, so that it opens nowhere else. */
interface Parking {
  undoKey: string;
  threadId: string;
}

/** A salt under the key of a removal. */
export async function parkSalt(parking: Parking, salt: ArrayBuffer): Promise<ArrayBuffer> {
  const { key, iv } = await parkingKey(parking);
  return crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, salt);
}

/** The salt again, or null where the key is not that of the removal. */
export async function fetchSalt(parking: Parking, sealedSalt: ArrayBuffer): Promise<ArrayBuffer | null> {
  const { key, iv } = await parkingKey(parking);
  return crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealedSalt).catch(() => null);
}

/** A key and a nonce that serve for one salt alone: the undo key is drawn for one removal, and the chat is bound in. */
async function parkingKey({ undoKey, threadId }: Parking): Promise<{ key: CryptoKey; iv: Bytes }> {
  const info = lengthPrefixed(SCHEME, "undo", threadId);
  const bytes = await hkdf(utf8(undoKey), new Uint8Array(0), info, AES_KEY_BYTES + NONCE_BYTES);
  return { key: await importAesKey(bytes.slice(0, AES_KEY_BYTES)), iv: bytes.slice(AES_KEY_BYTES) };
}
