/**
 * Convex-encoded JSON, read without decoding it first.
 *
 * `convexToJson` writes int64 as `{"$integer": base64 of 8 LE bytes}`, bytes as `{"$bytes": base64}` and the
 * floats JSON cannot hold (NaN, ±Infinity, -0) as `{"$float": base64 of 8 LE bytes}`. Filters, index ranges and
 * patches may also hold `{"$undefined": null}`. No field name starts with `$`, so the first key tells.
 */
import { DeveloperError } from "../errors.ts";
import type { Json } from "../types.ts";

export type EncodedKind =
  | "undefined"
  | "null"
  | "int64"
  | "float64"
  | "boolean"
  | "string"
  | "bytes"
  | "array"
  | "object";

export type JsonObject = { [key: string]: Json };

/** The Convex type of an encoded value. Throws `DeveloperError` on a `$` wrapper that Convex does not know. */
export function kindOf(value: Json | undefined): EncodedKind {
  if (value === undefined) return "undefined";
  if (value === null) return "null";
  if (typeof value === "string") return "string";
  if (typeof value === "number") return "float64";
  if (typeof value === "boolean") return "boolean";
  return Array.isArray(value) ? "array" : kindOfObject(value);
}

function kindOfObject(value: JsonObject): EncodedKind {
  for (const key in value) {
    if (!key.startsWith("$")) return "object";
    return kindOfWrapper(key);
  }
  return "object";
}

function kindOfWrapper(key: string): EncodedKind {
  switch (key) {
    case "$integer":
      return "int64";
    case "$float":
      return "float64";
    case "$bytes":
      return "bytes";
    case "$undefined":
      return "undefined";
    case "$commitTs":
      throw new DeveloperError("CommitTsUnsupported", "`db.vars.commitTs` is not available in the embedded runtime.");
    default:
      throw new DeveloperError("InvalidValue", `Field name ${key} starts with '$', which is reserved.`);
  }
}

/** An encoded int64 (`kindOf` says "int64"). */
export function int64Of(value: Json): bigint {
  return wrappedBytes(value, "$integer", 8).readBigInt64LE(0);
}

/** An encoded float64 (`kindOf` says "float64"). */
export function float64Of(value: Json): number {
  return typeof value === "number" ? value : wrappedBytes(value, "$float", 8).readDoubleLE(0);
}

/** Encoded bytes (`kindOf` says "bytes"). */
export function bytesOf(value: Json): Buffer {
  return wrappedBytes(value, "$bytes", null);
}

function wrappedBytes(value: Json, key: string, length: number | null): Buffer {
  const base64 = (value as JsonObject)[key];
  if (typeof base64 !== "string" || Object.keys(value as JsonObject).length !== 1) {
    throw new DeveloperError("InvalidValue", `Malformed ${key} value.`);
  }
  const bytes = Buffer.from(base64, "base64");
  if (length !== null && bytes.length !== length) {
    throw new DeveloperError("InvalidValue", `Received ${bytes.length} bytes, expected ${length} for ${key}.`);
  }
  return bytes;
}

/** The inverse of `int64Of`. */
export function encodeInt64(value: bigint): Json {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return { $integer: bytes.toString("base64") };
}

/** The inverse of `float64Of`. */
export function encodeFloat64(value: number): Json {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return { $float: bytes.toString("base64") };
}

/** The value at a field path, or undefined when a step is missing or leads through something not an object. */
export function fieldAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  let current: Json | undefined = value;
  for (const name of path) {
    if (kindOf(current) !== "object" || !Object.hasOwn(current as JsonObject, name)) return undefined;
    current = (current as JsonObject)[name];
  }
  return current;
}
