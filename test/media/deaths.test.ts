import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { getFunctionName } from "convex/server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import { loadStanding } from "../../convex/usage/entries.ts";
import { type Backend, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { startBucket, type TestBucket } from "./bucket.ts";
import { type Death, done, type Life, mortalWorkers, underWay } from "./deaths.ts";
import { mp4, png } from "./files.ts";

vi.mock("../../convex/media/pulling.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../convex/media/pulling.ts")>();
  return { ...original, pull: (what: Parameters<typeof original.pull>[0]) => done("pull", () => original.pull(what)) };
});

useBackendEnvironment();

const PROMISED_MS = 5 * 60_000;
const WATCHDOG_MS = 60_000;
/** The worst moment: a run of the watchdog comes just too early for those who died at once. */
const FIRST_WATCHDOG_MS = 30_000;
const TICK_MS = 2_000;
/** More than one part of an upload. */
const FILM_BYTES = 6 * 1024 * 1024;

let bucket: TestBucket;
let provider: Server;
/** Names of the orders that the provider has got, as the jobs name them. */
let orders: string[];
let backend: Backend;
let lives: Map<string, Life>;

beforeAll(async () => {
  bucket = await startBucket();
  provider = await startProvider();
});
afterAll(async () => {
  await bucket.close();
  provider.closeAllConnections();
  await new Promise((resolve) => provider.close(resolve));
});

afterEach(() => vi.restoreAllMocks());

beforeEach(async () => {
  bucket.stubEnvironment();
  const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  for (const [kind, prices] of [
    ["IMAGE", [{ sizes: { "64x64": 1 } }]],
    ["VIDEO", [{ perSecond: 1 }]],
  ] as const) {
    vi.stubEnv(`${kind}_PROVIDER`, "openai");
    vi.stubEnv(`${kind}_BASE_URL`, baseUrl);
    vi.stubEnv(`${kind}_API_KEY`, "key");
    vi.stubEnv(`${kind}_MODELS`, JSON.stringify([{ id: "maker", prices }]));
  }
  vi.stubEnv("MEDIA_PARALLELISM", "100");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  mortalWorkers(
    (jobId) => lives.get(jobId) as Life,
    (of) => getFunctionName(of as never).replace(/^media\//, ""),
  );
  await bucket.empty();
  orders = [];
  lives = new Map();
  backend = startBackend();
});

/** A provider in the manner of OpenAI: pictures at once, videos at the second look. */
async function startProvider(): Promise<Server> {
  const picture = (await png()).toString("base64");
  const film = Buffer.concat([await mp4()], FILM_BYTES);
  const looks = new Map<string, number>();
  const server = createServer((request, response) => {
    request.resume();
    const { method, url = "", headers } = request;
    if (method === "POST") orders.push(String(headers["idempotency-key"]));
    if (url.endsWith("/content")) return response.end(film);
    if (url.endsWith("/images/generations")) return response.end(JSON.stringify({ data: [{ b64_json: picture }] }));
    const id = method === "POST" ? `video-${orders.length}` : (url.split("/").at(-1) ?? "");
    const seen = (looks.get(id) ?? -1) + 1;
    looks.set(id, seen);
    return response.end(JSON.stringify({ id, status: seen > 1 ? "completed" : "in_progress", progress: 50 }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

type Kind = "image" | "video";

/** All that the workers of a job do outside themselves, in order. */
const DEEDS: Record<Kind, string[][]> = {
  image: [
    ["making:beginOrder", "POST /v1/images/generations"],
    ["making:beginStoring", "reservations:reserve", "PutObjectCommand", "making:made"],
  ],
  video: [
    ["making:beginOrder", "POST /v1/videos", "making:ordered"],
    ["making:brief", "GET /v1/videos/video-1", "making:looked"],
    ["making:brief", "GET /v1/videos/video-1", "making:beginStoring", "pull", "reservations:reserve"],
    ["CreateMultipartUploadCommand", "reservations:noteParts", "UploadPartCommand", "UploadPartCommand"],
    ["CompleteMultipartUploadCommand", "making:made"],
  ],
};

/** Has somebody order something whose worker dies like that, or not at all. */
async function order(kind: Kind, death: Death | null): Promise<Id<"mediaJobs">> {
  const person = await signedIn(backend, `Person${lives.size}`);
  const options = kind === "video" ? { seconds: 1 } : {};
  const { jobId } = await person.mutation(api.media.request, { requestId: "one", kind, prompt: "a heron", options });
  lives.set(jobId, { death, deeds: [], diedAtMs: null });
  return jobId;
}

/** Lets time pass until all jobs have ended, the watchdog with it, and says when each did. */
async function endings(): Promise<Map<string, { state: string; atMs: number }>> {
  const ended = new Map<string, { state: string; atMs: number }>();
  const startedAtMs = Date.now();
  for (let nextWatchMs = FIRST_WATCHDOG_MS; ended.size < lives.size; ) {
    const passedMs = Date.now() - startedAtMs;
    if (passedMs > 2 * PROMISED_MS) throw new Error(`${lives.size - ended.size} jobs have not ended`);
    if (passedMs >= nextWatchMs) {
      nextWatchMs += WATCHDOG_MS;
      await backend.mutation(internal.media.making.resumeSilent, {});
    }
    await vi.advanceTimersByTimeAsync(TICK_MS);
    await calm();
    for (const { _id, state } of await rows("mediaJobs")) {
      const isOver = ["done", "failed", "cancelled"].includes(state);
      if (isOver && !ended.has(_id)) ended.set(_id, { state, atMs: Date.now() });
    }
  }
  return ended;
}

/** Real answers of the provider and the bucket take real time, in which the clock of the jobs stands still. */
async function calm(): Promise<void> {
  for (let quietRounds = 0; quietRounds < 2; ) {
    await sleep(2);
    quietRounds = underWay() === 0 ? quietRounds + 1 : 0;
  }
}

const rows = <Table extends "mediaJobs" | "media" | "objects" | "uploads" | "objectDeletes" | "usageEvents">(
  table: Table,
) => backend.run(({ db }) => db.query(table).collect());

/** Nothing is done without its bytes, and there are no bytes without a row. */
async function expectBytesAndRowsToAgree(): Promise<void> {
  const keys = await bucket.keys();
  const objects = (await rows("objects")).map(({ key }) => key);
  const others = [...(await rows("uploads")), ...(await rows("objectDeletes"))].map(({ key }) => key);
  expect(objects.filter((key) => !keys.includes(key))).toEqual([]);
  expect(keys.filter((key) => !objects.includes(key) && !others.includes(key))).toEqual([]);
  const done = (await rows("mediaJobs")).filter(({ state }) => state === "done");
  const originals = (await rows("objects")).filter(({ role }) => role === "original").map(({ mediaId }) => mediaId);
  expect(originals.toSorted()).toEqual(done.map(({ mediaId }) => mediaId).toSorted());
}

describe.each([
  ["a picture", "image", "made"],
  ["a video", "video", "ordered"],
] as const)("the worker of %s", (_what, kind, found) => {
  it("may die before or after anything it does, and the job ends within five minutes, charged once or not at all", async () => {
    const first = await order(kind, null);
    await endings();
    const deeds = lives.get(first)?.deeds ?? [];
    expect(deeds).toEqual(DEEDS[kind].flat());
    for (const [deed] of deeds.entries())
      for (const when of ["before", "after"] as const) await order(kind, { deed, when });
    const ended = await endings();
    await expectBytesAndRowsToAgree();

    const orderedAt = deeds.indexOf("making:beginOrder");
    const foundAt = deeds.indexOf(`making:${found}`);
    for (const job of await rows("mediaJobs")) {
      const { death, diedAtMs } = lives.get(job._id) as Life;
      const { state, atMs } = ended.get(job._id) ?? { state: "", atMs: 0 };
      const where = death && `${death.when} ${deeds[death.deed]} (${death.deed})`;
      // An order that was begun and whose place nobody noted cannot be found again, and is not placed twice.
      const moment = death ? death.deed + (death.when === "after" ? 1 : 0) : deeds.length;
      const isLost = death !== null && moment > orderedAt && moment <= foundAt;
      expect([where, state]).toEqual([where, isLost ? "failed" : "done"]);
      expect(diedAtMs === null).toBe(death === null);
      expect(atMs - (diedAtMs ?? atMs), `${where}`).toBeLessThanOrEqual(PROMISED_MS);
      const standing = await backend.run(({ db }) => loadStanding(db, job.ownerId));
      expect([where, standing]).toMatchObject([where, { held: 0, openJobs: 0, spent: isLost ? 0 : job.credits }]);
    }
    expect(new Set(orders).size).toBe(orders.length);
    expect((await rows("usageEvents")).length).toBe([...ended.values()].filter(({ state }) => state === "done").length);
  }, 180_000);
});
