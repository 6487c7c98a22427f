import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { isSealed, openSealed, readPublicKey, sealedFor } from "../../../src/runtime/sealedFile.ts";

const CONTENT = Buffer.from("the keys of everybody ".repeat(50_000));

let keys: { publicPem: string; privatePem: string };
let strangers: string;

beforeAll(() => {
  keys = makeKeys();
  strangers = makeKeys().privatePem;
});

function makeKeys() {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  return { publicPem, privatePem: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

/** A sealed file with its keys beside it. */
async function sealed() {
  const dir = mkdtempSync(path.join(os.tmpdir(), "noruxa-sealed-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const at = (name: string, content?: string | Buffer) => {
    if (content !== undefined) writeFileSync(path.join(dir, name), content);
    return path.join(dir, name);
  };
  const publicKey = await readPublicKey(at("public.pem", keys.publicPem));
  const chunks: Uint8Array[] = [];
  await pipeline(
    Readable.from([CONTENT.subarray(0, 7), CONTENT.subarray(7)]),
    sealedFor(publicKey),
    async (sealing) => {
      for await (const chunk of sealing) chunks.push(chunk);
    },
  );
  return { at, file: at("backup.keys.sealed", Buffer.concat(chunks)), target: at("opened.zip") };
}

test("[A19] what is sealed shows nothing of its content, and opens with the private key", async () => {
  const { at, file, target } = await sealed();
  expect(await isSealed(file)).toBe(true);
  expect(readFileSync(file).includes("everybody")).toBe(false);
  await openSealed(file, target, at("private.pem", keys.privatePem));
  expect(readFileSync(target).equals(CONTENT)).toBe(true);
  expect(await isSealed(target)).toBe(false);
});

test.each([10, 300, -1, -20])("does not open where the byte at %i was changed, or it was cut", async (position) => {
  const { at, file, target } = await sealed();
  const bytes = readFileSync(file);
  const index = position < 0 ? bytes.length + position : position;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  const privateKey = at("private.pem", keys.privatePem);
  await expect(openSealed(at("changed", bytes), target, privateKey)).rejects.toThrow("does not open");
  await expect(openSealed(at("cut", bytes.subarray(0, -1)), target, privateKey)).rejects.toThrow("does not open");
});

test("does not open with another key, and says what is no key", async () => {
  const { at, file, target } = await sealed();
  await expect(openSealed(file, target, at("other.pem", strangers))).rejects.toThrow("another key");
  await expect(readPublicKey(at("none.pem", "nothing of the kind"))).rejects.toThrow("holds no RSA key");
  const { publicKey } = generateKeyPairSync("ed25519");
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  await expect(readPublicKey(at("ed.pem", pem))).rejects.toThrow("holds no RSA key");
});
