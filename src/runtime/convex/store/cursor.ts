/**
 * Pagination cursors: where a page ended, readable by this database only.
 *
 * [Note: Cursors are encrypted and deterministic]
 * A cursor holds an index key, which is made of people's values, and it travels through browsers and logs; so it is
 * encrypted and authenticated with a key of this database. The same position must always give the same string, or
 * results that contain cursors would never be equal and live queries would never settle; so the nonce is a keyed
 * hash of the content (as in synthetic-IV modes), and equal cursors reveal no more than that they are equal.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from "node:crypto";
import { DeveloperError } from "../errors.ts";
import { type IndexKey, keyFromBlob, keyToBlob } from "../values/indexKey.ts";

/** A position in a query's order of index keys: just after a key, or past the last one. */
export type Position = { kind: "after"; key: IndexKey } | { kind: "end" };

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FINGERPRINT_BYTES = 16;
const AFTER = 1;
const END = 0;

export class CursorBox {
  readonly #encryptionKey: Buffer;
  readonly #nonceKey: Buffer;

  /** `databaseKey`: 32 random bytes made with the database. */
  constructor(databaseKey: Uint8Array) {
    this.#encryptionKey = derivedKey(databaseKey, "cursor encryption");
    this.#nonceKey = derivedKey(databaseKey, "cursor nonce");
  }

  /** The cursor for a position in the query with this fingerprint. */
  seal(position: Position, fingerprint: Buffer): string {
    const place =
      position.kind === "end" ? Buffer.from([END]) : Buffer.concat([Buffer.from([AFTER]), keyToBlob(position.key)]);
    const content = Buffer.concat([fingerprint, place]);
    const nonce = createHmac("sha256", this.#nonceKey).update(content).digest().subarray(0, NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#encryptionKey, nonce);
    const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
  }

  /** The inverse of `seal`. Throws `InvalidCursor` for anything `seal` did not write for this very query. */
  open(cursor: string, fingerprint: Buffer): Position {
    const content = this.#decrypt(Buffer.from(cursor, "base64url"));
    if (!content?.subarray(0, FINGERPRINT_BYTES).equals(fingerprint)) throw invalidCursor();
    const place = content.subarray(FINGERPRINT_BYTES);
    return place[0] === END ? { kind: "end" } : { kind: "after", key: keyFromBlob(place.subarray(1)) };
  }

  #decrypt(bytes: Buffer): Buffer | null {
    if (bytes.length < NONCE_BYTES + TAG_BYTES + FINGERPRINT_BYTES + 1) return null;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", this.#encryptionKey, nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch {
      return null; // Not sealed with this key, or altered since: the same as any other foreign string.
    }
  }
}

/** What a cursor is bound to: everything that decides a query's order and content. */
export function fingerprintOf(query: unknown): Buffer {
  return createHash("sha256").update(JSON.stringify(query)).digest().subarray(0, FINGERPRINT_BYTES);
}

function derivedKey(databaseKey: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", databaseKey, new Uint8Array(0), purpose, 32));
}

function invalidCursor(): DeveloperError {
  return new DeveloperError(
    "InvalidCursor",
    "InvalidCursor: Tried to run a query starting from a cursor, but it looks like this cursor is from a different query.",
    { isConvexSystemError: true, paginationError: "InvalidCursor" },
  );
}
