/**
 * Files that only the holder of a private key can read: the backup of keys, on its way to a place where many may look.
 *
 *     name of the format (8) · length of the next (2, big-endian) · a key of its own, under RSA-OAEP with SHA-256
 *     nonce (12) · the file, under AES-256-GCM with that key · tag (16)
 *
 * The private key stays offline, so that whoever can make backups cannot read them.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { HomeError } from "./homeError.ts";

const FORMAT = Buffer.from("NRXSEAL1");
const LENGTH_BYTES = 2;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" } as const;

/** Reads a public key in PEM. Throws `HomeError` for anything but an RSA key. */
export async function readPublicKey(file: string): Promise<KeyObject> {
  return rsaKey(file, createPublicKey);
}

/** Seals what flows through a pipeline for the holder of a key. */
export function sealedFor(publicKey: KeyObject) {
  return async function* seal(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
    const key = randomBytes(KEY_BYTES);
    const nonce = randomBytes(NONCE_BYTES);
    const wrapped = publicEncrypt({ key: publicKey, ...OAEP }, key);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(wrapped.length);
    yield Buffer.concat([FORMAT, length, wrapped, nonce]);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    for await (const chunk of source) yield cipher.update(Buffer.from(chunk as Uint8Array));
    yield Buffer.concat([cipher.final(), cipher.getAuthTag()]);
  };
}

/** Whether a file is sealed in this way. */
export async function isSealed(file: string): Promise<boolean> {
  return (await readAt(file, 0, FORMAT.length)).equals(FORMAT);
}

/** Opens a sealed file into another. Throws `HomeError` where the key is not its own or a byte of it was changed. */
export async function openSealed(file: string, target: string, privateKeyFile: string): Promise<void> {
  const privateKey = await rsaKey(privateKeyFile, createPrivateKey);
  const length = (await readAt(file, FORMAT.length, LENGTH_BYTES)).readUInt16BE();
  const wrappedAt = FORMAT.length + LENGTH_BYTES;
  const contentAt = wrappedAt + length + NONCE_BYTES;
  const tagAt = (await sizeOf(file)) - TAG_BYTES;
  try {
    const key = privateDecrypt({ key: privateKey, ...OAEP }, await readAt(file, wrappedAt, length));
    const decipher = createDecipheriv("aes-256-gcm", key, await readAt(file, wrappedAt + length, NONCE_BYTES));
    decipher.setAuthTag(await readAt(file, tagAt, TAG_BYTES));
    const content = createReadStream(file, { start: contentAt, end: tagAt - 1 });
    await pipeline(content, decipher, createWriteStream(target, { mode: 0o600 }));
  } catch {
    // What went wrong inside says nothing more than this.
    throw new HomeError(`${file} does not open: it was sealed for another key, or it is damaged.`);
  }
}

async function rsaKey(file: string, read: (pem: string) => KeyObject): Promise<KeyObject> {
  const pem = await readFile(file, "utf8");
  let key: KeyObject | undefined;
  try {
    key = read(pem);
  } catch {
    // The parser's own message may quote what it was given.
  }
  if (key?.asymmetricKeyType !== "rsa") throw new HomeError(`${file} holds no RSA key in PEM.`);
  return key;
}

async function readAt(file: string, position: number, length: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function sizeOf(file: string): Promise<number> {
  const handle = await open(file);
  try {
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}
