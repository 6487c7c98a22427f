import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import { EXPORT_SECTIONS } from "../../convex/exports/schema.ts";
import { CLOCK_ERROR_MS } from "../../src/policy/periods.ts";
import { PERSONAL_TABLES } from "../../src/policy/registry.ts";
import { SEGMENT_BYTES } from "../../src/shared/segments.ts";
import { startBucket, type TestBucket } from "../media/bucket.ts";
import { png } from "../media/files.ts";
import { quiet, refused, uploadFile } from "../media/library.ts";
import {
  type Backend,
  type Person,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { say } from "../support/chats.ts";
import { rowsOf, unzip } from "./archive.ts";

useBackendEnvironment();

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** Three of them are more than one piece. */
const FILE_BYTES = 15 * 1024 * 1024;
const LARGE_FILES_TIMEOUT_MS = 60_000;
/** The longest range that is answered. */
const PART_BYTES = 4 * 1024 * 1024;

/** The tables whose rows are in each section. */
const SECTIONS: Record<(typeof EXPORT_SECTIONS)[number], string[]> = {
  account: ["users", "workspaces", "memberships", "subscriptions", "objections", "privacyRequests"],
  consents: ["consents"],
  threads: ["threads", "branches", "forks"],
  messages: ["messages"],
  media: ["media"],
  files: ["objects"],
  jobs: ["mediaJobs"],
  credits: ["creditEntries"],
  usage: ["usageEvents"],
  webhooks: ["webhookInbox"],
  receipts: ["deletionReceipts"],
  history: ["earlierCredits"],
};

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

const later = (ms: number) => vi.setSystemTime(Date.now() + ms);
const pathOf = (url: string | null) => (url ?? "").replace(/^.*?(\/exports\/)/, "$1");

async function exported(person: Person) {
  await person.mutation(api.privacy.export, {});
  await quiet(backend);
  const [newest] = await person.query(api.privacy.exports, {});
  if (!newest) throw new Error("There is no export");
  return newest;
}

async function fetched(person: Pick<Backend, "fetch">, path: string): Promise<Uint8Array> {
  const response = await person.fetch(path, { headers: { Authorization: "Bearer test" } });
  if (!response.ok) throw new Error(`The export answers ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Rows of a table that no erasure and no sweep has deleted. */
const count = (table: "exports" | "exportPieces" | "uploads") =>
  backend.run(async ({ db }) => (await db.query(table).collect()).length);

describe("an export", () => {
  it("[A13] is a ZIP of everything: chats with their branches, messages, files and credits, opened", async () => {
    const { threadId, messageId } = await say(ada, "What are tides?");
    await ada.mutation(api.messages.edit, { messageId, text: "What are tides, really?" });
    const picture = await png();
    const mediaId = await uploadFile(ada, picture, { name: "moon.png", type: "image/png" });
    await say(await signedIn(backend, "Bob"), "Bob's question");
    const { exportId, state, contentBytes } = await exported(ada);
    expect(state).toBe("ready");
    const archive = await fetched(ada, `/exports/${exportId}`);
    expect(archive.length).toBe(contentBytes);
    const contents = await unzip(archive);

    expect(rowsOf(contents, "account")).toMatchObject([{ name: "Ada", identityId: "user_ada" }]);
    const [thread, ...others] = rowsOf(contents, "threads");
    expect(others).toEqual([]);
    expect(thread).toMatchObject({ id: threadId, title: "What are tides?", branches: [{ parent: 0 }] });
    expect(thread?.forks).toMatchObject([{ messageIds: [messageId, expect.any(String)] }]);
    const texts = rowsOf(contents, "messages").map(({ text, branch }) => ({ text, branch }));
    expect(texts).toContainEqual({ text: "What are tides?", branch: 0 });
    expect(texts).toContainEqual({ text: "What are tides, really?", branch: 1 });
    expect(JSON.stringify(texts)).not.toContain("Bob");
    const [medium] = rowsOf(contents, "media");
    expect(medium).toMatchObject({ id: mediaId, name: "moon.png", file: `files/${mediaId}.png` });
    expect(contents.get(`files/${mediaId}.png`)?.equals(Buffer.from(await stored(mediaId)))).toBe(true);
    expect(rowsOf(contents, "credits").length).toBeGreaterThan(0);
    expect(contents.get("README.txt")?.toString()).toContain("manifest.json");
  });

  /** A file as it is served, which for pictures is without what they said of their origin. */
  async function stored(mediaId: string): Promise<ArrayBuffer> {
    return (await ada.fetch(`/media/${mediaId}`, { headers: { Authorization: "Bearer test" } })).arrayBuffer();
  }

  it("[A13] has a section for every table that the registry says is exported", () => {
    const tables = Object.values(SECTIONS).flat();
    const exportedTables = Object.entries(PERSONAL_TABLES).filter(([, entry]) => entry.exported);
    expect(tables.toSorted()).toEqual(exportedTables.map(([table]) => table).toSorted());
    expect(Object.keys(SECTIONS)).toEqual([...EXPORT_SECTIONS]);
  });

  it("[A13] has a manifest with the length and SHA-256 of every other file in it", async () => {
    await say(ada, "A question");
    await uploadFile(ada, await png(), { type: "image/png" });
    const { exportId } = await exported(ada);
    const contents = await unzip(await fetched(ada, `/exports/${exportId}`));
    const manifest = JSON.parse(contents.get("manifest.json")?.toString() ?? "{}");
    contents.delete("manifest.json");
    const entries = [...contents].map(([name, content]) => ({
      name,
      bytes: content.length,
      sha256: createHash("sha256").update(content).digest("hex"),
    }));
    expect(manifest).toMatchObject({ format: "noruxa-export", version: 1, missing: [] });
    expect(manifest.entries).toEqual(entries);
  });

  it("[A19] rests sealed in the bucket", async () => {
    await say(ada, "A very telling question");
    await exported(ada);
    const disk = await bucket.bytesOnDisk();
    for (const telling of ["telling question", "manifest.json", "user_ada"]) expect(disk.includes(telling)).toBe(false);
    const [piece] = await backend.run(({ db }) => db.query("exportPieces").collect());
    const listing = Buffer.from(piece?.sealedListing ?? new ArrayBuffer(0));
    expect(listing.length).toBeGreaterThan(0);
    expect(listing.includes("sha256")).toBe(false);
  });

  it("says which files the bucket has lost, and has all the others", async () => {
    const lost = await uploadFile(ada, await png(), { type: "image/png" });
    await quiet(backend);
    await bucket.empty();
    const kept = await uploadFile(ada, await png(), { type: "image/png" });
    const { exportId } = await exported(ada);
    const contents = await unzip(await fetched(ada, `/exports/${exportId}`));
    expect(JSON.parse(contents.get("manifest.json")?.toString() ?? "{}").missing).toEqual([`files/${lost}.png`]);
    expect([...contents.keys()].filter((name) => name.startsWith("files/"))).toEqual([`files/${kept}.png`]);
  });

  it("is one while it is being written, and a few a day", async () => {
    const [first, second] = [await ada.mutation(api.privacy.export, {}), await ada.mutation(api.privacy.export, {})];
    expect(second).toEqual(first);
    await quiet(backend);
    await exported(ada);
    await exported(ada);
    expect(await refusalOf(ada.mutation(api.privacy.export, {}))).toBe("limit_exceeded");
  });

  it("may be asked for more often on a larger plan, and of a suspended account", async () => {
    await backend.run(async ({ db }) => {
      const [subscription] = await db.query("subscriptions").collect();
      const [user] = await db.query("users").collect();
      if (!subscription?.period || !user) throw new Error("Signing in opens a month");
      await db.patch("subscriptions", subscription._id, { period: { ...subscription.period, plan: "pro" } });
      await db.patch("users", user._id, { suspendedAt: Date.now() });
    });
    for (let count = 0; count < 4; count++) expect((await exported(ada)).state).toBe("ready");
  });

  it("[A12] is there for restricted and closed accounts too", async () => {
    await say(ada, "Kept");
    await ada.mutation(api.privacy.setRestriction, { restricted: true });
    later(61 * DAY_MS);
    const { exportId } = await exported(ada);
    const contents = await unzip(await fetched(ada, `/exports/${exportId}`));
    expect(rowsOf(contents, "threads")).toHaveLength(1);
    await backend.run(async ({ db }) => {
      for (const { _id } of await db.query("users").collect()) await db.patch("users", _id, { state: "closing" });
    });
    expect((await exported(ada)).state).toBe("ready");
  });

  it("has no chat that is past its period", async () => {
    await say(ada, "Old");
    later(61 * DAY_MS);
    const { exportId } = await exported(ada);
    const contents = await unzip(await fetched(ada, `/exports/${exportId}`));
    expect([rowsOf(contents, "threads"), rowsOf(contents, "messages")]).toEqual([[], []]);
  });
});

describe("GET /exports/:id", () => {
  it("[A20] serves its person by token, anyone with its ticket, and nobody else", async () => {
    const { exportId, url } = await exported(ada);
    const bob = await signedIn(backend, "Bob");
    const plain = `/exports/${exportId}`;
    expect((await backend.fetch(plain)).status).toBe(401);
    expect(await refused(await bob.fetch(plain, { headers: { Authorization: "Bearer test" } }))).toMatchObject({
      status: 404,
    });
    expect((await ada.fetch(plain, { headers: { Authorization: "Bearer test" } })).status).toBe(200);
    expect((await backend.fetch(pathOf(url))).status).toBe(200);
    expect((await backend.fetch(`${pathOf(url)}x`)).status).toBe(404);
    expect((await backend.fetch(pathOf(url).replace(/expires=\d+/, `expires=${Date.now() + 1}`))).status).toBe(404);
    later(HOUR_MS + 1);
    expect((await backend.fetch(pathOf(url))).status).toBe(404);
  });

  it("serves a short archive whole or in ranges that join to it, and refuses what is past its end", async () => {
    await say(ada, "A question");
    const { exportId, contentBytes } = await exported(ada);
    const whole = await fetched(ada, `/exports/${exportId}`);
    const parts = [];
    for (let start = 0; start < contentBytes; start += 700) parts.push(await rangeOf(exportId, start, start + 700));
    expect(Buffer.concat(parts).equals(Buffer.from(whole))).toBe(true);
    const past = { Authorization: "Bearer test", Range: `bytes=${contentBytes}-` };
    expect((await ada.fetch(`/exports/${exportId}`, { headers: past })).status).toBe(416);
  });
});

async function rangeOf(exportId: string, start: number, end: number): Promise<Buffer> {
  const headers = { Authorization: "Bearer test", Range: `bytes=${start}-${end - 1}` };
  const response = await ada.fetch(`/exports/${exportId}`, { headers });
  expect(response.status).toBe(206);
  return Buffer.from(await response.arrayBuffer());
}

describe("the writing of an export", () => {
  it(
    "goes on with the piece at which it died, and joins pieces to one sound archive",
    async () => {
      const line = Buffer.from("All work and no play makes a dull file.\n");
      for (let files = 0; files < 3; files++)
        await uploadFile(ada, Buffer.alloc(FILE_BYTES, line), { type: "text/plain" });
      await bucket.control({ only: ["PutObject"], failNext: 4 });
      const { exportId } = await exported(ada);
      const pieces = () => backend.run(({ db }) => db.query("exportPieces").collect());
      expect(await pieces()).toHaveLength(1);
      await bucket.control({ reset: true });
      later(13 * 60 * 1000);
      await backend.mutation(internal.exports.steps.resumeSilent, {});
      await quiet(backend);

      const [finished] = await ada.query(api.privacy.exports, {});
      expect(finished?.state).toBe("ready");
      expect(await count("uploads")).toBe(0);
      const [, second] = await pieces();
      if (!finished || !second) throw new Error("There is no second piece");
      const parts = [];
      for (let at = 0; at < finished.contentBytes; at += PART_BYTES)
        parts.push(await rangeOf(exportId, at, at + PART_BYTES));
      const archive = Buffer.concat(parts);
      const across = await rangeOf(exportId, second.fromByte - 50, second.fromByte + 50);
      expect(across.equals(archive.subarray(second.fromByte - 50, second.fromByte + 50))).toBe(true);
      const files = [...(await unzip(archive))].filter(([name]) => name.startsWith("files/"));
      expect(files.map(([, { length }]) => length)).toEqual([FILE_BYTES, FILE_BYTES, FILE_BYTES]);
      const whole = await ada.fetch(`/exports/${exportId}`, { headers: { Authorization: "Bearer test" } });
      expect(whole.status).toBe(416);
    },
    LARGE_FILES_TIMEOUT_MS,
  );

  it("gives the memory of each segment back as soon as it is written, and leaves none to be collected", async () => {
    await uploadFile(ada, Buffer.alloc(FILE_BYTES, "All work and no play.\n"), { type: "text/plain" });
    const calls = [vi.spyOn(crypto.subtle, "decrypt"), vi.spyOn(crypto.subtle, "encrypt")];
    expect((await exported(ada)).state).toBe("ready");
    for (const { mock } of calls) {
      const isSegment = mock.calls.map(([, , { byteLength }]) => byteLength > SEGMENT_BYTES / 2);
      const given = await Promise.all(mock.results.map(({ value }) => value as Promise<ArrayBuffer>));
      const segments = given.filter((_, index) => isSegment[index]);
      expect(segments.length).toBeGreaterThanOrEqual(FILE_BYTES / SEGMENT_BYTES);
      // Of the first sealed segment what is written is a copy, with the object's header before it.
      expect(segments.filter(({ detached }) => !detached).length).toBeLessThanOrEqual(1);
    }
  });

  it("is given up loudly after five silent tries", async () => {
    const { exportId } = await ada.mutation(api.privacy.export, {});
    await backend.run(({ db }) => db.patch("exports", exportId, { attempts: 5 }));
    later(HOUR_MS);
    await backend.mutation(internal.exports.steps.resumeSilent, {});
    expect((await ada.query(api.privacy.exports, {}))[0]).toMatchObject({ state: "failed", url: null });
    expect(console.error).toHaveBeenCalledWith(expect.stringContaining("failed after 5 tries"));
  });

  it("keeps nothing of a step that comes late", async () => {
    const { exportId } = await exported(ada);
    await backend.action(internal.exports.building.build, { exportId, piece: 0 });
    await quiet(backend);
    expect([await count("exportPieces"), await count("uploads")]).toEqual([1, 0]);
    expect(await bucket.keys()).toHaveLength(1);
  });

  it("ends seven days after it is ready, bytes and rows", async () => {
    const { exportId, expiresAt } = await exported(ada);
    const keptMs = (expiresAt ?? 0) - Date.now();
    expect(keptMs).toBeGreaterThan(7 * DAY_MS - HOUR_MS);
    expect(keptMs).toBeLessThanOrEqual(7 * DAY_MS);
    later(keptMs - 1);
    await backend.mutation(internal.exports.steps.sweep, {});
    expect(await count("exports")).toBe(1);
    later(1);
    const headers = { Authorization: "Bearer test" };
    expect((await ada.fetch(`/exports/${exportId}`, { headers })).status).toBe(404);
    later(CLOCK_ERROR_MS);
    await backend.mutation(internal.exports.steps.sweep, {});
    await quiet(backend);
    expect([await count("exports"), await count("exportPieces")]).toEqual([0, 0]);
    expect(await bucket.keys()).toEqual([]);
  });

  it("is never taken for a stray, and not swept before it is over", async () => {
    await exported(ada);
    for (let night = 0; night < 3; night++) {
      await backend.mutation(internal.media.strays.beginPass, {});
      await quiet(backend);
      later(DAY_MS);
    }
    expect(await bucket.keys()).toHaveLength(1);
  });
});
