/** Trouble on purpose: what tests of other parts rely on. */
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { BUCKET, clientOf, startTestObjects } from "./support.ts";

async function startWithObjects(...keys: string[]) {
  const objects = await startTestObjects();
  const s3 = clientOf(objects.url, { maxAttempts: 1 });
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Key }));
  return { ...objects, s3 };
}

const head = (s3: S3Client, Key: string) => s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key }));
const remove = (s3: S3Client, Key: string) => s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));

test("requests fail as often as asked, with the status asked for, and change nothing", async () => {
  const { s3, control } = await startWithObjects("k");
  await control({ failNext: 2 });
  await expect(remove(s3, "k")).rejects.toMatchObject({ name: "InternalError", $metadata: { httpStatusCode: 500 } });
  await control({ failStatus: 503 });
  await expect(remove(s3, "k")).rejects.toMatchObject({ name: "SlowDown", $metadata: { httpStatusCode: 503 } });
  await head(s3, "k");
  await remove(s3, "k");
});

test("trouble can be kept to some operations", async () => {
  const { s3, control } = await startWithObjects("k");
  await control({ only: ["DeleteObject"], failNext: 1 });
  await head(s3, "k");
  await expect(remove(s3, "k")).rejects.toMatchObject({ name: "InternalError" });
});

test("the official client gets over failures by itself", async () => {
  const { url, control } = await startWithObjects("k");
  await control({ failNext: 2 });
  expect((await head(clientOf(url), "k")).$metadata.attempts).toBe(3);
});

test("an answer can be lost after the fact: the request took effect", async () => {
  const { s3, control } = await startWithObjects("k");
  const { log } = await control({ clearLog: true, dropNext: 1 });
  expect(log).toEqual([]);
  await expect(remove(s3, "k")).rejects.toMatchObject({ code: "ECONNRESET" });
  await expect(head(s3, "k")).rejects.toMatchObject({ name: "NotFound" });
  await remove(s3, "k");
  expect((await control({})).log.map(({ operation, status }) => [operation, status])).toEqual([
    ["DeleteObject", null],
    ["HeadObject", 404],
    ["DeleteObject", 204],
  ]);
});

test("a multi-delete can fail for some keys and succeed for the others", async () => {
  const { s3, control } = await startWithObjects("a", "b", "c");
  await control({ failKeys: ["b"] });
  const removeAll = () =>
    s3.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: ["a", "b", "c"].map((Key) => ({ Key })) } }));
  const first = await removeAll();
  expect(first.Deleted?.map(({ Key }) => Key)).toEqual(["a", "c"]);
  expect(first.Errors).toEqual([expect.objectContaining({ Key: "b", Code: "InternalError" })]);
  await head(s3, "b");
  await control({ reset: true });
  expect((await removeAll()).Errors).toBeUndefined();
});

test("answers and bodies can be slow, and are whole all the same", async () => {
  const { s3, control } = await startWithObjects("slow body");
  const startedMs = performance.now();
  await control({ delayMs: 60, bytesPerSecond: 100 });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: "slow body" }));
  expect(await Body!.transformToString()).toBe("slow body");
  // Sleeping is a lower bound, whatever else the machine does: 60 ms and nine bytes at 10 ms each, less timer rounding.
  expect(performance.now() - startedMs).toBeGreaterThan(140);
});

test("pages of a listing can be made short", async () => {
  const { s3, control } = await startWithObjects("a", "b", "c");
  await control({ largestPage: 2 });
  const page = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  expect([page.Contents?.map(({ Key }) => Key), page.IsTruncated]).toEqual([["a", "b"], true]);
});

test("the log tells what was asked and how many bytes went out", async () => {
  const { s3, url, control } = await startWithObjects("twelve bytes");
  await control({ clearLog: true });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: "twelve bytes", Range: "bytes=2-6" }));
  await Body!.transformToByteArray();
  await fetch(`${url}/${BUCKET}/secret`);
  const { log } = await control({});
  expect(log).toEqual([
    {
      atMs: expect.any(Number),
      operation: "GetObject",
      key: "twelve bytes",
      status: 206,
      errorCode: null,
      sentBytes: 5,
    },
    { atMs: expect.any(Number), operation: null, key: "secret", status: 403, errorCode: "AccessDenied", sentBytes: 0 },
  ]);
});

test("the log keeps the newest thousand requests", async () => {
  const { url, control } = await startWithObjects();
  for (let i = 0; i < 1010; i++) await (await fetch(`${url}/${BUCKET}/${i}`)).body?.cancel();
  const { log } = await control({});
  expect([log.length, log[0]?.key, log.at(-1)?.key]).toEqual([1000, "10", "1009"]);
});

test("trouble takes the admin key, and only what it knows", async () => {
  const { url, control } = await startWithObjects();
  const unsigned = await fetch(`${url}/_control`, { method: "POST", body: "{}" });
  expect(unsigned.status).toBe(401);
  expect(await control({ failNextt: 1 })).toMatchObject({ error: expect.stringContaining("failNextt") });
  expect(await control({ failNext: -1 })).toMatchObject({ error: expect.stringContaining("failNext") });
});
