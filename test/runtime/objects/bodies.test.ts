/** Bodies that are not what their headers say. Whatever is refused leaves nothing behind. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { AwsClient } from "aws4fetch";
import { expect, test } from "vitest";
import { BUCKET, CREDENTIALS, errorCode, exchange, filesOnDisk, startTestObjects } from "./support.ts";

const signer = new AwsClient({ ...CREDENTIALS, service: "s3", region: "auto", retries: 0 });
const UNSIGNED = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };

/** Headers of a put to `k`, signed; the body is the caller's to send. */
async function signedPut(url: string, headers: Record<string, string> = {}): Promise<string[]> {
  const signed = await signer.sign(`${url}/${BUCKET}/k`, {
    method: "PUT",
    headers: { ...UNSIGNED, ...headers },
    aws: { allHeaders: true },
  });
  return [`host: ${new URL(url).host}`, ...[...signed.headers].map(([name, value]) => `${name}: ${value}`)];
}

function head(headers: string[]): string {
  return `PUT /${BUCKET}/k HTTP/1.1\r\n${headers.join("\r\n")}\r\nconnection: close\r\n\r\n`;
}

/** Sends a put of raw bytes and answers status and code. */
async function rawPut(
  objects: { url: string; port: number },
  headers: Record<string, string>,
  extra: string[],
  body: string,
) {
  const answer = await exchange(objects.port, [head([...(await signedPut(objects.url, headers)), ...extra]), body]);
  return [answer.split(" ")[1], /<Code>(\w+)/.exec(answer)?.[1]];
}

test("[A3] a body that is cut off half-way leaves neither object nor bytes", async () => {
  const objects = await startTestObjects();
  const headers = await signedPut(objects.url);
  await exchange(objects.port, [head([...headers, "content-length: 1000000"]), "x".repeat(300_000)], { half: true });
  await expect.poll(() => filesOnDisk(objects.dataDir)).toEqual([]);
  expect((await signer.fetch(`${objects.url}/${BUCKET}/k`)).status).toBe(404);
  expect(objects.lines).toEqual([]);
});

test.each([
  ["another SHA-256", { "x-amz-content-sha256": "0".repeat(64) }, "XAmzContentSHA256Mismatch"],
  ["another MD5", { "content-md5": createHash("md5").update("other").digest("base64") }, "BadDigest"],
  ["an MD5 that is none", { "content-md5": "abc" }, "InvalidDigest"],
  ["another CRC-64", { "x-amz-checksum-crc64nvme": "AAAAAAAAAAA=" }, "BadDigest"],
  ["two checksums", { "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-sha1": "AAAA" }, "InvalidRequest"],
  ["a payload hash that is none", { "x-amz-content-sha256": "sha" }, "InvalidArgument"],
])("a body with %s than it says is refused", async (_what, headers, code) => {
  const objects = await startTestObjects();
  expect(await rawPut(objects, headers, ["content-length: 5"], "bytes")).toEqual(["400", code]);
  expect(await filesOnDisk(objects.dataDir)).toEqual([]);
});

test("a body with the MD5, SHA-256 and CRC-64 it says is kept", async () => {
  const objects = await startTestObjects();
  const hash = (name: string) => createHash(name).update("123456789");
  const headers = {
    "x-amz-content-sha256": hash("sha256").digest("hex"),
    "content-md5": hash("md5").digest("base64"),
    // The check value of CRC-64/NVME.
    "x-amz-checksum-crc64nvme": Buffer.from("ae8b14860a799888", "hex").toString("base64"),
  };
  expect(await rawPut(objects, headers, ["content-length: 9"], "123456789")).toEqual(["200", undefined]);
});

test("a body of unknown length is refused", async () => {
  const objects = await startTestObjects();
  const answer = await rawPut(objects, {}, ["transfer-encoding: chunked"], "5\r\nbytes\r\n0\r\n\r\n");
  expect(answer).toEqual(["411", "MissingContentLength"]);
});

test("more than 5 GiB are refused before they are read", async () => {
  const objects = await startTestObjects();
  const sizeBytes = 5 * 1024 ** 3 + 1;
  expect(await rawPut(objects, {}, [`content-length: ${sizeBytes}`], "x")).toEqual(["400", "EntityTooLarge"]);
});

const CHUNKED = {
  "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
  "content-encoding": "aws-chunked",
  "x-amz-decoded-content-length": "5",
  "x-amz-trailer": "x-amz-checksum-crc32",
};
const CRC32_OF_BYTES = Buffer.from(crc32("bytes").toString(16).padStart(8, "0"), "hex").toString("base64");

test.each([
  ["as announced", `5\r\nbytes\r\n0\r\nx-amz-checksum-crc32:${CRC32_OF_BYTES}\r\n\r\n`, {}, ["200", undefined]],
  ["with another checksum", "5\r\nbytes\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", {}, ["400", "BadDigest"]],
  ["without its trailer", "5\r\nbytes\r\n0\r\n\r\n", {}, ["400", "MalformedTrailerError"]],
  ["that is shorter", "4\r\nbyte\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", {}, ["400", "IncompleteBody"]],
  ["that is longer", "6\r\nbytes!\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", {}, ["400", "IncompleteBody"]],
  ["with an unknown trailer", "0\r\n\r\n", { "x-amz-trailer": "x-amz-checksum-md5" }, ["400", "InvalidRequest"]],
])("a chunked body %s answers accordingly", async (_what, body, headers, expected) => {
  const objects = await startTestObjects();
  const answer = await rawPut(objects, { ...CHUNKED, ...headers }, [`content-length: ${body.length}`], body);
  expect(answer).toEqual(expected);
  expect(await filesOnDisk(objects.dataDir)).toHaveLength(expected[0] === "200" ? 1 : 0);
});

test("a chunked body without its decoded length is refused", async () => {
  const objects = await startTestObjects();
  const { "x-amz-decoded-content-length": _, ...headers } = CHUNKED;
  expect(await rawPut(objects, headers, ["content-length: 5"], "0\r\n\r\n")).toEqual(["411", "MissingContentLength"]);
});

test.each([
  "",
  "<Delete>",
  "<Delete></Delete>",
  "<Delete><Object><Key></Key></Object></Delete>",
  "<Delete><Object><Key>k</Key><VersionId>1</VersionId></Object></Delete>",
  '<!DOCTYPE d [<!ENTITY k "k">]><Delete><Object><Key>&k;</Key></Object></Delete>',
  "not XML",
])("a multi-delete that says %j is malformed and deletes nothing", async (body) => {
  const { url, dataDir } = await startTestObjects();
  await signer.fetch(`${url}/${BUCKET}/k`, { method: "PUT", body: "bytes" });
  const response = await signer.fetch(`${url}/${BUCKET}?delete`, { method: "POST", body });
  expect([response.status, await errorCode(response)]).toEqual([400, "MalformedXML"]);
  expect(await filesOnDisk(dataDir)).toHaveLength(1);
});

test("a document of many megabytes is refused unread", async () => {
  const { url } = await startTestObjects();
  const response = await signer.fetch(`${url}/${BUCKET}?delete`, { method: "POST", body: " ".repeat(5_000_000) });
  expect([response.status, await errorCode(response)]).toEqual([400, "EntityTooLarge"]);
});
