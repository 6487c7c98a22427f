/**
 * Document ids in Convex's format: VInt table number, 16 bytes of internal id, a two-byte footer, written in
 * lower-case Crockford base32. The footer is Fletcher-16 (both sums modulo 256) of what precedes it, XOR the
 * format version 0. Source of the format: `crates/value/src/id_v6.rs` of the Convex backend.
 */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS = new Map([...ALPHABET].map((letter, digit) => [letter, digit]));

const INTERNAL_ID_BYTES = 16;
const FOOTER_BYTES = 2;
/** One byte of table number … */
const SHORTEST_ID = 31;
/** … to five. */
const LONGEST_ID = 37;
const MAX_TABLE_NUMBER = 0xffff_ffff;

export interface DecodedId {
  tableNumber: number;
  internalId: Uint8Array;
}

/** Writes an id. `internalId` is 16 bytes; `tableNumber` is 1 to 2^32-1. Throws `RangeError` otherwise. */
export function encodeId(tableNumber: number, internalId: Uint8Array): string {
  if (internalId.length !== INTERNAL_ID_BYTES) throw new RangeError("an internal id has 16 bytes");
  if (!Number.isInteger(tableNumber) || tableNumber < 1 || tableNumber > MAX_TABLE_NUMBER) {
    throw new RangeError(`table number out of range: ${tableNumber}`);
  }
  const body = [...vintBytes(tableNumber), ...internalId];
  return base32(Uint8Array.from([...body, ...footerOf(body)]));
}

/** Reads an id; null when the string is not exactly what `encodeId` writes. */
export function decodeId(id: string): DecodedId | null {
  if (id.length < SHORTEST_ID || id.length > LONGEST_ID) return null;
  const bytes = fromBase32(id);
  const vint = bytes && readVint(bytes);
  if (!bytes || !vint || vint.value === 0) return null;
  const internalId = bytes.slice(vint.length, vint.length + INTERNAL_ID_BYTES);
  const expectedLength = vint.length + INTERNAL_ID_BYTES + FOOTER_BYTES;
  if (bytes.length !== expectedLength) return null;
  // Two spellings of one id would be two keys for one document, so only the canonical one passes.
  return encodeId(vint.value, internalId) === id ? { tableNumber: vint.value, internalId } : null;
}

function vintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}

function readVint(bytes: Uint8Array): { value: number; length: number } | null {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value > MAX_TABLE_NUMBER ? null : { value, length: index + 1 };
  }
  return null;
}

function footerOf(body: readonly number[]): [number, number] {
  let low = 0;
  let high = 0;
  for (const byte of body) {
    low = (low + byte) & 0xff;
    high = (high + low) & 0xff;
  }
  return [low, high];
}

function base32(bytes: Uint8Array): string {
  let text = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >>> bits) & 31];
    }
  }
  return bits > 0 ? text + ALPHABET[(buffer << (5 - bits)) & 31] : text;
}

function fromBase32(text: string): Uint8Array | null {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let buffer = 0;
  let bits = 0;
  let length = 0;
  for (const letter of text) {
    const digit = DIGITS.get(letter);
    if (digit === undefined) return null;
    buffer = ((buffer << 5) | digit) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = (buffer >>> bits) & 0xff;
  }
  return bytes;
}
