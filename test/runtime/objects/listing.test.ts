import { ListObjectsV2Command, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { StoredObject } from "../../../src/runtime/objects/catalogue.ts";
import { afterPrefix, type ListPage, listPage, type Position } from "../../../src/runtime/objects/listing.ts";
import { BUCKET, startTestObjects } from "./support.ts";

const utf8 = (text: string) => Buffer.from(text);
const inOrder = (a: string, b: string) => Buffer.compare(utf8(a), utf8(b));

/** Few characters, so that prefixes and delimiters meet; some are sorted differently by UTF-16 and by UTF-8. */
const anyKey = fc.string({
  unit: fc.constantFrom("a", "b", "/", "-", "\u{FFFD}", "\u{1F3AC}", "\u{D7FF}", "\u{10FFFF}"),
  minLength: 1,
  maxLength: 5,
});

/** A bucket in memory that reads as the catalogue does, and counts its reads. */
function memoryBucket(keys: string[]) {
  const objects = keys.toSorted(inOrder).map((key) => ({ key }) as StoredObject);
  let reads = 0;
  const read = ({ from, inclusive }: Position, endKey: string | null, most: number) => {
    reads += 1;
    return objects
      .filter(({ key }) => inOrder(key, from) > 0 || (inclusive && key === from))
      .filter(({ key }) => endKey === null || inOrder(key, endKey) < 0)
      .slice(0, most);
  };
  return { read, reads: () => reads };
}

/** What a listing shows in all, told plainly. */
function expectedListing(keys: string[], prefix: string, delimiter: string | null) {
  const within = keys.filter((key) => key.startsWith(prefix)).toSorted(inOrder);
  const foldOf = (key: string) => {
    const at = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
    return at < 0 ? null : key.slice(0, at + delimiter!.length);
  };
  return {
    keys: within.filter((key) => foldOf(key) === null),
    prefixes: [...new Set(within.map(foldOf).filter((fold) => fold !== null))],
  };
}

test("pages of any size show each key and each folded prefix once, in order", () => {
  const anyListing = fc.record({
    keys: fc.uniqueArray(anyKey, { maxLength: 30 }),
    prefix: fc.oneof(fc.constant(""), anyKey),
    delimiter: fc.constantFrom(null, "/", "-", "ab", "\u{10FFFF}"),
    most: fc.integer({ min: 1, max: 8 }),
  });
  fc.assert(
    fc.property(anyListing, ({ keys, prefix, delimiter, most }) => {
      const { read } = memoryBucket(keys);
      const pages: ListPage[] = [];
      let start: Position | null = { from: "", inclusive: false };
      while (start) {
        const page: ListPage = listPage(read, { prefix, delimiter, start, most });
        pages.push(page);
        start = page.next;
      }
      const shown = {
        keys: pages.flatMap((page) => page.objects.map(({ key }) => key)),
        prefixes: pages.flatMap((page) => page.commonPrefixes),
      };
      expect(shown).toEqual(expectedListing(keys, prefix, delimiter));
      for (const page of pages.slice(0, -1)) expect(page.objects.length + page.commonPrefixes.length).toBe(most);
      expect(pages.length).toBe(Math.max(1, Math.ceil((shown.keys.length + shown.prefixes.length) / most)));
    }),
    { numRuns: 500 },
  );
});

test("a folded prefix costs one read, however many keys share it", () => {
  const keys = ["a", "b", "c"].flatMap((folder) => Array.from({ length: 1000 }, (_, i) => `${folder}/${i}`));
  const { read, reads } = memoryBucket(keys);
  const page = listPage(read, { prefix: "", delimiter: "/", start: { from: "", inclusive: false }, most: 100 });
  expect(page.commonPrefixes).toEqual(["a/", "b/", "c/"]);
  expect(reads()).toBeLessThanOrEqual(4);
});

test("what comes after a prefix comes after all that begins with it, and before all that follows", () => {
  fc.assert(
    fc.property(anyKey, anyKey, (prefix, key) => {
      const after = afterPrefix(prefix);
      const isBefore = after === null || inOrder(key, after) < 0;
      expect(isBefore).toBe(key.startsWith(prefix) || inOrder(key, prefix) < 0);
    }),
    { numRuns: 1000 },
  );
});

async function list(s3: S3Client, more: object = {}) {
  return s3.send(new ListObjectsV2Command({ Bucket: BUCKET, ...more }));
}

test("the official client pages through a bucket", async () => {
  const { s3 } = await startTestObjects();
  const keys = ["a", "b/1", "b/2", "b/\u{1F3AC}", "b/\u{FFFD}", "c & d", "d/1"];
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Key }));
  const seen: (string | undefined)[] = [];
  let page = await list(s3, { MaxKeys: 2 });
  while (true) {
    expect([page.MaxKeys, page.KeyCount]).toEqual([2, page.Contents?.length]);
    seen.push(...(page.Contents ?? []).map(({ Key }) => Key));
    if (!page.IsTruncated) break;
    page = await list(s3, { MaxKeys: 2, ContinuationToken: page.NextContinuationToken });
  }
  expect(seen).toEqual(keys.toSorted(inOrder));

  const folded = await list(s3, { Delimiter: "/" });
  expect(folded.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(["b/", "d/"]);
  expect(folded.Contents?.map(({ Key }) => Key)).toEqual(["a", "c & d"]);
  expect((await list(s3, { Prefix: "b/", StartAfter: "b/1" })).Contents?.map(({ Key }) => Key)).toEqual([
    "b/2",
    "b/\u{FFFD}",
    "b/\u{1F3AC}",
  ]);
  const [first] = (await list(s3)).Contents!;
  expect(first).toMatchObject({ Key: "a", Size: 1, ETag: expect.stringMatching(/^"[0-9a-f]{32}"$/) });
});

test("an empty bucket, a page of none and keys in URL encoding are answered", async () => {
  const { s3 } = await startTestObjects();
  expect(await list(s3)).toMatchObject({ KeyCount: 0, IsTruncated: false });
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "a b/\n", Body: "x" }));
  expect(await list(s3, { MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false });
  expect((await list(s3, { EncodingType: "url" })).Contents?.[0]?.Key).toBe("a%20b/%0A");
  expect((await list(s3)).Contents?.[0]?.Key).toBe("a b/\n");
});

test.each([
  [{ ContinuationToken: "made up" }, "InvalidArgument"],
  [{ MaxKeys: -1 }, "InvalidArgument"],
  [{ EncodingType: "base64" }, "InvalidArgument"],
  [{ FetchOwner: true }, "NotImplemented"],
])("a listing with %j is refused", async (more, name) => {
  const { s3 } = await startTestObjects();
  await expect(list(s3, more)).rejects.toMatchObject({ name });
});
