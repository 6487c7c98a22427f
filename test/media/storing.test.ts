import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import { keepMedium } from "../../convex/media/keeping.ts";
import type { StoredObject } from "../../convex/media/reservations.ts";
import { storeObject, TooManyBytesError } from "../../convex/media/storing.ts";
import { sealedLength } from "../../src/shared/segments.ts";
import { type Backend, type Person, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { startBucket, type TestBucket } from "./bucket.ts";
import { countRows, get, quiet } from "./library.ts";

useBackendEnvironment();

const MIB = 2 ** 20;
/** More than one part, and none of the sizes a round number. */
const LENGTH = 19 * MIB + 12_345;
/** What the bucket gets with one request. */
const PART_BYTES = 5 * MIB;
/** Segments on their way from the content to a part, and what the content comes in. */
const UNDER_WAY_BYTES = 2 * MIB + MIB;

let bucket: TestBucket;
let backend: Backend;
let ada: Person;
let home: { ownerId: Id<"users">; workspaceId: Id<"workspaces"> };

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
  const [user] = await backend.run(({ db }) => db.query("users").collect());
  home = { ownerId: user!._id, workspaceId: user!.workspaceId! };
});

async function* film(length = LENGTH, failAt = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += MIB) {
    if (at >= failAt) throw new Error("The provider hung up");
    yield new Uint8Array(Math.min(MIB, length - at)).fill(at / MIB + 1);
  }
}

function store(content: AsyncIterable<Uint8Array>, mostBytes = 100 * MIB): Promise<StoredObject | null> {
  return backend.action((ctx) => storeObject(ctx as never, { home, mime: "video/mp4", content, mostBytes }));
}

const keep = (stored: StoredObject) =>
  backend.mutation((ctx) => keepMedium(ctx as never, { home, recordId: "made", stored, origin: "job", state: "kept" }));

describe("what a provider made", () => {
  it("is stored in parts of one size, and read back from any of them", async () => {
    const stored = await store(film());
    expect(stored?.contentBytes).toBe(LENGTH);
    const { log } = await bucket.control({});
    expect(log.filter(({ operation }) => operation === "UploadPart")).toHaveLength(
      Math.ceil(sealedLength(LENGTH) / PART_BYTES),
    );
    const mediaId = await keep(stored!);
    const last = await get(ada, mediaId!, { Range: `bytes=${LENGTH - 3}-` });
    expect(new Uint8Array(await last.arrayBuffer())).toEqual(new Uint8Array(3).fill(20));
    const first = await get(ada, mediaId!, { Range: "bytes=0-" });
    expect([first.status, (await first.arrayBuffer()).byteLength]).toEqual([206, 4 * MIB]);
    const whole = await get(ada, mediaId!);
    expect(whole.status).toBe(416);
    await quiet(backend);
  }, 20_000);

  it("is never further ahead of what the bucket has than by one part", async () => {
    const ahead: number[] = [];
    async function* watched() {
      let taken = 0;
      for await (const chunk of film(40 * MIB)) {
        const { log } = await bucket.control({});
        const parts = log.filter(({ operation, status }) => operation === "UploadPart" && status === 200).length;
        ahead.push((taken += chunk.length) - parts * PART_BYTES);
        yield chunk;
      }
    }
    expect((await store(watched()))?.contentBytes).toBe(40 * MIB);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(PART_BYTES + UNDER_WAY_BYTES);
  }, 20_000);

  it.each([
    ["is too much", () => store(film(), 10 * MIB), TooManyBytesError],
    ["breaks off", () => store(film(LENGTH, 12 * MIB)), "hung up"],
    ["breaks off at once", () => store(film(LENGTH, 0)), "hung up"],
  ])("and %s, leaves nothing behind, not even parts", async (_, storing, error) => {
    await expect(storing()).rejects.toThrow(error as never);
    await quiet(backend);
    expect(await countRows(backend)).toEqual({});
    expect(await bucket.keys()).toEqual([]);
    const { ListMultipartUploadsCommand } = await import("@aws-sdk/client-s3");
    const open = await bucket.withClient((s3, Bucket) => s3.send(new ListMultipartUploadsCommand({ Bucket })));
    expect(open.Uploads ?? []).toEqual([]);
  });

  it("is stored although the bucket fails now and then", async () => {
    await bucket.control({ only: ["UploadPart"], failNext: 2 });
    expect((await store(film()))?.contentBytes).toBe(LENGTH);
  }, 20_000);

  it("is not begun for an account that is ending, and given up where it ends meanwhile", async () => {
    const end = () => backend.run(({ db }) => db.patch("users", home.ownerId, { state: "closing" }));
    const stored = await store(film(1000));
    await end();
    expect(await keep(stored!)).toBeNull();
    expect(await store(film(1000))).toBeNull();
    await quiet(backend);
    expect(await countRows(backend)).toEqual({});
    expect(await bucket.keys()).toEqual([]);
  });

  it("is not named by a medium once its reservation was swept", async () => {
    const stored = await store(film(1000));
    vi.setSystemTime(Date.now() + 25 * 60 * 60 * 1000);
    await backend.mutation(internal.media.reservations.sweep, {});
    await quiet(backend);
    expect(await keep(stored!)).toBeNull();
    expect(await countRows(backend)).toEqual({});
  });
});
