/**
 * WebCrypto's `SubtleCrypto` over `node:crypto`, answered synchronously, with the algorithms Convex's own
 * runtime supports (its `subtle_crypto` table) and no others.
 */
import * as crypto from "node:crypto";
import { DeveloperError } from "../errors.ts";
import { type CryptoKey, type KeyAlgorithm, pairedKey, pairedOf, secretKey, secretOf, traitsOf } from "./cryptoKey.ts";
import type { Feature } from "./globals/host.ts";

export interface SubtleHost {
  refusal(feature: Feature): string | null;
  /** Fails the whole execution, even if the error is caught. */
  fail(message: string): void;
}

type Algorithm = KeyAlgorithm;
type Key = CryptoKey;
type Operation = (args: never, host: SubtleHost) => unknown;

const OPERATIONS: Record<string, Operation> = {
  digest,
  sign,
  verify,
  encrypt: (args, host) => cipher("encrypt", args, host),
  decrypt: (args, host) => cipher("decrypt", args, host),
  deriveBits,
  deriveKey,
  importKey,
  exportKey,
  generateKey,
};

const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
const CURVE_BYTES: Record<string, number> = { "P-256": 32, "P-384": 48, "P-521": 66 };
const GCM_TAG_BITS = [32, 64, 96, 104, 112, 120, 128];
const NAMES = [
  ...["HMAC", "AES-GCM", "AES-CBC", "AES-CTR", "RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP", "ECDSA", "ECDH"],
  ...["Ed25519", "X25519", "PBKDF2", "HKDF"],
];

/** Performs one operation (`digest`, `sign` …). Throws a DOMException or TypeError as WebCrypto rejects with. */
export function subtle(operation: string, args: unknown[], host: SubtleHost): unknown {
  const perform = OPERATIONS[operation];
  if (!perform) return unsupported(operation, host);
  try {
    return perform(args as never, host);
  } catch (error) {
    throw asWebCryptoError(error, operation === "importKey" ? "DataError" : "OperationError");
  }
}

function digest([algorithm, data]: [unknown, BufferSource]): ArrayBuffer {
  return toArrayBuffer(crypto.hash(hashName(algorithm), bytesOf(data), "buffer"));
}

// ---------------------------------------------------------------------------------------------------
// Signatures

function sign([given, key, data]: [unknown, Key, BufferSource], host: SubtleHost): ArrayBuffer {
  const algorithm = normalized(given, host);
  checkUse(key, algorithm, "sign");
  if (algorithm.name === "ECDSA" || algorithm.name === "RSA-PSS") needRandomness(host);
  const bytes = bytesOf(data);
  if (algorithm.name === "HMAC") return toArrayBuffer(hmac(key, bytes));
  const { hash, options } = signature(algorithm, key);
  return toArrayBuffer(crypto.sign(hash, bytes, { key: pairedOf(key), ...options }));
}

function verify([given, key, signed, data]: [unknown, Key, BufferSource, BufferSource], host: SubtleHost): boolean {
  const algorithm = normalized(given, host);
  checkUse(key, algorithm, "verify");
  const [signatureBytes, bytes] = [bytesOf(signed), bytesOf(data)];
  if (algorithm.name === "HMAC") {
    const expected = hmac(key, bytes);
    return expected.length === signatureBytes.length && crypto.timingSafeEqual(expected, signatureBytes);
  }
  const { hash, options } = signature(algorithm, key);
  return crypto.verify(hash, bytes, { key: pairedOf(key), ...options }, signatureBytes);
}

function hmac(key: Key, bytes: Uint8Array): Buffer {
  return crypto.createHmac(hashOfKey(key), secretOf(key)).update(bytes).digest();
}

function signature(algorithm: Algorithm, key: Key): { hash: string | null; options: crypto.SigningOptions } {
  switch (algorithm.name) {
    case "RSASSA-PKCS1-v1_5":
      return { hash: hashOfKey(key), options: { padding: crypto.constants.RSA_PKCS1_PADDING } };
    case "RSA-PSS": {
      const saltLength = Number(algorithm.saltLength);
      return { hash: hashOfKey(key), options: { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength } };
    }
    case "ECDSA":
      return { hash: hashName(algorithm.hash), options: { dsaEncoding: "ieee-p1363" } };
    case "Ed25519":
      return { hash: null, options: {} };
    default:
      throw new DOMException(`${algorithm.name} cannot sign`, "NotSupportedError");
  }
}

// ---------------------------------------------------------------------------------------------------
// Encryption

function cipher(use: "encrypt" | "decrypt", args: [unknown, Key, BufferSource], host: SubtleHost): ArrayBuffer {
  const [given, key, data] = args;
  const algorithm = normalized(given, host);
  checkUse(key, algorithm, use);
  const bytes = bytesOf(data);
  switch (algorithm.name) {
    case "AES-GCM":
      return toArrayBuffer(use === "encrypt" ? sealGcm(algorithm, key, bytes) : openGcm(algorithm, key, bytes));
    case "AES-CBC":
      return toArrayBuffer(runCipher(use, key, `aes-${aesBits(key)}-cbc`, ivOf(algorithm.iv, 16), bytes));
    case "AES-CTR":
      return toArrayBuffer(runCtr(use, algorithm, key, bytes));
    case "RSA-OAEP":
      return toArrayBuffer(runOaep(use, algorithm, key, bytes, host));
    default:
      throw new DOMException(`${algorithm.name} cannot ${use}`, "NotSupportedError");
  }
}

function gcmParameters(algorithm: Algorithm, key: Key) {
  const tagBits = algorithm.tagLength === undefined ? 128 : Number(algorithm.tagLength);
  if (!GCM_TAG_BITS.includes(tagBits))
    throw new DOMException(`${tagBits} is no valid AES-GCM tag length`, "OperationError");
  const additional =
    algorithm.additionalData === undefined ? undefined : bytesOf(algorithm.additionalData as BufferSource);
  const name = `aes-${aesBits(key)}-gcm` as crypto.CipherGCMTypes;
  return { name, iv: ivOf(algorithm.iv), additional, tagBytes: tagBits / 8 };
}

function sealGcm(algorithm: Algorithm, key: Key, bytes: Uint8Array): Buffer {
  const { name, iv, additional, tagBytes } = gcmParameters(algorithm, key);
  const sealing = crypto.createCipheriv(name, secretOf(key), iv, { authTagLength: tagBytes });
  if (additional) sealing.setAAD(additional);
  return Buffer.concat([sealing.update(bytes), sealing.final(), sealing.getAuthTag()]);
}

function openGcm(algorithm: Algorithm, key: Key, bytes: Uint8Array): Buffer {
  const { name, iv, additional, tagBytes } = gcmParameters(algorithm, key);
  if (bytes.length < tagBytes) throw new DOMException("The provided data is too small.", "OperationError");
  const opening = crypto.createDecipheriv(name, secretOf(key), iv, { authTagLength: tagBytes });
  if (additional) opening.setAAD(additional);
  opening.setAuthTag(bytes.subarray(bytes.length - tagBytes));
  return Buffer.concat([opening.update(bytes.subarray(0, bytes.length - tagBytes)), opening.final()]);
}

function runCipher(use: "encrypt" | "decrypt", key: Key, name: string, iv: Uint8Array, bytes: Uint8Array): Buffer {
  const make = use === "encrypt" ? crypto.createCipheriv : crypto.createDecipheriv;
  const running = make(name, secretOf(key), iv);
  return Buffer.concat([running.update(bytes), running.final()]);
}

/**
 * OpenSSL counts with all 128 bits of the counter block, WebCrypto with its last `length` bits. They differ
 * only where the shorter counter wraps: the data is split there and the second part starts again from zero.
 */
function runCtr(use: "encrypt" | "decrypt", algorithm: Algorithm, key: Key, bytes: Uint8Array): Buffer {
  const block = ivOf(algorithm.counter, 16);
  const lengthBits = Number(algorithm.length);
  if (!(lengthBits >= 1 && lengthBits <= 128))
    throw new DOMException("Invalid AES-CTR counter length", "OperationError");
  const mask = (1n << BigInt(lengthBits)) - 1n;
  const start = BigInt(`0x${Buffer.from(block).toString("hex")}`);
  const blocksUntilWrap = mask - (start & mask) + 1n;
  if (BigInt(Math.ceil(bytes.length / 16)) > mask + 1n)
    throw new DOMException("Too much data for the counter", "OperationError");
  const split = blocksUntilWrap * 16n < BigInt(bytes.length) ? Number(blocksUntilWrap * 16n) : bytes.length;
  const wrapped = Buffer.from((start & ~mask).toString(16).padStart(32, "0"), "hex");
  const name = `aes-${aesBits(key)}-ctr`;
  const head = runCipher(use, key, name, block, bytes.subarray(0, split));
  return split === bytes.length
    ? head
    : Buffer.concat([head, runCipher(use, key, name, wrapped, bytes.subarray(split))]);
}

function runOaep(
  use: "encrypt" | "decrypt",
  algorithm: Algorithm,
  key: Key,
  bytes: Uint8Array,
  host: SubtleHost,
): Buffer {
  if (use === "encrypt") needRandomness(host);
  const label = algorithm.label === undefined ? undefined : Buffer.from(bytesOf(algorithm.label as BufferSource));
  const options = { key: pairedOf(key), oaepHash: hashOfKey(key), oaepLabel: label };
  return use === "encrypt" ? crypto.publicEncrypt(options, bytes) : crypto.privateDecrypt(options, bytes);
}

// ---------------------------------------------------------------------------------------------------
// Derivation

function deriveBits([given, key, length]: [unknown, Key, number | null], host: SubtleHost): ArrayBuffer {
  const algorithm = normalized(given, host);
  checkUse(key, algorithm, "deriveBits");
  return derive(algorithm, key, length, host);
}

function deriveKey(args: [unknown, Key, unknown, boolean, crypto.webcrypto.KeyUsage[]], host: SubtleHost): Key {
  const [given, baseKey, derivedType, extractable, usages] = args;
  const algorithm = normalized(given, host);
  checkUse(baseKey, algorithm, "deriveKey");
  const target = normalized(derivedType, host);
  const bits = derive(algorithm, baseKey, keyLengthBits(target), host);
  return importSecret(new Uint8Array(bits), target, extractable, usages);
}

function derive(algorithm: Algorithm, key: Key, lengthBits: number | null, host: SubtleHost): ArrayBuffer {
  if (algorithm.name === "ECDH") return deriveEcdh(algorithm, key, lengthBits);
  if (algorithm.name === "X25519") return unsupported("deriveBits with X25519", host);
  if (!lengthBits || lengthBits % 8 !== 0) throw new DOMException("length must be a multiple of 8", "OperationError");
  const secret = secretOf(key);
  const salt = bytesOf(algorithm.salt as BufferSource);
  const hash = hashName(algorithm.hash);
  if (algorithm.name === "HKDF") {
    return crypto.hkdfSync(hash, secret, salt, bytesOf(algorithm.info as BufferSource), lengthBits / 8);
  }
  const iterations = Number(algorithm.iterations);
  return toArrayBuffer(crypto.pbkdf2Sync(secret, salt, iterations, lengthBits / 8, hash));
}

function deriveEcdh(algorithm: Algorithm, key: Key, lengthBits: number | null): ArrayBuffer {
  const publicKey = pairedOf(algorithm.public as Key);
  const secret = crypto.diffieHellman({ privateKey: pairedOf(key), publicKey });
  if (lengthBits === null || lengthBits === undefined) return toArrayBuffer(secret);
  if (lengthBits > secret.length * 8) throw new DOMException("length is too long for the curve", "OperationError");
  return toArrayBuffer(secret.subarray(0, Math.ceil(lengthBits / 8)));
}

/** Length of the key that `deriveKey` is to make, by the "get key length" steps of WebCrypto. */
function keyLengthBits(target: Algorithm): number {
  if (target.name.startsWith("AES-")) return Number(target.length);
  if (target.name !== "HMAC") throw new DOMException(`Cannot derive a key for ${target.name}`, "NotSupportedError");
  if (target.length !== undefined) return Number(target.length);
  return ["SHA-384", "SHA-512"].includes(hashName(target.hash)) ? 1024 : 512;
}

// ---------------------------------------------------------------------------------------------------
// Keys

type KeyFormat = "raw" | "jwk" | "pkcs8" | "spki";
type ImportArgs = [
  KeyFormat,
  BufferSource | crypto.webcrypto.JsonWebKey,
  unknown,
  boolean,
  crypto.webcrypto.KeyUsage[],
];

function importKey([format, data, given, extractable, usages]: ImportArgs, host: SubtleHost): Key {
  const algorithm = normalized(given, host);
  if (isSecret(algorithm.name))
    return importSecret(secretBytes(format, data, algorithm), algorithm, extractable, usages);
  return pairedKey(keyObjectOf(format, data, algorithm), algorithm, Boolean(extractable), [...usages]);
}

function importSecret(
  bytes: Uint8Array,
  algorithm: Algorithm,
  extractable: boolean,
  usages: crypto.webcrypto.KeyUsage[],
): Key {
  if (algorithm.name.startsWith("AES-") && ![16, 24, 32].includes(bytes.length)) {
    throw new DOMException("Invalid key length", "DataError");
  }
  const { name, hash, length } = algorithm;
  const isKdf = name === "PBKDF2" || name === "HKDF";
  const kind = { name, ...(hash !== undefined && { hash: hashName(hash) }), ...(length !== undefined && { length }) };
  return secretKey(bytes, kind, isKdf ? false : Boolean(extractable), [...usages]);
}

function secretBytes(format: KeyFormat, data: ImportArgs[1], algorithm: Algorithm): Uint8Array {
  if (format === "raw") return bytesOf(data as BufferSource).slice();
  const jwk = data as crypto.webcrypto.JsonWebKey;
  if (format !== "jwk" || algorithm.name === "PBKDF2" || algorithm.name === "HKDF") {
    throw new DOMException(`Unable to import ${algorithm.name} key with format ${format}`, "NotSupportedError");
  }
  if (jwk.kty !== "oct" || typeof jwk.k !== "string") throw new DOMException("Invalid JWK", "DataError");
  return new Uint8Array(Buffer.from(jwk.k, "base64url"));
}

function keyObjectOf(format: KeyFormat, data: ImportArgs[1], algorithm: Algorithm): crypto.KeyObject {
  if (format === "jwk") {
    const jwk = { ...(data as crypto.JsonWebKey) };
    return jwk.d === undefined
      ? crypto.createPublicKey({ key: jwk, format: "jwk" })
      : crypto.createPrivateKey({ key: jwk, format: "jwk" });
  }
  const bytes = Buffer.from(bytesOf(data as BufferSource));
  if (format === "pkcs8") return crypto.createPrivateKey({ key: bytes, format: "der", type: "pkcs8" });
  if (format === "spki") return crypto.createPublicKey({ key: bytes, format: "der", type: "spki" });
  return crypto.createPublicKey({ key: publicJwk(bytes, algorithm), format: "jwk" });
}

/** The JWK of a raw public key: an uncompressed point (0x04, x, y), or the 32 bytes of an Edwards curve. */
function publicJwk(bytes: Buffer, algorithm: Algorithm): crypto.JsonWebKey {
  if (algorithm.name === "Ed25519" || algorithm.name === "X25519") {
    return { kty: "OKP", crv: algorithm.name, x: bytes.toString("base64url") };
  }
  const crv = String(algorithm.namedCurve);
  const size = CURVE_BYTES[crv];
  if (size === undefined || bytes.length !== 1 + 2 * size || bytes[0] !== 4) {
    throw new DOMException("Invalid raw public key", "DataError");
  }
  const [x, y] = [bytes.subarray(1, 1 + size), bytes.subarray(1 + size)].map((part) => part.toString("base64url"));
  return { kty: "EC", crv, x, y };
}

function exportKey([format, key]: [KeyFormat, Key]): ArrayBuffer | object {
  const { type, extractable, usages } = traitsOf(key);
  if (!extractable) throw new DOMException("key is not extractable", "InvalidAccessError");
  if (format === "jwk") return { ...jwkOf(key), alg: jwkAlgorithm(key), key_ops: usages, ext: true };
  if (type === "secret" && format === "raw") return toArrayBuffer(secretOf(key));
  if (type === "public" && format === "raw") return toArrayBuffer(rawPublicKey(jwkOf(key)));
  if (type === "private" && format === "pkcs8")
    return toArrayBuffer(pairedOf(key).export({ format: "der", type: "pkcs8" }));
  if (type === "public" && format === "spki")
    return toArrayBuffer(pairedOf(key).export({ format: "der", type: "spki" }));
  throw new DOMException(`Unable to export a ${type} key as ${format}`, "InvalidAccessError");
}

function jwkOf(key: Key): crypto.JsonWebKey {
  if (traitsOf(key).type !== "secret") return pairedOf(key).export({ format: "jwk" });
  return { kty: "oct", k: Buffer.from(secretOf(key)).toString("base64url") };
}

function rawPublicKey(jwk: crypto.JsonWebKey): Buffer {
  const part = (name: "x" | "y") => Buffer.from(String(jwk[name] ?? ""), "base64url");
  if (jwk.kty === "OKP") return part("x");
  if (jwk.kty !== "EC") throw new DOMException("Only curve points have a raw form", "NotSupportedError");
  return Buffer.concat([Buffer.of(4), part("x"), part("y")]);
}

/** The `alg` member of an exported JWK (WebCrypto's registry); undefined for those that have none. */
function jwkAlgorithm(key: Key): string | undefined {
  const { name, hash, length } = traitsOf(key).algorithm as Algorithm & {
    hash?: { name: string };
    length?: number;
  };
  const hashBits = hash?.name.replace("SHA-", "") ?? "";
  if (name === "HMAC") return `HS${hashBits}`;
  if (name.startsWith("AES-")) return `A${length}${name.slice(4)}`;
  if (name === "RSASSA-PKCS1-v1_5") return `RS${hashBits}`;
  if (name === "RSA-PSS") return `PS${hashBits}`;
  if (name === "RSA-OAEP") return hashBits === "1" ? "RSA-OAEP" : `RSA-OAEP-${hashBits}`;
  return name === "Ed25519" ? "EdDSA" : undefined;
}

function generateKey(
  [given, extractable, usages]: [unknown, boolean, crypto.webcrypto.KeyUsage[]],
  host: SubtleHost,
): unknown {
  const algorithm = normalized(given, host);
  needRandomness(host);
  if (algorithm.name.startsWith("AES-") || algorithm.name === "HMAC") {
    return importSecret(crypto.randomBytes(keyLengthBits(algorithm) / 8), algorithm, extractable, usages);
  }
  const { publicKey, privateKey } = generatePair(algorithm);
  const publicUses = usages.filter((use) => ["verify", "encrypt"].includes(use));
  const privateUses = usages.filter((use) => ["sign", "decrypt", "deriveKey", "deriveBits"].includes(use));
  return {
    publicKey: pairedKey(publicKey, algorithm, true, publicUses),
    privateKey: pairedKey(privateKey, algorithm, Boolean(extractable), privateUses),
  };
}

function generatePair(algorithm: Algorithm): crypto.KeyPairKeyObjectResult {
  if (algorithm.name.startsWith("RSA")) {
    const publicExponent = Number(
      `0x${Buffer.from(bytesOf(algorithm.publicExponent as BufferSource)).toString("hex")}`,
    );
    return crypto.generateKeyPairSync("rsa", { modulusLength: Number(algorithm.modulusLength), publicExponent });
  }
  if (algorithm.name === "Ed25519") return crypto.generateKeyPairSync("ed25519");
  if (algorithm.name === "X25519") return crypto.generateKeyPairSync("x25519");
  if (algorithm.name === "ECDSA" || algorithm.name === "ECDH") {
    return crypto.generateKeyPairSync("ec", { namedCurve: String(algorithm.namedCurve) });
  }
  throw new DOMException(`Cannot generate a key for ${algorithm.name}`, "NotSupportedError");
}

// ---------------------------------------------------------------------------------------------------
// Shared

/** The algorithm as an object with the registered spelling of its name. */
function normalized(given: unknown, host: SubtleHost): Algorithm {
  const algorithm = (typeof given === "string" ? { name: given } : given) as Algorithm | null;
  const name = String(algorithm?.name ?? "");
  const known = NAMES.find((each) => each.toLowerCase() === name.toLowerCase());
  if (known) return { ...algorithm, name: known };
  if (/^(AES-KW|Ed448|X448|SHA3-)/i.test(name)) return unsupported(name, host);
  throw new DOMException(`Unrecognized algorithm name: ${name}`, "NotSupportedError");
}

function isSecret(name: string): boolean {
  return name.startsWith("AES-") || ["HMAC", "PBKDF2", "HKDF"].includes(name);
}

function hashName(hash: unknown): string {
  const name = String(typeof hash === "string" ? hash : (hash as { name?: unknown } | null)?.name).toUpperCase();
  if (!HASHES.includes(name)) throw new DOMException(`Unrecognized hash name: ${name}`, "NotSupportedError");
  return name;
}

function hashOfKey(key: Key): string {
  return hashName(traitsOf(key).algorithm.hash);
}

function aesBits(key: Key): number {
  return secretOf(key).length * 8;
}

function ivOf(iv: unknown, bytes?: number): Uint8Array {
  const view = bytesOf(iv as BufferSource);
  if (bytes !== undefined && view.length !== bytes) throw new DOMException(`Expected ${bytes} bytes`, "OperationError");
  return view;
}

function checkUse(key: Key, algorithm: Algorithm, use: string): void {
  const { algorithm: own, usages } = traitsOf(key);
  if (own.name !== algorithm.name) {
    throw new DOMException(`key algorithm mismatch: ${own.name}, ${algorithm.name}`, "InvalidAccessError");
  }
  if (!(usages as string[]).includes(use)) {
    throw new DOMException(`key does not allow the operation ${use}`, "InvalidAccessError");
  }
}

function needRandomness(host: SubtleHost): void {
  const refusal = host.refusal("cryptographic randomness");
  if (refusal !== null) throw new DeveloperError("NoCryptoRng", refusal);
}

function unsupported(what: string, host: SubtleHost): never {
  const message = `Not implemented: ${what} for SubtleCrypto. Consider an action in a "use node" file instead.`;
  host.fail(message);
  throw new DeveloperError("NotImplemented", message);
}

function bytesOf(source: BufferSource): Uint8Array {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  throw new TypeError("The provided value is not of type '(ArrayBuffer or ArrayBufferView)'");
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

/** What OpenSSL and Node throw becomes the DOMException that WebCrypto rejects with. */
function asWebCryptoError(error: unknown, name: "DataError" | "OperationError"): unknown {
  const isOurs = error instanceof DOMException || error instanceof DeveloperError;
  if (isOurs || (error instanceof TypeError && !("code" in error))) return error;
  return new DOMException("The operation failed for an operation-specific reason", name);
}
