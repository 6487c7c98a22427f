/** Objects through the official client, made as anybody would make it. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { BUCKET, filesOnDisk, MIB, patternedBytes, startTestObjects } from "./support.ts";

async function put(s3: S3Client, Key: string, Body: string | Buffer = Key, more: object = {}) {
  return s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));
}

async function get(s3: S3Client, Key: string, more: object = {}) {
  const { Body, $metadata, ...rest } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, ...more }));
  return { bytes: Buffer.from(await Body!.transformToByteArray()), status: $metadata.httpStatusCode, ...rest };
}

test("an object comes back as it was put, with its type, metadata, ETag and checksum", async () => {
  const { s3 } = await startTestObjects();
  const body = patternedBytes(300_000);
  const stored = await put(s3, "a/b.png", body, {
    ContentType: "image/png",
    CacheControl: "private",
    Metadata: { "seal-version": "1" },
  });
  const etag = `"${createHash("md5").update(body).digest("hex")}"`;
  expect(stored.ETag).toBe(etag);

  const got = await get(s3, "a/b.png");
  expect(got.bytes.equals(body)).toBe(true);
  expect(got).toMatchObject({
    status: 200,
    ETag: etag,
    ContentType: "image/png",
    ContentLength: body.length,
    CacheControl: "private",
    Metadata: { "seal-version": "1" },
    ChecksumCRC32: stored.ChecksumCRC32,
  });
  const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: "a/b.png" }));
  expect(head).toMatchObject({ ETag: etag, ContentLength: body.length, AcceptRanges: "bytes" });
});

test("a stream is put with the client's default checksum behind it", async () => {
  const { s3 } = await startTestObjects();
  const body = patternedBytes(3 * MIB);
  const chunks = Array.from({ length: 30 }, (_, i) =>
    body.subarray((i * body.length) / 30, ((i + 1) * body.length) / 30),
  );
  await s3.send(
    new PutObjectCommand({ Bucket: BUCKET, Key: "streamed", Body: Readable.from(chunks), ContentLength: body.length }),
  );
  const got = await get(s3, "streamed");
  expect(got.bytes.equals(body)).toBe(true);
  expect(got.ContentEncoding).toBeUndefined();
});

test.each(["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const)(
  "%s is checked, kept and served",
  async (name) => {
    const { s3 } = await startTestObjects();
    const stored = await put(s3, "k", "123456789", { ChecksumAlgorithm: name });
    const value = stored[`Checksum${name}`];
    expect(value).toMatch(/^[A-Za-z0-9+/]+=*$/);
    const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: "k", ChecksumMode: "ENABLED" }));
    expect(head).toMatchObject({ [`Checksum${name}`]: value, ChecksumType: "FULL_OBJECT" });
    await expect(put(s3, "k", "other bytes", { [`Checksum${name}`]: value })).rejects.toMatchObject({
      name: "BadDigest",
    });
    expect((await get(s3, "k")).bytes.toString()).toBe("123456789");
  },
);

test("keys keep every character, and neither meet nor leave the data folder", async () => {
  const { s3, dataDir } = await startTestObjects();
  const keys = [
    "../../etc/x",
    "a b+c%20d",
    "é/ü/漢字/🎬",
    `q?&<>"'=;`,
    "//double//",
    " ends with space ",
    "line\nbreak\r",
    "&copy; &amp;",
    "007",
  ];
  for (const key of keys) await put(s3, key);
  for (const key of keys) expect((await get(s3, key)).bytes.toString()).toBe(key);
  const names = await filesOnDisk(dataDir);
  expect(names).toHaveLength(keys.length);
  expect(names.every((name) => /^[0-9a-f]{32}$/.test(name))).toBe(true);

  const { Deleted } = await s3.send(
    new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: keys.map((Key) => ({ Key })) } }),
  );
  expect(Deleted?.map(({ Key }) => Key)).toEqual(keys);
  expect(await filesOnDisk(dataDir)).toEqual([]);
});

test("an empty object is an object", async () => {
  const { s3 } = await startTestObjects();
  await put(s3, "empty", "");
  expect(await get(s3, "empty")).toMatchObject({ status: 200, bytes: Buffer.alloc(0), ContentLength: 0 });
});

test("a range of an object is a 206 that says where it lies; one beyond the end is a 416", async () => {
  const { s3 } = await startTestObjects();
  const body = patternedBytes(1_000_000);
  await put(s3, "k", body);
  for (const [Range, start, end] of [
    ["bytes=0-1", 0, 2],
    ["bytes=-1", 999_999, 1_000_000],
    ["bytes=300000-900000", 300_000, 900_001],
  ] as const) {
    const got = await get(s3, "k", { Range });
    expect(got).toMatchObject({
      status: 206,
      ContentRange: `bytes ${start}-${end - 1}/1000000`,
      ContentLength: end - start,
    });
    expect(got.bytes.equals(body.subarray(start, end))).toBe(true);
  }
  expect((await get(s3, "k", { Range: "bytes=5-2" })).status).toBe(200);
  await expect(get(s3, "k", { Range: "bytes=1000000-" })).rejects.toMatchObject({
    name: "InvalidRange",
    $metadata: { httpStatusCode: 416 },
  });
});

test("a conditional get serves, spares or refuses", async () => {
  const { s3 } = await startTestObjects();
  const { ETag } = await put(s3, "k");
  expect((await get(s3, "k", { IfMatch: ETag })).status).toBe(200);
  expect((await get(s3, "k", { IfNoneMatch: '"other"' })).status).toBe(200);
  await expect(get(s3, "k", { IfNoneMatch: ETag })).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
  await expect(get(s3, "k", { IfMatch: '"other"' })).rejects.toMatchObject({ name: "PreconditionFailed" });
  await expect(get(s3, "k", { IfModifiedSince: new Date(Date.now() + 5000) })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 304 },
  });
  await expect(get(s3, "k", { IfUnmodifiedSince: new Date(0) })).rejects.toMatchObject({ name: "PreconditionFailed" });
});

test("of many writers that want a new key only one gets it, and the others leave nothing", async () => {
  const { s3, dataDir } = await startTestObjects();
  const writers = Array.from({ length: 12 }, (_, i) => put(s3, "k", `writer ${i}`, { IfNoneMatch: "*" }));
  const outcomes = await Promise.allSettled(writers);
  const won = outcomes.flatMap((outcome, i) => (outcome.status === "fulfilled" ? [i] : []));
  const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.name] : []));
  expect([won.length, reasons]).toEqual([1, Array(11).fill("PreconditionFailed")]);
  expect((await get(s3, "k")).bytes.toString()).toBe(`writer ${won[0]}`);
  expect(await filesOnDisk(dataDir)).toHaveLength(1);
});

test("a write or removal bound to an ETag happens to that version only", async () => {
  const { s3 } = await startTestObjects();
  const { ETag } = await put(s3, "k", "one");
  await put(s3, "k", "two", { IfMatch: ETag });
  await expect(put(s3, "k", "three", { IfMatch: ETag })).rejects.toMatchObject({ name: "PreconditionFailed" });
  await expect(put(s3, "none", "x", { IfMatch: ETag })).rejects.toMatchObject({ name: "NoSuchKey" });
  const remove = (IfMatch: string | undefined) =>
    s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "k", IfMatch }));
  await expect(remove(ETag)).rejects.toMatchObject({ name: "PreconditionFailed" });
  expect((await get(s3, "k")).bytes.toString()).toBe("two");
  await remove(createHash("md5").update("two").digest("hex"));
  await expect(get(s3, "k")).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("deleting is final for the bytes too, and harmless when repeated", async () => {
  const { s3, dataDir } = await startTestObjects();
  await put(s3, "k", patternedBytes(1000));
  await put(s3, "k", patternedBytes(2000));
  expect(await filesOnDisk(dataDir)).toHaveLength(1);
  for (let i = 0; i < 2; i++) {
    const { $metadata } = await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "k" }));
    expect($metadata.httpStatusCode).toBe(204);
  }
  expect(await filesOnDisk(dataDir)).toEqual([]);
});

test("a thousand keys are deleted in one request, answered one by one or quietly", async () => {
  const { s3 } = await startTestObjects();
  const keys = Array.from({ length: 1000 }, (_, i) => `${"&".repeat(20)}${i}`);
  for (const key of keys.slice(0, 5)) await put(s3, key, "x");
  const remove = (Quiet: boolean, Objects = keys.map((Key) => ({ Key }))) =>
    s3.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Quiet, Objects } }));
  expect((await remove(false)).Deleted?.map(({ Key }) => Key)).toEqual(keys);
  expect((await remove(true)).Deleted ?? []).toEqual([]);
  await expect(
    remove(
      false,
      [...keys, "one more"].map((Key) => ({ Key })),
    ),
  ).rejects.toMatchObject({ name: "MalformedXML" });
});

test("an object survives a restart", async () => {
  const first = await startTestObjects();
  await put(first.s3, "k", "kept", { Metadata: { a: "1" } });
  await first.close();
  const second = await startTestObjects({ dataDir: first.dataDir });
  expect(await get(second.s3, "k")).toMatchObject({ bytes: Buffer.from("kept"), Metadata: { a: "1" } });
  expect(second.lines).toEqual([]);
});

test("there is one bucket, from the start", async () => {
  const { s3 } = await startTestObjects();
  await s3.send(new HeadBucketCommand({ Bucket: BUCKET }));
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await expect(s3.send(new HeadBucketCommand({ Bucket: "other" }))).rejects.toMatchObject({ name: "NotFound" });
  await expect(s3.send(new CreateBucketCommand({ Bucket: "other" }))).rejects.toMatchObject({ name: "TooManyBuckets" });
  await expect(s3.send(new GetObjectCommand({ Bucket: "other", Key: "k" }))).rejects.toMatchObject({
    name: "NoSuchBucket",
  });
});

test("what this store does not implement is refused, never ignored", async () => {
  const { s3 } = await startTestObjects();
  const notImplemented = { name: "NotImplemented", $metadata: { httpStatusCode: 501 } };
  await expect(put(s3, "k", "x", { ACL: "public-read" })).rejects.toMatchObject(notImplemented);
  await expect(put(s3, "k", "x", { ServerSideEncryption: "AES256" })).rejects.toMatchObject(notImplemented);
  await expect(put(s3, "k", "x", { Tagging: "a=b" })).rejects.toMatchObject(notImplemented);
  await expect(get(s3, "k", { VersionId: "1" })).rejects.toMatchObject(notImplemented);
  await expect(s3.send(new ListObjectsCommand({ Bucket: BUCKET }))).rejects.toMatchObject(notImplemented);
  const copy = new CopyObjectCommand({ Bucket: BUCKET, Key: "k", CopySource: `${BUCKET}/other` });
  await expect(s3.send(copy)).rejects.toMatchObject(notImplemented);
  await expect(get(s3, "k")).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("keys and metadata beyond R2's limits are refused", async () => {
  const { s3 } = await startTestObjects();
  await put(s3, "k".repeat(1024), "x");
  await expect(put(s3, "k".repeat(1025), "x")).rejects.toMatchObject({ name: "KeyTooLongError" });
  await expect(put(s3, "k\u0001", "x")).rejects.toMatchObject({ name: "InvalidURI" });
  await put(s3, "k", "x", { Metadata: { a: "v".repeat(8191) } });
  await expect(put(s3, "k", "x", { Metadata: { a: "v".repeat(8192) } })).rejects.toMatchObject({
    name: "MetadataTooLarge",
  });
});
