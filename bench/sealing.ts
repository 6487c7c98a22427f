/**
 * Sealed objects, side by side with one-shot AES-256-GCM on the same bytes: how fast they are sealed and opened, what
 * memory a long one takes, and whether a range of a long one is as quick as one of a short one.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type BucketSettings, getObject } from "../convex/media/bucket.ts";
import { drawObjectSecret, type ObjectPlace, openObject, sealObject } from "../convex/media/objectSeal.ts";
import { openBucketClient, putSealed } from "../convex/media/parts.ts";
import { startObjects } from "../src/runtime/objects/server.ts";
import { sealedRangeOf, segmentsOf } from "../src/shared/segments.ts";
import { collectGarbage, type Measurement, median } from "./measurement.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const SPEED_BYTES = 64 * MIB;
const ROUNDS = 7;
const RANGES = 40;
const SEGMENTS_BETWEEN_COLLECTIONS = 16;
const PLACE: ObjectPlace = { envId: "bench", key: "object", ownerId: "owner" };

export async function measureSealing(): Promise<Measurement[]> {
  // Memory first: what the others free, the process keeps for a while.
  return [...(await measureMemory()), ...(await measureSpeed()), await measureRanges()];
}

async function measureSpeed(): Promise<Measurement[]> {
  const secret = drawObjectSecret();
  const content = chunk(SPEED_BYTES);
  const key = await crypto.subtle.importKey("raw", secret.objectKey, "AES-GCM", false, ["encrypt", "decrypt"]);
  const aes = { name: "AES-GCM", iv: new Uint8Array(12) };
  const once = new Uint8Array(await crypto.subtle.encrypt(aes, key, content));
  const sealed: Uint8Array[] = [];
  for await (const segment of sealObject(secret, PLACE, [content])) sealed.push(segment);

  const times = {
    sealing: [] as number[],
    encrypting: [] as number[],
    opening: [] as number[],
    decrypting: [] as number[],
  };
  for (let round = 0; round < ROUNDS; round++) {
    times.sealing.push(await timed(() => exhaust(sealObject(secret, PLACE, [content]))));
    times.encrypting.push(await timed(() => crypto.subtle.encrypt(aes, key, content)));
    times.opening.push(await timed(() => exhaust(open(secret, SPEED_BYTES, sealed))));
    times.decrypting.push(await timed(() => crypto.subtle.decrypt(aes, key, once)));
  }
  const target = { of: "ratio", atMost: 2 } as const;
  const oneShot = (values: number[]) => ({ name: "WebCrypto in one piece", value: median(values) });
  return [
    { name: "sealing 64 MiB", value: median(times.sealing), unit: "ms", against: oneShot(times.encrypting), target },
    { name: "opening 64 MiB", value: median(times.opening), unit: "ms", against: oneShot(times.decrypting), target },
  ];
}

/**
 * The most that the process grows by while a gibibyte is sealed and opened: once collecting garbage on the way, which is
 * what the work itself needs, and once, without a target, as the engine leaves it to pile up while there is room.
 */
async function measureMemory(): Promise<Measurement[]> {
  await growth(64 * MIB, collectGarbage);
  const needed = await growth(GIB, collectGarbage);
  const left = await growth(GIB, () => undefined);
  const target = { of: "value", atMost: 32 } as const;
  return [
    { name: "memory to seal and open 1 GiB", value: needed / MIB, unit: "MB", target },
    { name: "and with the garbage left on the way", value: left / MIB, unit: "MB" },
  ];
}

async function growth(bytes: number, tidy: () => void): Promise<number> {
  const secret = drawObjectSecret();
  const before = process.memoryUsage().rss;
  let most = 0;
  let segments = 0;
  for await (const _ of open(secret, bytes, sealObject(secret, PLACE, repeated(bytes)))) {
    segments += 1;
    if (segments % SEGMENTS_BETWEEN_COLLECTIONS === 0) tidy();
    most = Math.max(most, process.memoryUsage().rss - before);
  }
  return most;
}

/** A mebibyte from anywhere in a gibibyte, against one from anywhere in four mebibytes. */
async function measureRanges(): Promise<Measurement> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "noruxa-bench-objects-"));
  const keys = { bucket: "bench", accessKeyId: "bench", secretAccessKey: randomBytes(16).toString("hex") };
  const options = { dataDir, host: "127.0.0.1", port: 0, allowedOrigins: [], adminKey: "bench", log: () => {} };
  const objects = await startObjects({ ...options, ...keys });
  try {
    const settings = { endpoint: objects.url, ...keys };
    const [short, long] = [await stored(settings, "short", 4 * MIB), await stored(settings, "long", GIB)];
    const times = { short: [] as number[], long: [] as number[] };
    for (let round = 0; round < RANGES; round++) {
      times.short.push(await timed(() => short(Math.random())));
      times.long.push(await timed(() => long(Math.random())));
    }
    const against = { name: "in 4 MiB", value: median(times.short) };
    const target = { of: "ratio", atMost: 1.2 } as const;
    return { name: "reading 1 MiB anywhere in 1 GiB", value: median(times.long), unit: "ms", against, target };
  } finally {
    await objects.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Stores an object, and gives what reads a mebibyte of it, from the given part of the way through. */
async function stored(settings: BucketSettings, key: string, contentBytes: number) {
  const secret = drawObjectSecret();
  const place = { ...PLACE, key };
  const sealed = sealObject(secret, place, repeated(contentBytes));
  await putSealed(openBucketClient(settings), { key, sealed, onParts: async () => undefined });
  return async (where: number) => {
    const start = Math.floor(where * (contentBytes - MIB));
    const range = { start, end: start + MIB };
    const body = await getObject(settings, key, sealedRangeOf(segmentsOf(range), contentBytes));
    await exhaust(openObject(secret, place, { contentBytes, range, sealed: body }));
  };
}

function open(
  secret: ReturnType<typeof drawObjectSecret>,
  contentBytes: number,
  sealed: AsyncIterable<Uint8Array> | Uint8Array[],
) {
  const range = { start: 0, end: contentBytes };
  return openObject(secret, PLACE, { contentBytes, range, sealed: asStream(sealed) });
}

async function* asStream(chunks: AsyncIterable<Uint8Array> | Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** Content as a download brings it, always the same 64 KiB. */
async function* repeated(bytes: number): AsyncGenerator<Uint8Array> {
  const some = chunk(64 * 1024);
  for (let at = 0; at < bytes; at += some.length) yield some;
}

function chunk(bytes: number): Uint8Array<ArrayBuffer> {
  const some = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(some.subarray(at, at + 65_536));
  return some;
}

async function exhaust(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
