import { WHOLE_ANSWER_BYTES } from "../../src/shared/media.ts";
import type { ByteRange } from "../../src/shared/segments.ts";

/** Most bytes of one partial answer; a player asks again for what follows. */
export const PARTIAL_BYTES = 4 * 1024 * 1024;

/** How a request for an object is answered. */
export type RangeAnswer =
  | { kind: "whole"; range: ByteRange }
  | { kind: "partial"; range: ByteRange }
  /** The range is beyond the end, or the object is too long to be had without one. */
  | { kind: "unsatisfiable" };

/**
 * The answer to a `Range` header (RFC 9110 §14): one range of bytes is honoured, shortened where it is long; several
 * ranges, other units and what is malformed count as no range, as the RFC lets a server do and tells it to. Pure.
 */
export function answerTo(header: string | null, lengthBytes: number): RangeAnswer {
  const asked = header === null ? null : parseRange(header);
  if (!asked) {
    if (lengthBytes > WHOLE_ANSWER_BYTES) return { kind: "unsatisfiable" };
    return { kind: "whole", range: { start: 0, end: lengthBytes } };
  }
  const start = asked.from ?? Math.max(0, lengthBytes - asked.last);
  const end = asked.from === null ? lengthBytes : Math.min(lengthBytes, asked.last + 1);
  if (start >= end) return { kind: "unsatisfiable" };
  return { kind: "partial", range: { start, end: Math.min(end, start + PARTIAL_BYTES) } };
}

/**
 * `from` is null for the last so many bytes. Numbers past what is exact are infinite, which is as far beyond the end.
 */
function parseRange(header: string): { from: number | null; last: number } | null {
  const [, from, last] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header) ?? [];
  if (from === undefined || last === undefined || (from === "" && last === "")) return null;
  if (from === "") return { from: null, last: bounded(last) };
  const range = { from: bounded(from), last: last === "" ? Number.POSITIVE_INFINITY : bounded(last) };
  return range.last < range.from ? null : range;
}

function bounded(digits: string): number {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY;
}
