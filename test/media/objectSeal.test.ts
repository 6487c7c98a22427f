import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  commitTo,
  drawObjectSecret,
  ObjectBrokenError,
  type ObjectPlace,
  type ObjectSecret,
  openObject,
  sealObject,
} from "../../convex/media/objectSeal.ts";
import {
  type ByteRange,
  HEADER_BYTES,
  SEGMENT_BYTES,
  sealedLength,
  sealedRangeOf,
  segmentCount,
  segmentsOf,
  TAG_BYTES,
} from "../../src/shared/segments.ts";
import known from "./objectVectors.json";
import tink from "./tinkVectors.json";

const PLACE: ObjectPlace = { envId: "test", key: "bucket-key", ownerId: "owner" };
const FIRST = SEGMENT_BYTES - TAG_BYTES - HEADER_BYTES;
const NEXT = SEGMENT_BYTES - TAG_BYTES;
/** Lengths at which the last segment is empty, full, one short, or one over. */
const LENGTHS = [
  0,
  1,
  FIRST - 1,
  FIRST,
  FIRST + 1,
  FIRST + NEXT - 1,
  FIRST + NEXT,
  FIRST + NEXT + 1,
  1_000_000,
  3 * NEXT,
];

const contentOf = (length: number) => Uint8Array.from({ length }, (_, i) => (31 * i + 7 * Math.floor(i / 256)) % 256);
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
/** As `toEqual`, which takes seconds for megabytes. */
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const sha256 = async (bytes: Uint8Array) =>
  Buffer.from(await crypto.subtle.digest("SHA-256", bytes.slice())).toString("hex");

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}

const sealed = (secret: ObjectSecret, content: Uint8Array, place = PLACE) =>
  joined(sealObject(secret, place, [content]));

async function* inChunks(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Opens a range from just the bytes that the layout says hold it. */
function open(secret: ObjectSecret, object: Uint8Array, contentBytes: number, range: ByteRange, place = PLACE) {
  const { start, end } = sealedRangeOf(segmentsOf(range), contentBytes);
  return joined(openObject(secret, place, { contentBytes, range, sealed: inChunks(object.subarray(start, end)) }));
}

const openAll = (secret: ObjectSecret, object: Uint8Array, contentBytes: number, place = PLACE) =>
  joined(openObject(secret, place, { contentBytes, range: { start: 0, end: contentBytes }, sealed: inChunks(object) }));

describe("sealed objects", () => {
  const secret = { objectKey: bytesOf(known.objectKey), header: bytesOf(known.header) };

  it.each(known.vectors)("of $contentBytes bytes are what another implementation makes of them", async (vector) => {
    const content = contentOf(vector.contentBytes);
    const object = await sealed(secret, content, known.place);
    expect(object.length).toBe(vector.sealedBytes);
    expect(object.length).toBe(sealedLength(vector.contentBytes));
    expect(Buffer.from(object.subarray(-32)).toString("hex")).toBe(vector.tail);
    expect(await sha256(object)).toBe(vector.sealedSha256);
    const commitment = await commitTo(secret, known.place, { mime: known.mime, contentBytes: vector.contentBytes });
    expect(Buffer.from(commitment).toString("hex")).toBe(vector.commitment);
    expect(isSame(await openAll(secret, object, vector.contentBytes, known.place), content)).toBe(true);
  });

  it.each(tink.vectors)("of $contentBytes bytes are what Tink makes of them", async ({ contentBytes, ...made }) => {
    const tinkSecret = { objectKey: bytesOf(tink.objectKey), header: bytesOf(made.header) };
    const content = contentOf(contentBytes);
    const object = await sealed(tinkSecret, content, tink.place);
    expect(Buffer.from(object.subarray(-16)).toString("hex")).toBe(made.tail);
    expect(await sha256(object)).toBe(made.sealedSha256);
    expect(isSame(await openAll(tinkSecret, object, contentBytes, tink.place), content)).toBe(true);
  });

  it("open at any range of any length, from the segments that hold it and no others", async () => {
    for (const length of LENGTHS.filter((length) => length > 0)) {
      const content = contentOf(length);
      const drawn = drawObjectSecret();
      const object = await sealed(drawn, content);
      const edges = fc.constantFrom(0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + NEXT, length - 1);
      const position = fc.oneof(edges, fc.nat(length - 1)).map((at) => Math.min(at, length - 1));
      await fc.assert(
        fc.asyncProperty(position, position, async (a, b) => {
          const range = { start: Math.min(a, b), end: Math.max(a, b) + 1 };
          const opened = await open(drawn, object, length, range);
          expect(isSame(opened, content.subarray(range.start, range.end))).toBe(true);
        }),
        { numRuns: 25 },
      );
    }
  });

  it("are the same however the content is cut on its way", async () => {
    const content = contentOf(700_000);
    const whole = await sha256(await sealed(secret, content));
    for (const size of [1_000, 65_536, FIRST, SEGMENT_BYTES, 700_000]) {
      expect(await sha256(await joined(sealObject(secret, PLACE, inChunks(content, size))))).toBe(whole);
    }
  });

  it("take no more bytes from the bucket than a range and two segments", () => {
    const gibibyte = 2 ** 30;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: gibibyte - 2 ** 20 }), (start) => {
        const fetched = sealedRangeOf(segmentsOf({ start, end: start + 2 ** 20 }), gibibyte);
        expect(fetched.end - fetched.start).toBeLessThanOrEqual(2 ** 20 + 2 * SEGMENT_BYTES);
      }),
    );
  });
});

describe("sealed objects fail closed", () => {
  const length = FIRST + NEXT + 5_000;
  const content = contentOf(length);
  const secret = drawObjectSecret();

  /** Whether opening fails, and gave nothing before that was not the content's own beginning. */
  async function failsClosed(object: Uint8Array, { contentBytes = length, with: opener = secret, place = PLACE } = {}) {
    const given: Uint8Array[] = [];
    try {
      const range = { start: 0, end: contentBytes };
      const opening = openObject(opener, place, { contentBytes, range, sealed: inChunks(object) });
      for await (const chunk of opening) given.push(chunk);
      return false;
    } catch (error) {
      const opened = new Uint8Array(Buffer.concat(given));
      return error instanceof ObjectBrokenError && isSame(opened, content.subarray(0, opened.length));
    }
  }

  it("where a bit is flipped, wherever it is", async () => {
    const object = await sealed(secret, content);
    for (const at of [0, 20, 39, 40, SEGMENT_BYTES - 1, SEGMENT_BYTES, 2 * SEGMENT_BYTES + 9, object.length - 1]) {
      const flipped = object.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      expect(await failsClosed(flipped)).toBe(true);
    }
  });

  it("where the end is cut off, at a segment's edge too", async () => {
    const object = await sealed(secret, content);
    for (const kept of [0, HEADER_BYTES, SEGMENT_BYTES, 2 * SEGMENT_BYTES, object.length - 1]) {
      expect(await failsClosed(object.subarray(0, kept))).toBe(true);
    }
  });

  it("where the row says a shorter length that ends at a segment's edge", async () => {
    const object = await sealed(secret, content);
    expect(await failsClosed(object.subarray(0, 2 * SEGMENT_BYTES), { contentBytes: FIRST + NEXT })).toBe(true);
  });

  it("where bytes or segments were added", async () => {
    const object = await sealed(secret, content);
    expect(await failsClosed(new Uint8Array([...object, 0]))).toBe(true);
    const more = await sealed(secret, contentOf(FIRST + 2 * NEXT + 5_000));
    expect(await failsClosed(more.subarray(0, object.length))).toBe(true);
  });

  it("where segments changed places", async () => {
    const three = await sealed(secret, contentOf(FIRST + 2 * NEXT + 1));
    const swapped = three.slice();
    swapped.set(three.subarray(SEGMENT_BYTES, 2 * SEGMENT_BYTES), 2 * SEGMENT_BYTES);
    swapped.set(three.subarray(2 * SEGMENT_BYTES, 3 * SEGMENT_BYTES), SEGMENT_BYTES);
    await expect(openAll(secret, swapped, FIRST + 2 * NEXT + 1)).rejects.toThrow(ObjectBrokenError);
  });

  it("where the object, its owner, its name or its deployment is another", async () => {
    const object = await sealed(secret, content);
    expect(await failsClosed(await sealed(drawObjectSecret(), content))).toBe(true);
    expect(await failsClosed(object, { with: drawObjectSecret() })).toBe(true);
    expect(await failsClosed(object, { place: { ...PLACE, ownerId: "somebody" } })).toBe(true);
    expect(await failsClosed(object, { place: { ...PLACE, key: "another" } })).toBe(true);
    expect(await failsClosed(object, { place: { ...PLACE, envId: "elsewhere" } })).toBe(true);
  });

  it("where the type or the length in the row is another: the commitment differs", async () => {
    const made = await commitTo(secret, PLACE, { mime: "image/png", contentBytes: 10 });
    expect(await commitTo(secret, PLACE, { mime: "text/plain", contentBytes: 10 })).not.toEqual(made);
    expect(await commitTo(secret, PLACE, { mime: "image/png", contentBytes: 9 })).not.toEqual(made);
    expect(await commitTo(drawObjectSecret(), PLACE, { mime: "image/png", contentBytes: 10 })).not.toEqual(made);
  });

  it("and never use a nonce twice under one key", () => {
    expect(segmentCount(2 ** 40)).toBeLessThan(2 ** 32);
    const drawn = Array.from({ length: 100 }, () => Buffer.from(drawObjectSecret().header).toString("hex"));
    expect(new Set(drawn).size).toBe(100);
  });
});
