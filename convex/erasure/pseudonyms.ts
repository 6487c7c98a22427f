import type { Infer } from "convex/values";
import { type Bytes, fromBase64, lengthPrefixed, toBase64Url, utf8 } from "../../src/shared/bytes.ts";
import { hmac, SCHEME } from "../encryption/keys.ts";
import type { vEntered } from "./schema.ts";

/*
 * What outlives a person must not say who they were, and must be recognised again: when a late message would bring them
 * back, or when they ask for their receipt. Both hold for HMAC-SHA-256 under a key that only the environment has. It is
 * not one of the master keys, since those are rotated and destroyed, and pseudonyms are kept for years.
 */

const KEY_BYTES = 32;

/** The pseudonym of an identity. Throws an Error where `ERASURE_KEY` is not set or malformed. */
export async function pseudonymOf(identityId: string): Promise<string> {
  return toBase64Url(await hmac(erasureKey(), lengthPrefixed(SCHEME, "erased identity", identityId)));
}

/**
 * The name of an entry of the ledger of erasures: an account and what its person decided by its identity; a chat or a file,
 * the pin of a chat, and the holds on a chat or an account by its id.
 */
export async function ledgerSubject(what: Infer<typeof vEntered>, id: string): Promise<string> {
  if (what === "account") return pseudonymOf(id);
  return toBase64Url(await hmac(erasureKey(), lengthPrefixed(SCHEME, "erased row", what, id)));
}

/** The MAC of a receipt's text. Throws as `pseudonymOf` does. */
export async function receiptMac(text: string): Promise<string> {
  return toBase64Url(await hmac(erasureKey(), lengthPrefixed(SCHEME, "erasure receipt", text)));
}

/** SHA-256 of a text, in base64url. */
export async function digest(text: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text))));
}

function erasureKey(): Bytes {
  const key = fromBase64(process.env.ERASURE_KEY ?? "");
  if (key.length !== KEY_BYTES) throw new Error("ERASURE_KEY must be 32 bytes in base64");
  return key;
}
