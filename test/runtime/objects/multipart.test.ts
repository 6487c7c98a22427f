import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { expect, test } from "vitest";
import { BUCKET, filesOnDisk, MIB, patternedBytes, startTestObjects } from "./support.ts";

const PART_BYTES = 5 * MIB;

async function begin(s3: S3Client, Key = "k", more: object = {}) {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key, ...more }));
  const upload = { Bucket: BUCKET, Key, UploadId };
  return {
    part: async (PartNumber: number, Body: Buffer) => ({
      PartNumber,
      ETag: (await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }))).ETag,
    }),
    complete: (Parts: { PartNumber: number; ETag: string | undefined }[], more: object = {}) =>
      s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more })),
    abort: () => s3.send(new AbortMultipartUploadCommand(upload)),
    parts: (more: object = {}) => s3.send(new ListPartsCommand({ ...upload, ...more })),
  };
}

async function read(s3: S3Client, Key = "k", Range?: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, ...(Range ? { Range } : {}) }));
  return Buffer.from(await Body!.transformToByteArray());
}

async function uploadsUnderWay(s3: S3Client, more: object = {}) {
  return s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, ...more }));
}

test("the official uploader's stream comes back whole and in any range across its parts", async () => {
  const { s3 } = await startTestObjects();
  const body = patternedBytes(12 * MIB + 123);
  const params = { Bucket: BUCKET, Key: "k", Body: Readable.from([body]), ContentType: "video/mp4" };
  const done = await new Upload({ client: s3, params }).done();
  expect(done.ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
  expect((await read(s3)).equals(body)).toBe(true);
  for (const [start, end] of [
    [0, 1],
    [PART_BYTES - 1, PART_BYTES],
    [PART_BYTES - 3, 2 * PART_BYTES + 3],
    [body.length - 1, body.length - 1],
  ] as const)
    expect((await read(s3, "k", `bytes=${start}-${end}`)).equals(body.subarray(start, end + 1))).toBe(true);
});

test("parts may come in any order and again; the last of each number counts, and what is not listed is dropped", async () => {
  const { s3, dataDir } = await startTestObjects();
  const upload = await begin(s3, "k", { Metadata: { a: "1" } });
  const [one, two] = [Buffer.alloc(PART_BYTES, 1), Buffer.alloc(100, 2)];
  const last = await upload.part(2, two);
  await upload.part(1, Buffer.alloc(PART_BYTES, 9));
  const first = await upload.part(1, one);
  await upload.part(7, Buffer.alloc(10));
  expect((await upload.parts()).Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, PART_BYTES],
    [2, 100],
    [7, 10],
  ]);

  const done = await upload.complete([first, last]);
  const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest();
  expect(done.ETag).toBe(`"${md5(Buffer.concat([md5(one), md5(two)])).toString("hex")}-2"`);
  expect((await read(s3)).equals(Buffer.concat([one, two]))).toBe(true);
  expect(await filesOnDisk(dataDir)).toHaveLength(2);
});

test("completing an upload replaces the object at once, and its old bytes go", async () => {
  const { s3, dataDir } = await startTestObjects();
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "k", Body: "old" }));
  const upload = await begin(s3);
  const part = await upload.part(1, Buffer.from("new"));
  expect((await read(s3)).toString()).toBe("old");
  await upload.complete([part]);
  expect((await read(s3)).toString()).toBe("new");
  expect(await filesOnDisk(dataDir)).toHaveLength(1);
});

test("an aborted upload leaves nothing, and takes nothing more", async () => {
  const { s3, dataDir } = await startTestObjects();
  const upload = await begin(s3);
  const part = await upload.part(1, Buffer.from("bytes"));
  await upload.abort();
  expect(await filesOnDisk(dataDir)).toEqual([]);
  expect((await uploadsUnderWay(s3)).Uploads ?? []).toEqual([]);
  const noSuchUpload = { name: "NoSuchUpload", $metadata: { httpStatusCode: 404 } };
  await expect(upload.part(2, Buffer.from("late"))).rejects.toMatchObject(noSuchUpload);
  await expect(upload.complete([part])).rejects.toMatchObject(noSuchUpload);
  await expect(upload.abort()).rejects.toMatchObject(noSuchUpload);
  expect(await filesOnDisk(dataDir)).toEqual([]);
});

test("an upload is completed once", async () => {
  const { s3 } = await startTestObjects();
  const upload = await begin(s3);
  const part = await upload.part(1, Buffer.from("bytes"));
  await upload.complete([part]);
  await expect(upload.complete([part])).rejects.toMatchObject({ name: "NoSuchUpload" });
  await expect(upload.part(1, Buffer.from("late"))).rejects.toMatchObject({ name: "NoSuchUpload" });
  expect((await read(s3)).toString()).toBe("bytes");
});

test("a list of parts that cannot be is refused, and the upload goes on", async () => {
  const { s3 } = await startTestObjects();
  const upload = await begin(s3);
  const one = await upload.part(1, Buffer.alloc(PART_BYTES, 1));
  const two = await upload.part(2, Buffer.alloc(PART_BYTES + 1, 2));
  const small = await upload.part(3, Buffer.alloc(10, 3));
  const four = await upload.part(4, Buffer.alloc(10, 4));
  await expect(upload.complete([two, one])).rejects.toMatchObject({ name: "InvalidPartOrder" });
  await expect(upload.complete([one, one])).rejects.toMatchObject({ name: "InvalidPartOrder" });
  await expect(upload.complete([one, { ...small, ETag: one.ETag }])).rejects.toMatchObject({ name: "InvalidPart" });
  await expect(upload.complete([one, { ...small, PartNumber: 9 }])).rejects.toMatchObject({ name: "InvalidPart" });
  await expect(upload.complete([small, four])).rejects.toMatchObject({ name: "EntityTooSmall" });
  // R2 alone wants parts of one length.
  await expect(upload.complete([one, two, small])).rejects.toMatchObject({ name: "InvalidPart" });
  await expect(upload.complete([])).rejects.toMatchObject({ name: "MalformedXML" });
  await upload.complete([one, small]);
  expect(await read(s3)).toHaveLength(PART_BYTES + 10);
});

test("an upload can be bound to the key being new", async () => {
  const { s3 } = await startTestObjects();
  const upload = await begin(s3);
  const part = await upload.part(1, Buffer.from("late"));
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "k", Body: "first" }));
  await expect(upload.complete([part], { IfNoneMatch: "*" })).rejects.toMatchObject({ name: "PreconditionFailed" });
  expect((await read(s3)).toString()).toBe("first");
});

test("checksums of parts are checked, and make up the object's", async () => {
  const { s3 } = await startTestObjects();
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: "k", ChecksumAlgorithm: "SHA256" }),
  );
  const upload = { Bucket: BUCKET, Key: "k", UploadId };
  const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest();
  const bytes = Buffer.from("bytes");
  const ChecksumSHA256 = sha256(bytes).toString("base64");
  const put = (more: object) => s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: bytes, ...more }));
  await expect(put({ ChecksumSHA256: sha256(Buffer.from("other")).toString("base64") })).rejects.toMatchObject({
    name: "BadDigest",
  });
  await expect(put({ ChecksumAlgorithm: "CRC32" })).rejects.toMatchObject({ name: "InvalidRequest" });
  const { ETag } = await put({ ChecksumSHA256 });

  const complete = (more: object, part: object = { ChecksumSHA256 }) =>
    s3.send(
      new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ...part }] },
        ...more,
      }),
    );
  await expect(complete({}, { ChecksumSHA256: "AAAA" })).rejects.toMatchObject({ name: "InvalidPart" });
  await expect(complete({ ChecksumSHA256: "AAAA" })).rejects.toMatchObject({ name: "BadDigest" });
  const whole = `${sha256(sha256(bytes)).toString("base64")}-1`;
  expect(await complete({ ChecksumSHA256: whole })).toMatchObject({ ChecksumSHA256: whole, ChecksumType: "COMPOSITE" });
});

test("a reader that has begun gets every part, though the object is deleted meanwhile", async () => {
  const { s3, dataDir } = await startTestObjects();
  const body = patternedBytes(24 * MIB);
  await new Upload({ client: s3, params: { Bucket: BUCKET, Key: "k", Body: body } }).done();
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: "k" }));
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "k" }));
  expect(Buffer.from(await Body!.transformToByteArray()).equals(body)).toBe(true);
  await expect.poll(() => filesOnDisk(dataDir)).toEqual([]);
});

test("a reader that leaves half-way does not keep the bytes of a deleted object", async () => {
  const { s3, dataDir } = await startTestObjects();
  await new Upload({ client: s3, params: { Bucket: BUCKET, Key: "k", Body: patternedBytes(24 * MIB) } }).done();
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: "k" }));
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "k" }));
  expect(await filesOnDisk(dataDir)).not.toEqual([]);
  (Body as Readable).destroy();
  await expect.poll(() => filesOnDisk(dataDir)).toEqual([]);
});

test("a checksum over the whole object of an upload in parts is refused, not ignored", async () => {
  const { s3 } = await startTestObjects();
  const command = { Bucket: BUCKET, Key: "k", ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" } as const;
  await expect(s3.send(new CreateMultipartUploadCommand(command))).rejects.toMatchObject({ name: "NotImplemented" });
});

test("uploads and parts are listed in pages", async () => {
  const { s3 } = await startTestObjects();
  const uploads = [];
  for (const key of ["a", "b/1", "b/2", "b/2", "c"]) uploads.push(await begin(s3, key));
  for (const number of [1, 2, 3]) await uploads[0]!.part(number, Buffer.from("x"));

  const seen: (string | undefined)[] = [];
  let page = await uploadsUnderWay(s3, { MaxUploads: 2 });
  while (true) {
    seen.push(...(page.Uploads ?? []).map(({ Key }) => Key));
    if (!page.IsTruncated) break;
    page = await uploadsUnderWay(s3, {
      MaxUploads: 2,
      KeyMarker: page.NextKeyMarker,
      UploadIdMarker: page.NextUploadIdMarker,
    });
  }
  expect(seen).toEqual(["a", "b/1", "b/2", "b/2", "c"]);
  expect((await uploadsUnderWay(s3, { Prefix: "b/" })).Uploads?.map(({ Key }) => Key)).toEqual(["b/1", "b/2", "b/2"]);

  const first = await uploads[0]!.parts({ MaxParts: 2 });
  expect([first.Parts?.map(({ PartNumber }) => PartNumber), first.IsTruncated]).toEqual([[1, 2], true]);
  const second = await uploads[0]!.parts({ PartNumberMarker: first.NextPartNumberMarker });
  expect([second.Parts?.map(({ PartNumber }) => PartNumber), second.IsTruncated]).toEqual([[3], false]);
});

test.each([0, 10_001])("part number %i is refused", async (number) => {
  const { s3 } = await startTestObjects();
  const upload = await begin(s3);
  await expect(upload.part(number, Buffer.from("x"))).rejects.toMatchObject({ name: "InvalidArgument" });
});
