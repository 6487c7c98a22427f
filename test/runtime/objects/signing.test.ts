/** Who gets in over the wire: the official client with the right keys, presigned URLs, and nobody else. */
import { request } from "node:http";
import { crc32 } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { AwsClient } from "aws4fetch";
import { expect, test } from "vitest";
import { APP_ORIGIN, BUCKET, CREDENTIALS, clientOf, errorCode, filesOnDisk, startTestObjects } from "./support.ts";

const HOUR_MS = 3_600_000;

function put(s3: S3Client, Key: string, Body: string) {
  return s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
}

function presignedGet(s3: S3Client, options: { expiresIn: number; signingDate?: Date }) {
  return getSignedUrl(s3, new GetObjectCommand({ Bucket: BUCKET, Key: "k" }), options);
}

test("[A20] nothing in the bucket is reached without a signature", async () => {
  const { s3, url, dataDir } = await startTestObjects();
  await put(s3, "k", "private");
  for (const [method, path] of [
    ["GET", "/media/k"],
    ["HEAD", "/media/k"],
    ["PUT", "/media/k"],
    ["DELETE", "/media/k"],
    ["GET", "/media?list-type=2"],
    ["GET", "/"],
    ["POST", "/media?delete"],
    ["POST", "/media/k?uploads"],
  ] as const) {
    const response = await fetch(url + path, { method, ...(method.startsWith("P") ? { body: "x" } : {}) });
    const code = method === "HEAD" ? "AccessDenied" : await errorCode(response);
    expect([method, path, response.status, code]).toEqual([method, path, 403, "AccessDenied"]);
  }
  expect(await filesOnDisk(dataDir)).toHaveLength(1);
});

test("a wrong secret, an unknown key and a clock that is off are refused as S3 refuses them", async () => {
  const { url } = await startTestObjects();
  const list = (config: object) =>
    clientOf(url, { maxAttempts: 1, ...config }).send(new ListObjectsV2Command({ Bucket: BUCKET }));
  await expect(list({ credentials: { ...CREDENTIALS, secretAccessKey: "wrong" } })).rejects.toMatchObject({
    name: "SignatureDoesNotMatch",
    $metadata: { httpStatusCode: 403 },
  });
  await expect(list({ credentials: { ...CREDENTIALS, accessKeyId: "AKIAOTHER" } })).rejects.toMatchObject({
    name: "InvalidAccessKeyId",
  });
  await expect(list({ systemClockOffset: -HOUR_MS })).rejects.toMatchObject({ name: "RequestTimeTooSkewed" });
  await expect(list({ systemClockOffset: HOUR_MS })).rejects.toMatchObject({ name: "RequestTimeTooSkewed" });
  await expect(list({ region: "eu-west-1" })).rejects.toMatchObject({ name: "AuthorizationHeaderMalformed" });
});

test("a presigned get serves anyone who holds the URL, until it expires", async () => {
  const { s3 } = await startTestObjects();
  await put(s3, "k", "private");
  const good = await presignedGet(s3, { expiresIn: 60 });
  expect(await (await fetch(good)).text()).toBe("private");
  const ranged = await fetch(good, { headers: { range: "bytes=0-2" } });
  expect([ranged.status, await ranged.text()]).toEqual([206, "pri"]);

  const expired = await fetch(await presignedGet(s3, { expiresIn: 60, signingDate: new Date(Date.now() - 61_000) }));
  expect([expired.status, await errorCode(expired)]).toEqual([403, "AccessDenied"]);
});

test("a presigned URL that was altered serves nothing", async () => {
  const { s3 } = await startTestObjects();
  await put(s3, "k", "private");
  await put(s3, "kk", "of somebody else");
  const signingDate = new Date();
  const url = await presignedGet(s3, { expiresIn: 60, signingDate });
  const stamp = (date: Date) => date.toISOString().replace(/[-:]|\.\d+/g, "");
  expect(url).toContain(stamp(signingDate));
  const altered = [
    url.replace("/k?", "/kk?"),
    url.replace("Expires=60", "Expires=61"),
    `${url}&response-content-type=text/html`,
    url.replace(stamp(signingDate), stamp(new Date(signingDate.getTime() + 1000))),
  ];
  for (const other of altered) {
    const response = await fetch(other);
    expect(response.status).toBe(403);
    expect(await errorCode(response)).toMatch(/^(SignatureDoesNotMatch|AccessDenied)$/);
  }
  const asPut = await fetch(url, { method: "PUT", body: "mine" });
  expect(await errorCode(asPut)).toBe("SignatureDoesNotMatch");
});

test("a presigned put takes the bytes whose checksum was signed, and no others", async () => {
  const { s3, dataDir } = await startTestObjects();
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32("sealed"));
  const command = new PutObjectCommand({ Bucket: BUCKET, Key: "k", ChecksumCRC32: checksum.toString("base64") });
  const url = await getSignedUrl(s3, command, { expiresIn: 60 });
  const other = await fetch(url, { method: "PUT", body: "swapped" });
  expect([other.status, await errorCode(other)]).toEqual([400, "BadDigest"]);
  expect(await filesOnDisk(dataDir)).toEqual([]);
  expect((await fetch(url, { method: "PUT", body: "sealed" })).status).toBe(200);
  expect(await (await fetch(await presignedGet(s3, { expiresIn: 60 }))).text()).toBe("sealed");
});

test("a presigned put of any bytes needs a client that signs no checksum, as with R2", async () => {
  const { s3, url } = await startTestObjects();
  const put = new PutObjectCommand({ Bucket: BUCKET, Key: "k" });
  // The client's default signs the checksum of no bytes at all.
  const bound = await fetch(await getSignedUrl(s3, put, { expiresIn: 60 }), { method: "PUT", body: "bytes" });
  expect(await errorCode(bound)).toBe("BadDigest");
  const free = await getSignedUrl(clientOf(url, { requestChecksumCalculation: "WHEN_REQUIRED" }), put, {
    expiresIn: 60,
  });
  expect((await fetch(free, { method: "PUT", body: "bytes" })).status).toBe(200);

  const withMetadata = { method: "PUT", body: "bytes", headers: { "x-amz-meta-owner": "me" } };
  expect(await errorCode(await fetch(free, withMetadata))).toBe("AccessDenied");
});

test("a presigned put of an expected length takes no other", async () => {
  const { url } = await startTestObjects();
  const s3 = clientOf(url, { requestChecksumCalculation: "WHEN_REQUIRED" });
  const command = new PutObjectCommand({ Bucket: BUCKET, Key: "k", ContentLength: 5 });
  const signed = await getSignedUrl(s3, command, { expiresIn: 60, signableHeaders: new Set(["content-length"]) });
  expect(await errorCode(await fetch(signed, { method: "PUT", body: "longer" }))).toBe("SignatureDoesNotMatch");
  expect((await fetch(signed, { method: "PUT", body: "fives" })).status).toBe(200);
});

test("other signers get in too: aws4fetch, by header and by URL", async () => {
  const { url } = await startTestObjects();
  const client = new AwsClient({ ...CREDENTIALS, service: "s3", region: "auto", retries: 0 });
  const key = "a b/(c)'d!*é+%";
  const address = `${url}/${BUCKET}/${encodeURIComponent(key)}`;
  expect((await client.fetch(address, { method: "PUT", body: "bytes" })).status).toBe(200);
  const signed = await client.sign(`${address}?X-Amz-Expires=60`, { aws: { signQuery: true } });
  expect(await (await fetch(signed)).text()).toBe("bytes");
  const listed = await client.fetch(`${url}/${BUCKET}?list-type=2&prefix=${encodeURIComponent("a b/(")}`);
  expect(await listed.text()).toContain("<KeyCount>1</KeyCount>");
});

test("pages of the app may use presigned URLs; pages of others may not read the answers", async () => {
  const { s3, url } = await startTestObjects();
  await put(s3, "k", "private");
  const preflight = (Origin: string) =>
    fetch(`${url}/${BUCKET}/k`, {
      method: "OPTIONS",
      headers: {
        Origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type,range",
      },
    });
  const allowed = await preflight(APP_ORIGIN);
  expect(allowed.status).toBe(204);
  expect(allowed.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
  expect(allowed.headers.get("access-control-allow-methods")).toContain("PUT");
  expect(allowed.headers.get("access-control-allow-headers")).toBe("content-type,range");
  expect((await preflight("http://evil.test")).headers.get("access-control-allow-origin")).toBeNull();

  const signed = await presignedGet(s3, { expiresIn: 60 });
  const answer = await fetch(signed, { headers: { Origin: APP_ORIGIN } });
  expect(answer.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
  expect(answer.headers.get("access-control-expose-headers")).toContain("ETag");
  const refused = await fetch(`${url}/${BUCKET}/k`, { headers: { Origin: APP_ORIGIN } });
  expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([403, APP_ORIGIN]);
  const foreign = await fetch(signed, { headers: { Origin: "http://evil.test" } });
  expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
});

test("the bucket's own host name works like the path", async () => {
  const { url, port } = await startTestObjects();
  const client = new AwsClient({ ...CREDENTIALS, service: "s3", region: "auto", retries: 0 });
  await client.fetch(`${url}/${BUCKET}/deep/k`, { method: "PUT", body: "bytes" });
  const signed = await client.sign(`http://${BUCKET}.localhost:${port}/deep/k`);
  expect(await getWithHost(signed)).toBe("bytes");
});

/** `fetch` resolves no such name and sends no other Host, so this goes to the loopback address by hand. */
function getWithHost(signed: Request): Promise<string> {
  const { port, host, pathname } = new URL(signed.url);
  return new Promise((resolve, reject) => {
    const headers = { ...Object.fromEntries(signed.headers), host };
    const sent = request({ host: "127.0.0.1", port, path: pathname, headers }, async (response) => {
      resolve(Buffer.concat(await response.toArray()).toString());
    });
    sent.on("error", reject).end();
  });
}
