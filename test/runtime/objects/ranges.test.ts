import { expect, test } from "vitest";
import { readRange } from "../../../src/runtime/objects/ranges.ts";

test.each([
  ["bytes=0-1", 0, 2],
  ["bytes=0-", 0, 1000],
  ["bytes=-1", 999, 1000],
  ["bytes=-5000", 0, 1000],
  ["bytes=990-2000", 990, 1000],
  ["bytes=7-7", 7, 8],
  ["bytes=0-99999999999999999999999", 0, 1000],
  ["bytes=-99999999999999999999999", 0, 1000],
])("%s of 1,000 bytes is %i to %i", (header, startByte, endByte) => {
  expect(readRange(header, 1000)).toEqual({ startByte, endByte });
});

test.each([
  undefined,
  "",
  "bytes=5-2",
  "bytes=0-1,3-4",
  "bytes=-",
  "bytes=a-b",
  "bytes=1.5-2",
  "lines=0-1",
  "bytes 0-1",
])("%s is no single valid range, so the whole object is served", (header) => {
  expect(readRange(header, 1000)).toBeNull();
});

test.each([
  ["bytes=1000-", 1000],
  ["bytes=1000-1001", 1000],
  ["bytes=99999999999999999999-", 1000],
  ["bytes=-0", 1000],
  ["bytes=0-", 0],
  ["bytes=-1", 0],
])("%s of %i bytes cannot be satisfied", (header, sizeBytes) => {
  expect(() => readRange(header, sizeBytes)).toThrow(expect.objectContaining({ code: "InvalidRange", status: 416 }));
});
