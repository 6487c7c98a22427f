import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from "node:crypto";
import type { Chance } from "./chance.ts";

/*
 * WebCrypto answers from threads, whose order no seed decides. Here it is the same cryptography, answered at once; and
 * because every encryption passes through here, it is seen whether a nonce is ever used for two plaintexts.
 */

const TAG_BYTES = 16;

interface Key {
  bytes: Uint8Array;
}

interface Gcm {
  iv: Uint8Array;
  additionalData?: Uint8Array;
}

/** What was encrypted under which key and nonce. */
export class Nonces {
  readonly reused: string[] = [];
  readonly #plaintexts = new Map<string, string>();

  note(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): void {
    const place = createHash("sha256").update(key).update(iv).digest("base64");
    const digest = createHash("sha256").update(plaintext).digest("base64");
    const known = this.#plaintexts.get(place);
    if (known !== undefined && known !== digest) this.reused.push(place);
    this.#plaintexts.set(place, digest);
  }
}

/** The part of WebCrypto that the functions use. */
export function simulatedCrypto(chance: Chance, nonces: Nonces): Crypto {
  const getRandomValues = <Values extends ArrayBufferView>(values: Values): Values => {
    chance.fill(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return values;
  };
  return { getRandomValues, randomUUID: () => uuid(chance), subtle: subtle(nonces) } as unknown as Crypto;
}

function subtle(nonces: Nonces) {
  return {
    importKey: async (_format: string, bytes: BufferSource): Promise<Key> => ({ bytes: bytesOf(bytes).slice() }),
    digest: async (_name: string, data: BufferSource) => bufferOf(createHash("sha256").update(bytesOf(data)).digest()),
    sign: async (_name: string, key: Key, data: BufferSource) =>
      bufferOf(createHmac("sha256", key.bytes).update(bytesOf(data)).digest()),
    deriveBits: async ({ salt, info }: HkdfParams, key: Key, bits: number) =>
      hkdfSync("sha256", key.bytes, bytesOf(salt), bytesOf(info), bits / 8),
    encrypt: async ({ iv, additionalData }: Gcm, key: Key, data: BufferSource) => {
      const plaintext = bytesOf(data);
      nonces.note(key.bytes, iv, plaintext);
      const cipher = createCipheriv("aes-256-gcm", key.bytes, iv);
      if (additionalData) cipher.setAAD(additionalData);
      return bufferOf(Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]));
    },
    decrypt: async ({ iv, additionalData }: Gcm, key: Key, data: BufferSource) => {
      const sealed = bytesOf(data);
      const decipher = createDecipheriv("aes-256-gcm", key.bytes, iv);
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      if (additionalData) decipher.setAAD(additionalData);
      return bufferOf(Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]));
    },
  };
}

function bytesOf(source: BufferSource): Uint8Array {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function uuid(chance: Chance): `${string}-${string}-${string}-${string}-${string}` {
  const digits = (count: number) => Array.from({ length: count }, () => chance.whole(0, 15).toString(16)).join("");
  return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`;
}
