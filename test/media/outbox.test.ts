import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, UploadPartCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import { pauseAfterMs } from "../../convex/media/deletes.ts";
import { type Backend, type Person, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { startBucket, type TestBucket } from "./bucket.ts";
import { countRows, get, quiet, uploadFile } from "./library.ts";

useBackendEnvironment();

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let bucket: TestBucket;
let backend: Backend;
let ada: Person;
const complaints: string[] = [];

beforeAll(async () => {
  bucket = await startBucket();
});
afterAll(() => bucket.close());

beforeEach(async () => {
  bucket.stubEnvironment();
  vi.useFakeTimers({ toFake: ["Date"] });
  complaints.length = 0;
  vi.spyOn(console, "error").mockImplementation((...what) => void complaints.push(what.join(" ")));
  await bucket.empty();
  backend = startBackend();
  ada = await signedIn(backend);
});

const later = (ms: number) => vi.setSystemTime(Date.now() + ms);
const notes = () => uploadFile(ada, Buffer.from("notes"));

async function drain() {
  await backend.action(internal.media.draining.drain, {});
}

const outbox = () => backend.run(({ db }) => db.query("objectDeletes").collect());

describe("the outbox for bytes", () => {
  it("keeps what the bucket has not confirmed key by key, and tries again for as long as it takes", async () => {
    const ids = [await notes(), await notes(), await notes()];
    const keys = await bucket.keys();
    const [stuck] = keys as [string];
    await bucket.control({ failKeys: [stuck] });
    for (const mediaId of ids) await ada.mutation(api.media.remove, { mediaId });
    await quiet(backend);
    expect((await outbox()).map(({ key }) => key)).toEqual([stuck]);
    expect(await bucket.keys()).toEqual([stuck]);

    for (let tries = 1; tries < 12; tries++) {
      later(pauseAfterMs(tries) - 1000);
      await drain();
      expect((await outbox())[0]?.attempts).toBe(tries);
      later(1000);
      await drain();
    }
    expect(complaints.join()).toContain(stuck);
    expect(await backend.query(internal.media.deletes.state, {})).toMatchObject({ stuck: 1 });
    await bucket.control({ failKeys: [] });
    later(60 * MINUTE_MS);
    await backend.mutation(internal.media.deletes.kick, {});
    await quiet(backend);
    expect(await countRows(backend)).toEqual({});
    expect(await bucket.keys()).toEqual([]);
  });

  it.each([
    ["fails", { failNext: 100 }],
    ["deletes and loses the answer", { dropNext: 100 }],
  ])(
    "keeps everything where the bucket %s, and loses nothing by it",
    async (_, trouble) => {
      const mediaId = await notes();
      await bucket.control({ only: ["DeleteObjects"], ...trouble });
      await ada.mutation(api.media.remove, { mediaId });
      await quiet(backend);
      expect(await countRows(backend)).toEqual({ objectDeletes: 1 });
      await bucket.control({ reset: true });
      later(2 * MINUTE_MS);
      await drain();
      expect(await countRows(backend)).toEqual({});
      expect(await bucket.keys()).toEqual([]);
    },
    20_000,
  );

  it("rests ever longer between tries, up to an hour", () => {
    const pauses = Array.from({ length: 12 }, (_, tries) => pauseAfterMs(tries + 1) / MINUTE_MS);
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]);
  });

  it("lets two drainers at once delete each key once", async () => {
    for (const mediaId of [await notes(), await notes()]) {
      await backend.run(async ({ db }) => void (await db.delete("media", mediaId)));
    }
    await backend.run(async ({ db }) => {
      for (const { _id, key } of await db.query("objects").collect()) {
        await db.delete("objects", _id);
        await db.insert("objectDeletes", { key, askedAt: Date.now(), notBeforeAt: Date.now(), attempts: 0 });
      }
    });
    await bucket.control({ clearLog: true });
    await Promise.all([drain(), drain()]);
    const { log } = await bucket.control({});
    expect(log.filter(({ operation }) => operation === "DeleteObjects")).toHaveLength(1);
    expect(await countRows(backend)).toEqual({});
  });
});

describe("the nightly sweep", () => {
  async function night() {
    later(DAY_MS);
    await backend.mutation(internal.media.strays.beginPass, {});
    await quiet(backend);
  }

  it("deletes an object that no row names once two passes have seen it, and nothing else", async () => {
    const kept = await notes();
    await backend.run(({ db }) => db.patch("media", kept, { state: "kept" }));
    const [known] = (await bucket.keys()) as [string];
    await bucket.put("stray", Buffer.from("left behind"));
    await bucket.control({ largestPage: 1 });
    await night();
    expect((await bucket.keys()).toSorted()).toEqual([known, "stray"].toSorted());
    expect(await countRows(backend)).toEqual({ media: 1, objects: 1, strayObjects: 1 });
    await night();
    expect(await bucket.keys()).toEqual([known]);
    await night();
    expect(await countRows(backend)).toEqual({ media: 1, objects: 1 });
    expect((await get(ada, kept)).status).toBe(200);
  });

  it("forgets a mark whose object has got a row meanwhile", async () => {
    await bucket.put("late", Buffer.from("sealed"));
    await night();
    const [user] = await backend.run(({ db }) => db.query("users").collect());
    const home = { ownerId: user!._id, workspaceId: user!.workspaceId! };
    await backend.mutation(internal.media.reservations.reserve, { ...home, key: "late" });
    await night();
    expect(await bucket.keys()).toEqual(["late"]);
    expect(await countRows(backend)).toEqual({ uploads: 1 });
  });

  it("deletes nothing and is loud where very many objects have no row", async () => {
    await Promise.all(Array.from({ length: 60 }, (_, index) => bucket.put(`stray-${index}`, Buffer.from("?"))));
    await night();
    await night();
    expect(await bucket.keys()).toHaveLength(60);
    expect(complaints.join()).toContain("look at the database");
  });

  it("flags rows whose object the bucket has lost, within a week of nights, and takes the flag back", async () => {
    const kept = await notes();
    await backend.run(({ db }) => db.patch("media", kept, { state: "kept" }));
    const [key] = (await bucket.keys()) as [string];
    await bucket.empty();
    for (let nights = 0; nights < 7; nights++) await night();
    expect((await backend.query(internal.media.strays.state, {})).missing.count).toBe(1);
    expect(complaints.join()).toContain(key);
    expect(await countRows(backend)).toEqual({ media: 1, objects: 1 });
    await bucket.put(key, Buffer.from("back"));
    for (let nights = 0; nights < 7; nights++) await night();
    expect((await backend.query(internal.media.strays.state, {})).missing.count).toBe(0);
  }, 20_000);

  it("aborts uploads in parts that no reservation names", async () => {
    const open = async (Key: string) =>
      bucket.withClient(async (s3, Bucket) => {
        const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
        await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: Buffer.alloc(100) }));
      });
    await open("forgotten");
    await open("wanted");
    const [user] = await backend.run(({ db }) => db.query("users").collect());
    const home = { ownerId: user!._id, workspaceId: user!.workspaceId! };
    await backend.mutation(internal.media.reservations.reserve, { ...home, key: "wanted" });
    await night();
    const left = await bucket.withClient((s3, Bucket) => s3.send(new ListMultipartUploadsCommand({ Bucket })));
    expect(left.Uploads?.map(({ Key }) => Key)).toEqual(["wanted"]);
  });
});
