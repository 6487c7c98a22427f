import { type Bytes, lengthPrefixed, toBase64Url } from "../../src/shared/bytes.ts";
import { hmac, SCHEME } from "./keys.ts";

/*
 * [Note: Salt ratchet]
 * A thread's salt must be unpredictable, and once deleted nothing may bring it back. Threads are made in mutations,
 * which have no secret randomness. So each person has a seed, drawn in the action `account:signIn`, and every new
 * thread turns it once:
 *
 *     salt = HMAC(seed, "salt", request)        next seed = HMAC(seed, "next", request)
 *
 * `request` is the id the client drew for the request (a UUID has 122 random bits). It is absorbed and never stored;
 * rows keep only a hash of it. So today's database cannot go back to an earlier seed, and an earlier copy of a seed
 * does not lead to the salts made since without ids that nobody has kept. A client that sends guessable ids, or none
 * where it may, weakens the deletion of its own chats against someone who holds an earlier seed, and nothing else.
 */

const RECORD_ID_BYTES = 16;

/** One turn of the ratchet: the new thread's salt and the seed that replaces `seed`. */
export async function turnRatchet(seed: Bytes, request: string): Promise<{ salt: Bytes; nextSeed: Bytes }> {
  const [salt, nextSeed] = await Promise.all([
    hmac(seed, lengthPrefixed(SCHEME, "salt", request)),
    hmac(seed, lengthPrefixed(SCHEME, "next", request)),
  ]);
  return { salt, nextSeed };
}

/**
 * The id under which a row is sealed: 128 bits in base64url, from its owner, the request that made it and the row's
 * role in that request. It exists before the row does, the same request always gives the same, and it survives what
 * Convex's own ids do not, such as an import into another deployment.
 */
export async function recordIdFor(ownerId: string, request: string, role: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", lengthPrefixed(SCHEME, "row", ownerId, request, role));
  return toBase64Url(new Uint8Array(digest).slice(0, RECORD_ID_BYTES));
}
