/**
 * The most memory that a home has of the machine while it writes a large archive, less what it had at rest after a small one
 * just before. Its bucket is apart, and no garbage is collected for the sake of the figure.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConvexHttpClient } from "convex/browser";
import { api } from "../../convex/_generated/api.js";
import type { BucketSettings } from "../../convex/media/bucket.ts";
import { startObjects } from "../../src/runtime/objects/server.ts";
import { type Home, startHome } from "../../test/support/home.ts";
import { fillChats } from "../../test/support/longChats.ts";
import { signIn } from "../../test/support/people.ts";
import type { Measurement } from "../measurement.ts";
import { makeAccount, type OnProgress } from "./account.ts";

const MIB = 2 ** 20;
const FILE_MIB = 64;
const LOOK_EVERY_MS = 100;
/** Until what was under way before has ended. */
const SETTLING_MS = 5_000;

/** Exports an account of that many messages and that much media twice: what the second takes more than the first piles up. */
export async function measureExport(
  { messages, mediaMib }: { messages: number; mediaMib: number },
  onProgress: OnProgress,
): Promise<Measurement[]> {
  const bucket = await startBucket();
  const home = await startHome({ env: bucket.env });
  try {
    const objects = Math.ceil(mediaMib / FILE_MIB);
    const media = { objects, objectBytes: FILE_MIB * MIB, bucket: bucket.settings };
    const person = await makeAccount(home, { messages: 0, ...media }, onProgress);
    const [{ threadId }] = (await chatsOf(await person.http())) as [{ threadId: string }];
    await fillChats(home, [{ threadId, count: messages, textOf }]);
    // What is loaded and set up for a first archive stays, whatever the size of the next.
    await exported(await (await signIn(home, "bob@example.com")).http(), () => {});
    const name = `an archive of ${messages.toLocaleString("en")} messages and ${objects * FILE_MIB} MiB of media`;
    const first = await growthOf(home, await person.http(), onProgress);
    const second = await growthOf(home, await person.http(), onProgress);
    const target = { of: "value", atMost: 64 } as const;
    return [
      { name: `${name}: memory`, value: first.bytes / MIB, unit: "MB", target },
      { name: `${name}: more memory for another one after it`, value: second.bytes / MIB, unit: "MB" },
      { name: `${name}: its length`, value: first.archiveBytes / MIB, unit: "MB" },
      { name: `${name}: time to write it`, value: first.ms, unit: "ms" },
    ];
  } finally {
    await home.dispose();
    await bucket.close();
  }
}

/** The most that a home's memory grows by while it writes an archive. */
async function growthOf(home: Home, client: ConvexHttpClient, onProgress: OnProgress) {
  await sleep(SETTLING_MS);
  const before = readMemory(home);
  let most = before;
  const startedMs = performance.now();
  const archiveBytes = await exported(client, (written) => {
    most = Math.max(most, readMemory(home));
    onProgress(`${Math.round(written / MIB)} MiB written, ${Math.round((most - before) / MIB)} MiB more memory`);
  });
  return { bytes: most - before, archiveBytes, ms: performance.now() - startedMs };
}

async function chatsOf(client: ConvexHttpClient): Promise<{ threadId: string }[]> {
  const paginationOpts = { numItems: 1, cursor: null };
  const { page } = await client.query(api.threads.list, { view: "recent", paginationOpts });
  return page.map(({ _id: threadId }) => ({ threadId }));
}

const textOf = (index: number) =>
  `Tide number ${index} rises because the Moon pulls at the near side of the Earth more. `.repeat(3);

/** A bucket in this process: its own memory is not that of an archive. */
async function startBucket() {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "noruxa-bench-objects-"));
  const keys = { bucket: "bench", accessKeyId: "bench", secretAccessKey: randomBytes(16).toString("hex") };
  const options = { dataDir, host: "127.0.0.1", port: 0, allowedOrigins: [], adminKey: "bench", log: () => {} };
  const objects = await startObjects({ ...options, ...keys });
  const settings: BucketSettings = { endpoint: objects.url, ...keys };
  const env = {
    R2_ENDPOINT: objects.url,
    R2_BUCKET: keys.bucket,
    R2_ACCESS_KEY_ID: keys.accessKeyId,
    R2_SECRET_ACCESS_KEY: keys.secretAccessKey,
  };
  const close = async () => {
    await objects.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { settings, env, close };
}

/** Writes an archive and says how long it is. */
async function exported(client: ConvexHttpClient, onLook: (written: number) => void): Promise<number> {
  await client.mutation(api.privacy.export, {});
  for (;;) {
    const [newest] = await client.query(api.privacy.exports, {});
    if (newest && newest.state !== "building") {
      if (newest.state === "failed") throw new Error("The archive was given up");
      return newest.contentBytes;
    }
    onLook(newest?.contentBytes ?? 0);
    await sleep(LOOK_EVERY_MS);
  }
}

/** What a process has of the machine's memory. */
function readMemory({ pid }: Home): number {
  const [, kib = 0] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1_024;
}
