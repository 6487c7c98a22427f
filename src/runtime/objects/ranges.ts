/** Byte ranges of RFC 9110 §14, one at a time as S3 serves them. */
import { S3Error } from "./s3Errors.ts";

/** Bytes `startByte` up to, but not including, `endByte`. */
export interface ByteRange {
  startByte: number;
  endByte: number;
}

/**
 * The range that a `Range` header asks for, cut to the object's size. Null: serve the whole object, since the
 * header is missing, not valid (which RFC 9110 has servers ignore) or asks for several ranges, which S3 does not
 * serve. Throws `InvalidRange` when no byte of the object lies in the range.
 */
export function readRange(header: string | undefined, sizeBytes: number): ByteRange | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return null;
  // Numbers beyond 2^53 lose digits here, never their being larger than any object.
  const startByte = first === "" ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const endByte = first === "" || last === "" ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return null;
  if (startByte < endByte) return { startByte, endByte };
  throw new S3Error("InvalidRange", "The requested range is not satisfiable", {
    RangeRequested: header!,
    ActualObjectSize: String(sizeBytes),
  });
}
