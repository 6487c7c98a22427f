/**
 * Order-preserving index keys.
 *
 * [Note: Keys are byte strings]
 * In memory a key is a JavaScript string whose every character is one byte (0–255); at the SQLite boundary it is
 * a BLOB. V8 keeps such strings as one byte per character and compares them with memcmp, so `<` is the order of
 * the bytes, keys can be Map keys, and no code path compares buffers.
 *
 * The order is Convex's total order: undefined < null < int64 < float64 < boolean < string < bytes < array <
 * object. Every value is a tag byte and a self-delimiting body, so concatenated values compare field by field:
 * strings and bytes end in 0x00 and escape their own 0x00 as 0x00 0xFF, arrays and objects end in 0x00, floats
 * are in IEEE 754 total order, and int64 carries its width in its tag. The layout follows
 * `crates/value/src/sorting.rs` of the Convex backend.
 */
import type { Json } from "../types.ts";
import { bytesOf, float64Of, int64Of, type JsonObject, kindOf } from "./encoded.ts";

/** A byte string; see [Note: Keys are byte strings]. */
export type IndexKey = string;

/** Half-open interval of keys: `start` belongs to it, `end` does not. */
export interface KeyInterval {
  readonly start: IndexKey;
  readonly end: IndexKey;
}

/** Above every key: no tag is 0xFF. */
export const LAST_KEY: IndexKey = "\xff";

const TERMINATOR = "\x00";
const ZERO_INT64_TAG = 0x08;

/** The key of one value. An absent field is `undefined`, which sorts first and is not null. */
export function keyOfValue(value: Json | undefined): IndexKey {
  switch (kindOf(value)) {
    case "undefined":
      return "\x01";
    case "null":
      return "\x03";
    case "int64":
      return int64Key(int64Of(value as Json));
    case "float64":
      return `\x0d${orderedFloat(float64Of(value as Json))}`;
    case "boolean":
      return value ? "\x0f" : "\x0e";
    case "string":
      return `\x10${terminated(utf8(value as string))}`;
    case "bytes":
      return `\x11${terminated(bytesOf(value as Json).toString("latin1"))}`;
    case "array":
      return `\x12${(value as Json[]).map(keyOfValue).join("")}${TERMINATOR}`;
    case "object":
      return objectKey(value as JsonObject);
  }
}

/** The key of a document id, as the last part of every index key. */
export function keyOfId(id: string): IndexKey {
  return `\x10${id}${TERMINATOR}`;
}

/**
 * Just above `values` (whole values in key form) and everything that continues them with further values, and not
 * above anything else: a continuation is a tag, which is never 0xFF, while a longer string or byte value that
 * begins with the last one goes on with an escaped 0x00 and so sorts higher.
 */
export function afterValues(values: IndexKey): IndexKey {
  return `${values}\xff`;
}

/** The key as SQLite stores it. */
export function keyToBlob(key: IndexKey): Buffer {
  return Buffer.from(key, "latin1");
}

/** The inverse of `keyToBlob`. */
export function keyFromBlob(blob: Uint8Array): IndexKey {
  return Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength).toString("latin1");
}

const scratch = Buffer.alloc(8);

function orderedFloat(value: number): string {
  scratch.writeDoubleBE(value);
  const isNegative = (scratch[0] as number) >= 0x80;
  if (isNegative) for (let index = 0; index < 8; index++) scratch[index] = ~(scratch[index] as number);
  else scratch[0] = (scratch[0] as number) | 0x80;
  return scratch.toString("latin1");
}

function int64Key(value: bigint): IndexKey {
  if (value === 0n) return String.fromCharCode(ZERO_INT64_TAG);
  const width = [1, 2, 4, 8].findIndex((bytes) => BigInt.asIntN(bytes * 8, value) === value);
  const tag = ZERO_INT64_TAG + (value < 0n ? -(width + 1) : width + 1);
  scratch.writeBigInt64BE(value);
  return String.fromCharCode(tag) + scratch.toString("latin1", 8 - 2 ** width);
}

function objectKey(value: JsonObject): IndexKey {
  const fields = Object.keys(value).sort();
  return `\x15${fields.map((field) => fieldNameKey(field) + keyOfValue(value[field])).join("")}${TERMINATOR}`;
}

/** An empty name would read as the object's end, so it is escaped; names hold no control characters otherwise. */
function fieldNameKey(field: string): string {
  return field === "" ? "\x00\xff" : field + TERMINATOR;
}

function utf8(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all of ASCII, which UTF-8 leaves as it is.
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

function terminated(bytes: string): string {
  return (bytes.includes("\x00") ? bytes.replaceAll("\x00", "\x00\xff") : bytes) + TERMINATOR;
}
