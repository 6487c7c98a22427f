import { type Bytes, fromUtf8, lengthPrefixed, sameBytes, utf8 } from "../../src/shared/bytes.ts";
import { ALG_AES_256_GCM, decodeEnvelope, encodeEnvelope, NONCE_BYTES } from "../../src/shared/envelope.ts";
import { pad, unpad } from "../../src/shared/padding.ts";
import { derive, importAesKey, importHkdfKey, SCHEME } from "./keys.ts";

/*
 * [Note: Derived nonces]
 * Mutations have no secret randomness and may run several times, and a restored backup makes counters go back. So a
 * nonce is neither drawn nor counted but derived: the first 12 bytes of HMAC(nonce key, associated data, plaintext).
 * The same nonce then comes back under a key only for the same text at the same place, where it says nothing new.
 * Opening derives the nonce again and compares: this also ties the ciphertext to one key, which GCM alone does not.
 */

/** Whose content it is and in which chat. Bound into every envelope, so that none opens for another. */
export interface Scope {
  envId: string;
  ownerId: string;
  workspaceId: string;
  threadRecordId: string;
  /** Generation of the owner's key. */
  gen: number;
}

/** Where a sealed text rests. Bound into its key and its envelope, so that none opens in another place. */
export interface Place {
  table: string;
  field: string;
  rowId: string;
  /** Revision of the text in this place, 0 for what is written once. */
  rev: number;
  /**
   * Position within a text that is written piece by piece. All pieces share the key of their record, which saves a
   * derivation each, and are told apart by their associated data and with it by their nonces.
   */
  part?: number;
}

interface RecordKeys {
  cipher: CryptoKey;
  nonce: CryptoKey;
}

/** A sealed text did not open: damaged, moved, or its key is another. Says which row, never what was in it. */
export class SealBrokenError extends Error {
  constructor(place: Place, cause: unknown) {
    super(`The sealed ${place.field} of a row in ${place.table} does not open`, { cause });
    this.name = "SealBrokenError";
  }
}

/** Seals and opens the texts of one thread. Keeps the keys it derived for as long as it lives itself. */
export class ThreadSeal {
  readonly #threadKey: Promise<CryptoKey>;
  readonly #scope: Scope;
  readonly #recordKeys = new Map<string, Promise<RecordKeys>>();

  constructor(threadKey: Bytes, scope: Scope) {
    this.#threadKey = importHkdfKey(threadKey);
    this.#scope = scope;
  }

  /** The thread's name in keys and envelopes. */
  get threadRecordId(): string {
    return this.#scope.threadRecordId;
  }

  /** The text as an envelope for a `v.bytes()` field. */
  async seal(place: Place, text: string): Promise<ArrayBuffer> {
    const keys = await this.#keysOf(place);
    const additionalData = this.#binding(place);
    const padded = pad(utf8(text));
    const nonce = await deriveNonce(keys, additionalData, padded);
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData }, keys.cipher, padded);
    const body = new Uint8Array(sealed);
    return encodeEnvelope({ alg: ALG_AES_256_GCM, gen: this.#scope.gen, nonce, body }).buffer;
  }

  /** The text in an envelope. Throws `SealBrokenError`, and never gives part of a text. */
  async open(place: Place, sealed: ArrayBuffer): Promise<string> {
    try {
      return await this.#open(place, new Uint8Array(sealed));
    } catch (error) {
      throw new SealBrokenError(place, error);
    }
  }

  async #open(place: Place, bytes: Bytes): Promise<string> {
    const envelope = decodeEnvelope(bytes);
    if (envelope.gen !== this.#scope.gen) throw new Error("Sealed under another generation of the key");
    const keys = await this.#keysOf(place);
    const additionalData = this.#binding(place);
    const iv = envelope.nonce.slice();
    const opened = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv, additionalData },
      keys.cipher,
      envelope.body.slice(),
    );
    const padded = new Uint8Array(opened);
    if (!sameBytes(iv, await deriveNonce(keys, additionalData, padded))) throw new Error("The nonce is not its own");
    return fromUtf8(unpad(padded));
  }

  #binding(place: Place): Bytes {
    const { envId, ownerId, workspaceId, threadRecordId, gen } = this.#scope;
    const { table, field, rowId, rev, part = 0 } = place;
    const where = [table, field, rowId, ownerId, workspaceId, threadRecordId, rev, part];
    return lengthPrefixed(SCHEME, envId, ...where, ALG_AES_256_GCM, gen);
  }

  #keysOf({ table, field, rowId, rev }: Place): Promise<RecordKeys> {
    const info = lengthPrefixed(SCHEME, "record", table, field, rowId, rev);
    const memoKey = JSON.stringify([table, field, rowId, rev]);
    const known = this.#recordKeys.get(memoKey);
    if (known) return known;
    const derived = deriveRecordKeys(this.#threadKey, info);
    this.#recordKeys.set(memoKey, derived);
    return derived;
  }
}

async function deriveRecordKeys(threadKey: Promise<CryptoKey>, info: Bytes): Promise<RecordKeys> {
  const bytes = await derive(await threadKey, new Uint8Array(0), info, 64);
  const [cipher, nonce] = await Promise.all([
    importAesKey(bytes.slice(0, 32)),
    crypto.subtle.importKey("raw", bytes.slice(32), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
  ]);
  return { cipher, nonce };
}

async function deriveNonce(keys: RecordKeys, binding: Bytes, padded: Bytes): Promise<Bytes> {
  const mac = await crypto.subtle.sign("HMAC", keys.nonce, lengthPrefixed(binding, padded));
  return new Uint8Array(mac).slice(0, NONCE_BYTES);
}
