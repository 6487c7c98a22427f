/** Pictures and videos in a home that is killed again and again while it makes them. */
import { randomInt, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEnv } from "node:util";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import type { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { openStore } from "../../src/runtime/convex/store/store.ts";
import { mostAtOnce } from "../media/services.ts";
import { type Home, startHome } from "../support/home.ts";
import { advanceClock, type Person, planReplies, readModels, signIn } from "../support/people.ts";

const PEOPLE = 10;
const JOBS = 2 * PEOPLE;
const PARALLELISM = 8;
const KILLS = 3;
/** The promise: within five minutes a job whose worker died is finished, failed or goes on. */
const PROMISED_MS = 5 * 60_000;
const OVER = ["done", "failed", "cancelled"];

let home: Home;
let people: Person[];

beforeAll(async () => {
  home = await startHome({ env: { MEDIA_PARALLELISM: String(PARALLELISM) } });
  await planReplies(home, { workMs: 200 });
  people = [];
  for (let index = 0; index < PEOPLE; index++) people.push(await signIn(home, `maker-${index}@example.com`));
});
afterAll(() => home?.dispose());

async function order(person: Person): Promise<void> {
  const client = await person.http();
  const picture = { kind: "image", prompt: "a heron", options: { size: "512x512" } } as const;
  const video = { kind: "video", prompt: "a boat", options: { seconds: 1 } } as const;
  for (const wanted of [picture, randomInt(4) === 0 ? video : picture]) {
    await client.mutation(api.media.request, { requestId: randomUUID(), ...wanted });
  }
}

async function jobsOf(client: ConvexHttpClient) {
  const { page } = await client.query(api.media.jobs, { paginationOpts: { numItems: 10, cursor: null } });
  return page;
}

/** How many jobs of everybody are in each state. */
async function census(): Promise<Record<string, number>> {
  const jobs = (await Promise.all(people.map(async (person) => jobsOf(await person.http())))).flat();
  return jobs.reduce<Record<string, number>>((counts, { state }) => {
    return { ...counts, [state]: (counts[state] ?? 0) + 1 };
  }, {});
}

/** Keys of the bucket, and those that the database names, by table. The home is stopped after. */
async function readKeys() {
  const env = parseEnv(readFileSync(path.join(home.dataDir, "secrets.env"), "utf8"));
  const credentials = { accessKeyId: env.R2_ACCESS_KEY_ID ?? "", secretAccessKey: env.R2_SECRET_ACCESS_KEY ?? "" };
  const s3 = new S3Client({ endpoint: home.urls.objects, region: "auto", forcePathStyle: true, credentials });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "noruxa-media" }));
  s3.destroy();
  await home.kill();
  const store = openStore({ path: path.join(home.dataDir, "convex", "convex.sqlite3"), clock: { nowMs: Date.now } });
  const keysIn = (tableName: string) => {
    const rows = store.begin().query("", { source: { type: "FullTableScan", tableName, order: "asc" }, operators: [] });
    const keys: string[] = [];
    for (let row = rows.next(); row !== null; row = rows.next()) keys.push((JSON.parse(row) as { key: string }).key);
    rows.close();
    return keys;
  };
  const named = { objects: keysIn("objects"), uploads: keysIn("uploads"), outbox: keysIn("objectDeletes") };
  store.close();
  return { bucket: Contents.map(({ Key }) => Key ?? ""), ...named };
}

describe("media jobs in a home that is killed", () => {
  test("all end within five minutes of the last kill, never too many at once, and each is charged for once at most", async () => {
    for (const person of people) await order(person);
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(randomInt(800, 2_000));
      expect(mostAtOnce((await readModels(home)).requests)).toBeLessThanOrEqual(PARALLELISM);
      await home.kill();
      await home.restart();
      // A connection from before the kill may be tried first, and fail.
      await planReplies(home, { workMs: 200 }).catch(() => planReplies(home, { workMs: 200 }));
    }
    await advanceClock(home, PROMISED_MS);
    await expect
      .poll(async () => Object.keys(await census()).every((state) => OVER.includes(state)), {
        timeout: 150_000,
        interval: 2_000,
      })
      .toBe(true);
    expect(mostAtOnce((await readModels(home)).requests)).toBeLessThanOrEqual(PARALLELISM);
    const ends = await census();
    console.log(`After ${KILLS} kills: ${JSON.stringify(ends)}`);
    // At each kill, no more can have been lost than were under way.
    expect(ends["failed"] ?? 0).toBeLessThanOrEqual(KILLS * PARALLELISM);
    expect((ends["done"] ?? 0) + (ends["failed"] ?? 0)).toBe(JOBS);
  }, 240_000);

  test("what is done was charged for once, and what failed was not", async () => {
    for (const person of people) {
      const client = await person.http();
      const done = (await jobsOf(client)).filter(({ state }) => state === "done");
      const { page } = await client.query(api.usage.history, { paginationOpts: { numItems: 50, cursor: null } });
      const charged = page.filter(({ kind }) => kind === "settle").map(({ credits }) => 0 - credits);
      expect(charged.toSorted()).toEqual(done.map(({ credits }) => credits).toSorted());
      expect((await client.query(api.usage.summary, { nowAt: Date.now() })).held).toBe(0);
    }
  });

  test("[A3] nothing is done without its bytes, and there are no bytes without a row", async () => {
    const { bucket, objects, uploads, outbox } = await readKeys();
    expect(objects.length).toBeGreaterThan(JOBS - KILLS * PARALLELISM - 1);
    expect(objects.filter((key) => !bucket.includes(key))).toEqual([]);
    const named = new Set([...objects, ...uploads, ...outbox]);
    expect(bucket.filter((key) => !named.has(key))).toEqual([]);
  });
});
