/** The isolate's synchronous WebCrypto against Node's own, which serves as the oracle. */
import { webcrypto } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../../src/runtime/convex/types.ts";
import { messageOf, TestRuntime, valueOf } from "./runtime.ts";

const { subtle } = webcrypto;
const utf8 = (text: string) => new TextEncoder().encode(text);
const hex = (bytes: ArrayBuffer) => Buffer.from(bytes).toString("hex");
const keyBytes = (length: number) => Uint8Array.from({ length }, (_, index) => index);
const encoded = (bytes: ArrayBuffer): Json => ({ $bytes: Buffer.from(bytes).toString("base64") });

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await TestRuntime.start();
});
afterAll(() => runtime.close());

describe("crypto.subtle in a mutation", () => {
  const data = utf8("some text that is longer than one block");

  test("encrypts, opens, authenticates and digests as WebCrypto does", async () => {
    const value = valueOf(await runtime.mutation("cryptography:symmetric")) as Record<string, Record<string, Json>>;
    const algorithms = [
      { name: "AES-GCM", iv: keyBytes(12), additionalData: utf8("bound") },
      { name: "AES-CBC", iv: keyBytes(16) },
      { name: "AES-CTR", counter: new Uint8Array(16).fill(255), length: 32 },
    ];
    for (const algorithm of algorithms) {
      const key = await subtle.importKey("raw", keyBytes(32), algorithm.name, true, ["encrypt"]);
      expect(value.sealed?.[algorithm.name]).toBe(hex(await subtle.encrypt(algorithm, key, data)));
    }
    const hmac = await subtle.importKey("raw", keyBytes(20), { name: "HMAC", hash: "SHA-384" }, false, ["sign"]);
    expect(value).toMatchObject({
      opened: { "AES-GCM": true, "AES-CBC": true, "AES-CTR": true },
      mac: hex(await subtle.sign("HMAC", hmac, data)),
      verified: [true, false],
      digests: await Promise.all(
        ["SHA-1", "SHA-256", "SHA-384", "SHA-512"].map(async (name) => hex(await subtle.digest(name, data))),
      ),
    });
  });

  test("derives bits and keys as WebCrypto does", async () => {
    const hkdf = { name: "HKDF", hash: "SHA-256", salt: keyBytes(8), info: utf8("info") };
    const pbkdf2 = { name: "PBKDF2", hash: "SHA-512", salt: keyBytes(8), iterations: 1000 };
    const bits = async (algorithm: typeof hkdf | typeof pbkdf2, length: number) => {
      const key = await subtle.importKey("raw", keyBytes(16), algorithm.name, false, ["deriveBits"]);
      return hex(await subtle.deriveBits(algorithm, key, length));
    };
    const expected = await bits(hkdf, 256);
    expect(valueOf(await runtime.mutation("cryptography:derived"))).toEqual({
      hkdf: expected,
      pbkdf2: await bits(pbkdf2, 128),
      key: expected,
      jwk: {
        kty: "oct",
        k: Buffer.from(expected, "hex").toString("base64url"),
        alg: "A256GCM",
        key_ops: ["encrypt"],
        ext: true,
      },
      tag: "[object CryptoKey]",
      usages: ["encrypt"],
    });
  });

  test.each([
    [
      "RSASSA-PKCS1-v1_5",
      { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    ],
    [
      "RSA-PSS",
      {
        name: "RSA-PSS",
        hash: "SHA-256",
        modulusLength: 2048,
        publicExponent: new Uint8Array([1, 0, 1]),
        saltLength: 32,
      },
    ],
    ["ECDSA", { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }],
    ["Ed25519", { name: "Ed25519" }],
  ])("verifies %s, and signs with it only where that takes no randomness", async (name, algorithm) => {
    const pair = (await subtle.generateKey(algorithm as never, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
    const signature = await subtle.sign(algorithm as never, pair.privateKey, utf8("signed"));
    const args = {
      name,
      spki: encoded(await subtle.exportKey("spki", pair.publicKey)),
      pkcs8: encoded(await subtle.exportKey("pkcs8", pair.privateKey)),
      jwk: JSON.parse(JSON.stringify(await subtle.exportKey("jwk", pair.publicKey))) as Json,
      signature: encoded(signature),
    };
    const isDeterministic = name === "RSASSA-PKCS1-v1_5" || name === "Ed25519";
    expect(valueOf(await runtime.mutation("cryptography:signatures", args))).toEqual({
      verified: true,
      verifiedByJwk: true,
      refused: false,
      signed: isDeterministic ? hex(signature) : expect.stringContaining("Can't use cryptographic randomness"),
      exported: true,
      exportedPrivate: true,
    });
  });

  test("fails as WebCrypto does", async () => {
    expect(valueOf(await runtime.mutation("cryptography:failures"))).toEqual({
      tampered: [true, "OperationError"],
      tooShort: [true, "OperationError"],
      wrongUse: [true, "InvalidAccessError"],
      wrongAlgorithm: [true, "InvalidAccessError"],
      notExtractable: [true, "InvalidAccessError"],
      notByDisguise: [true, "InvalidAccessError"],
      badLength: [true, "DataError"],
      badUsage: [true, "SyntaxError"],
      unknown: [true, "NotSupportedError"],
      notByHand: [false, "TypeError"],
      notAKey: [false, "TypeError"],
    });
  });

  test("an uncaught failure names the developer's lines and nothing of the runtime", async () => {
    const message = messageOf(await runtime.mutation("cryptography:uncaught"));
    expect(message).toMatch(/^Uncaught OperationError: .*\n.*convex\/cryptography\.ts:/);
    expect(message).not.toMatch(/file:|node:|runtime\/convex/);
  });
});

test("actions may make keys, agree on secrets and encrypt with RSA", async () => {
  expect(valueOf(await runtime.action("cryptography:agreement"))).toEqual({ agreed: true, raw: true, opened: "short" });
});
