import { type Bytes, concat } from "./bytes.ts";

/**
 * The form in which every sealed field rests:
 *
 *     version (1) · algorithm (1) · generation of the person's key (2, big-endian) · nonce (12) · ciphertext · tag (16)
 */
export interface Envelope {
  alg: number;
  gen: number;
  nonce: Uint8Array;
  /** Ciphertext followed by the 16-byte tag. */
  body: Uint8Array;
}

export const ENVELOPE_VERSION = 1;
/** AES-256-GCM with a nonce derived from key and content. See [Note: Derived nonces]. */
export const ALG_AES_256_GCM = 1;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
const HEADER_BYTES = 4;
/** Bytes by which the envelope of a text is longer than the padded text; the mark of the padding counts as one. */
export const ENVELOPE_OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES + 1;

/** An envelope as bytes. `gen` must fit 16 bits. */
export function encodeEnvelope({ alg, gen, nonce, body }: Envelope): Bytes {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint8(0, ENVELOPE_VERSION);
  view.setUint8(1, alg);
  view.setUint16(2, gen);
  return concat(header, nonce, body);
}

/** The parts of an envelope. Throws on a version or algorithm this code does not know, and on one that is cut short. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length < HEADER_BYTES + NONCE_BYTES + TAG_BYTES) throw new Error("The envelope is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== ENVELOPE_VERSION) throw new Error("The envelope's version is unknown");
  if (view.getUint8(1) !== ALG_AES_256_GCM) throw new Error("The envelope's algorithm is unknown");
  return {
    alg: view.getUint8(1),
    gen: view.getUint16(2),
    nonce: bytes.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES),
    body: bytes.subarray(HEADER_BYTES + NONCE_BYTES),
  };
}
