import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { internal } from "../../convex/_generated/api.js";
import { CLOCK_ERROR_MS } from "../../src/policy/periods.ts";
import { UPLOAD_BYTES } from "../../src/shared/media.ts";
import { type Backend, type Person, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { startBucket, type TestBucket } from "./bucket.ts";
import { bomb, describedJpeg, mp4, pdf, png, SECRET } from "./files.ts";
import { countRows, get, postFile, quiet, refused, uploadFile } from "./library.ts";

useBackendEnvironment();

const DAY_MS = 24 * 60 * 60 * 1000;

let bucket: TestBucket;
let backend: Backend;
let ada: Person;

beforeAll(async () => {
  bucket = await startBucket();
});
afterAll(() => bucket.close());

beforeEach(async () => {
  bucket.stubEnvironment();
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  await bucket.empty();
  backend = startBackend();
  ada = await signedIn(backend);
});

/** Nothing of a refused file is left, once the outbox was drained. */
async function expectNothingLeft() {
  await quiet(backend);
  expect(await countRows(backend)).toEqual({});
  expect(await bucket.keys()).toEqual([]);
}

const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

describe("an upload", () => {
  it("[A19] rests sealed, under a name that tells nothing, and comes back to its owner", async () => {
    const file = await describedJpeg();
    const mediaId = await uploadFile(ada, file, { name: "holiday.jpg", type: "image/jpeg" });
    await quiet(backend);
    const disk = await bucket.bytesOnDisk();
    for (const telling of [SECRET, "JFIF", "WEBP", "holiday", "user_ada", mediaId])
      expect(disk.includes(telling)).toBe(false);
    const keys = await bucket.keys();
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(key).toMatch(/^[\w-]{43}$/);
    const served = Buffer.from(await (await get(ada, mediaId)).arrayBuffer());
    expect(served.includes(SECRET)).toBe(false);
    expect(served.subarray(-1000).equals(file.subarray(-1000))).toBe(true);
    expect(await countRows(backend)).toEqual({ media: 1, objects: 2 });
  });

  it("[A3] has its key reserved before its first byte is sent", async () => {
    let reserved = 0;
    const sent = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (...args) => {
      reserved = (await countRows(backend))["uploads"] ?? 0;
      return sent(...args);
    });
    await uploadFile(ada, pdf());
    vi.mocked(globalThis.fetch).mockRestore();
    expect(reserved).toBe(1);
    expect(await countRows(backend)).toEqual({ media: 1, objects: 1 });
  });

  it("is kept at the largest size there is", async () => {
    const text = Buffer.alloc(UPLOAD_BYTES, "All work and no play. ");
    const mediaId = await uploadFile(ada, text, { announced: null });
    const served = await (await get(ada, mediaId)).arrayBuffer();
    expect(Buffer.from(served).equals(text)).toBe(true);
  });

  it.each([
    ["an empty file", async () => Buffer.alloc(0), {}, 400, "invalid"],
    ["17 MiB", async () => Buffer.alloc(17 * 2 ** 20, "a"), {}, 413, "limit_exceeded"],
    [
      "17 MiB that were not announced",
      async () => Buffer.alloc(17 * 2 ** 20, "a"),
      { announced: null },
      413,
      "limit_exceeded",
    ],
    ["more than was announced", async () => Buffer.alloc(2000, "a"), { announced: 1000 }, 413, "limit_exceeded"],
    ["a body cut off half-way", async () => Buffer.alloc(1000, "a"), { announced: 2000 }, 400, "invalid"],
    ["a decompression bomb", () => bomb(30_000, 30_000), {}, 400, "invalid"],
    ["a polyglot", async () => Buffer.concat([await png(), Buffer.from("PK\x03\x04")]), {}, 400, "invalid"],
    ["a film that says it is a picture", () => mp4(), { type: "image/png" }, 400, "invalid"],
    ["a picture with the ending of a document", () => png(), { name: "letter.pdf" }, 400, "invalid"],
    ["a name that is too long", () => png(), { name: "x".repeat(300) }, 400, "invalid"],
  ])("of %s is refused, and nothing of it is left", async (_, make, upload, status, code) => {
    expect(await refused(await postFile(ada, await make(), upload))).toEqual({ status, code });
    await expectNothingLeft();
  });

  it("is for people who are signed in and whose account is live", async () => {
    expect(await refused(await postFile(backend, pdf()))).toEqual({ status: 401, code: "unauthenticated" });
    for (const [state, code] of [
      ["closing", "closing"],
      ["restricted", "restricted"],
    ] as const) {
      await backend.run(async ({ db }) => {
        for (const user of await db.query("users").collect()) await db.patch("users", user._id, { state });
      });
      expect(await refused(await postFile(ada, pdf()))).toEqual({ status: 403, code });
    }
    await expectNothingLeft();
  });

  it("of an account that ends meanwhile leaves nothing behind", async () => {
    const sent = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (...args) => {
      await backend.run(async ({ db }) => {
        for (const user of await db.query("users").collect()) await db.patch("users", user._id, { state: "closing" });
      });
      return sent(...args);
    });
    expect(await refused(await postFile(ada, pdf()))).toEqual({ status: 403, code: "closing" });
    vi.mocked(globalThis.fetch).mockRestore();
    await expectNothingLeft();
  });
});

describe("an upload while the bucket is in trouble", () => {
  it("is tried again where the bucket fails for a moment", async () => {
    await bucket.control({ only: ["PutObject"], failNext: 2 });
    await uploadFile(ada, pdf());
    expect(await countRows(backend)).toEqual({ media: 1, objects: 1 });
  });

  it("is one object where the bucket stored it and lost the answer", async () => {
    await bucket.control({ only: ["PutObject"], dropNext: 1 });
    const mediaId = await uploadFile(ada, pdf());
    expect(await bucket.keys()).toHaveLength(1);
    expect((await get(ada, mediaId)).status).toBe(200);
  });

  it("is refused as unavailable where the bucket keeps failing, and nothing is left", async () => {
    await bucket.control({ only: ["PutObject"], failNext: 100 });
    expect(await refused(await postFile(ada, pdf()))).toEqual({ status: 503, code: "unavailable" });
    await bucket.control({ reset: true });
    await expectNothingLeft();
  });
});

describe("bytes that reach the bucket after their key was given up", () => {
  it("are deleted too, once none can be on their way any longer", async () => {
    await bucket.control({ only: ["PutObject"], failNext: 100 });
    await postFile(ada, pdf());
    await bucket.control({ reset: true });
    await quiet(backend);
    const [left] = await backend.run(({ db }) => db.query("objectDeletes").collect());
    await bucket.put(left!.key, Buffer.from("late"));
    later(left!.notBeforeAt - Date.now());
    await backend.mutation(internal.media.deletes.kick, {});
    await expectNothingLeft();
    expect(await backend.run(({ db }) => db.query("objectDeletes").collect())).toEqual([]);
  });
});

describe("what was abandoned", () => {
  it("a reservation goes after a day with its bytes, and not before", async () => {
    const [user] = await backend.run(({ db }) => db.query("users").collect());
    const home = { ownerId: user!._id, workspaceId: user!.workspaceId! };
    await backend.mutation(internal.media.reservations.reserve, { ...home, key: "abandoned" });
    await bucket.put("abandoned", Buffer.from("sealed"));
    later(DAY_MS - 1);
    await backend.mutation(internal.media.reservations.sweep, {});
    expect(await countRows(backend)).toEqual({ uploads: 1 });
    later(2);
    await backend.mutation(internal.media.reservations.sweep, {});
    await expectNothingLeft();
  });

  it("an upload that no message took up goes after a day, and not before", async () => {
    await uploadFile(ada, await png());
    await quiet(backend);
    later(DAY_MS + CLOCK_ERROR_MS - 1000);
    await backend.mutation(internal.media.uploads.sweepLoose, {});
    expect(await countRows(backend)).toEqual({ media: 1, objects: 2 });
    later(2000);
    await backend.mutation(internal.media.uploads.sweepLoose, {});
    await expectNothingLeft();
  });
});
