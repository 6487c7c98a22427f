import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import { SEGMENT_BYTES } from "../../src/shared/segments.ts";
import {
  type Backend,
  type Person,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { send } from "../support/chats.ts";
import { startBucket, type TestBucket } from "./bucket.ts";
import { pdf, png } from "./files.ts";
import { get, pathOf, quiet, ticketPath, uploadFile } from "./library.ts";

useBackendEnvironment();

const MINUTE_MS = 60_000;
const TEXT = Buffer.from(Array.from({ length: 200_000 }, (_, line) => `${line}\n`).join(""));

let bucket: TestBucket;
let backend: Backend;
let ada: Person;
let ben: Person;

beforeAll(async () => {
  bucket = await startBucket();
});
afterAll(() => bucket.close());

beforeEach(async () => {
  bucket.stubEnvironment();
  vi.stubEnv("CONVEX_SITE_URL", "https://site.test");
  vi.stubEnv("ALLOWED_ORIGINS", "https://page.test");
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "error").mockImplementation(() => {});
  await bucket.empty();
  backend = startBackend();
  ada = await signedIn(backend);
  ben = await signedIn(backend, "Ben");
});

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

async function uploadPicture(): Promise<Id<"media">> {
  const mediaId = await uploadFile(ada, await png(), { name: "été (1).png" });
  await quiet(backend);
  return mediaId;
}

describe("serving a file", () => {
  it("answers a range with 206 and just that range, reading no more from the bucket than its segments", async () => {
    const mediaId = await uploadFile(ada, TEXT);
    for (const [range, start, end] of [
      ["bytes=0-1", 0, 2],
      ["bytes=-1", TEXT.length - 1, TEXT.length],
      ["bytes=300000-300999", 300_000, 301_000],
      [`bytes=${TEXT.length - 10}-99999999999999999999`, TEXT.length - 10, TEXT.length],
    ] as const) {
      await bucket.control({ clearLog: true });
      const response = await get(ada, mediaId, { Range: range });
      expect(response.status).toBe(206);
      expect(response.headers.get("Content-Range")).toBe(`bytes ${start}-${end - 1}/${TEXT.length}`);
      expect((await bytesOf(response)).equals(TEXT.subarray(start, end))).toBe(true);
      const { log } = await bucket.control({});
      const fetched = log.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
      expect(log.map(({ operation }) => operation)).toEqual(["GetObject"]);
      expect(fetched).toBeLessThanOrEqual(end - start + 2 * SEGMENT_BYTES);
    }
  });

  it("answers 416 beyond the end, and the whole file to what is no single range", async () => {
    const mediaId = await uploadFile(ada, TEXT);
    const beyond = await get(ada, mediaId, { Range: `bytes=${TEXT.length}-` });
    expect([beyond.status, beyond.headers.get("Content-Range")]).toEqual([416, `bytes */${TEXT.length}`]);
    for (const Range of ["bytes=5-2", "bytes=0-1,4-5", "lines=0-1"]) {
      const response = await get(ada, mediaId, { Range });
      expect(response.status).toBe(200);
      expect((await bytesOf(response)).equals(TEXT)).toBe(true);
    }
  });

  it("honours If-Range only with the tag of the same object", async () => {
    const mediaId = await uploadFile(ada, TEXT);
    const tag = (await get(ada, mediaId, { Range: "bytes=0-0" })).headers.get("ETag") ?? "";
    expect(tag).toMatch(/^"[^"]+"$/);
    expect((await get(ada, mediaId, { Range: "bytes=0-0", "If-Range": tag })).status).toBe(206);
    expect((await get(ada, mediaId, { Range: "bytes=0-0", "If-Range": '"another"' })).status).toBe(200);
    expect((await get(ada, mediaId, { Range: "bytes=0-0", "If-Range": `W/${tag}` })).status).toBe(200);
  });

  it("[B26] sends the headers that keep a file from being anything but looked at", async () => {
    const response = await get(ada, await uploadPicture(), { Origin: "https://page.test" });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "cache-control": "private, no-store",
      "content-disposition": "inline; filename*=UTF-8''%C3%A9t%C3%A9%20%281%29.png",
      "content-security-policy": expect.stringMatching(/default-src 'none'.*sandbox/),
      "content-type": "image/png",
      "cross-origin-resource-policy": "cross-origin",
      "x-content-type-options": "nosniff",
      "access-control-allow-origin": "https://page.test",
      "accept-ranges": "bytes",
    });
    const foreign = await get(ada, await uploadPicture(), { Origin: "https://elsewhere.test" });
    expect(foreign.headers.has("access-control-allow-origin")).toBe(false);
  });

  it.each([
    ["a page", Buffer.from("<html><script>alert(1)</script></html>"), "page.html", "text/plain; charset=utf-8"],
    ["a drawing with a script", Buffer.from("<svg onload='alert(1)'/>"), "drawing.svg", "text/plain; charset=utf-8"],
    ["a document", pdf(), "letter.pdf", "application/pdf"],
  ])("never shows %s inline", async (_, file, name, type) => {
    const { headers } = await get(ada, await uploadFile(ada, file, { name }));
    expect(headers.get("Content-Type")).toBe(type);
    expect(headers.get("Content-Disposition")).toMatch(/^attachment;/);
  });

  it("[A18] is the same 404 for what is missing, malformed, of another table, and somebody else's", async () => {
    const mediaId = await uploadPicture();
    const { threadId } = await send(ada, "Hello");
    const answers = await Promise.all(
      [mediaId, threadId, "nothing", `${mediaId}?variant=thumbnail`, "a/b"].map((id) => get(ben, id)),
    );
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    expect(new Set(bodies).size).toBe(1);
  });

  it("[A20] is refused to whoever shows neither token nor ticket", async () => {
    const mediaId = await uploadPicture();
    expect((await backend.fetch(`/media/${mediaId}`)).status).toBe(401);
    expect((await get(backend, mediaId)).status).toBe(404);
  });

  it("stops in the moment in which the chat or the medium is gone", async () => {
    const mediaId = await uploadFile(ada, Buffer.from("notes"));
    const { threadId } = await ada.mutation(api.messages.send, {
      requestId: crypto.randomUUID(),
      text: "See",
      attachmentIds: [mediaId],
    });
    expect((await get(ada, mediaId)).status).toBe(200);
    await ada.mutation(api.threads.remove, { threadId });
    expect((await get(ada, mediaId)).status).toBe(404);
    const other = await uploadFile(ada, Buffer.from("notes"));
    await ada.mutation(api.media.remove, { mediaId: other });
    expect((await get(ada, other)).status).toBe(404);
  });

  it("[B14] stops while the account is closed, by token and by ticket, and goes on when it is reopened", async () => {
    const mediaId = await uploadPicture();
    const path = await ticketPath(ada, mediaId);
    const statuses = async () => [(await get(ada, mediaId)).status, (await backend.fetch(path)).status];
    await ada.mutation(api.account.close, {});
    expect(await statuses()).toEqual([404, 404]);
    await ada.mutation(api.account.reopen, {});
    expect(await statuses()).toEqual([200, 200]);
  });

  it("fails closed where the row or the bytes were changed", async () => {
    const mediaId = await uploadFile(ada, TEXT);
    const otherId = await uploadFile(ada, TEXT);
    const rowOf = (id: Id<"media">) =>
      backend.run(async ({ db }) => (await db.query("objects").collect()).find((row) => row.mediaId === id)!);
    const [row, other] = [await rowOf(mediaId), await rowOf(otherId)];
    const original = { mime: row.mime, contentBytes: row.contentBytes, key: row.key, sealedKey: row.sealedKey };
    for (const change of [
      { mime: "image/png" },
      { contentBytes: row.contentBytes - 1 },
      { key: other.key },
      { sealedKey: other.sealedKey },
      { key: other.key, sealedKey: other.sealedKey },
    ]) {
      await backend.run(({ db }) => db.patch("objects", row._id, { ...original, ...change }));
      expect((await get(ada, mediaId)).status).toBe(503);
    }
    await backend.run(({ db }) => db.patch("objects", row._id, original));
    expect((await get(ada, mediaId)).status).toBe(200);
    await bucket.put(row.key, Buffer.alloc(TEXT.length, 1));
    expect((await get(ada, mediaId)).status).toBe(503);
  });

  it("rides out a bucket that fails for a moment, and says when it fails for longer", async () => {
    const mediaId = await uploadFile(ada, TEXT);
    await bucket.control({ only: ["GetObject"], failNext: 2 });
    expect((await bytesOf(await get(ada, mediaId))).equals(TEXT)).toBe(true);
    await bucket.control({ only: ["GetObject"], failNext: 100 });
    expect((await get(ada, mediaId)).status).toBe(503);
  });
});

describe("a ticket", () => {
  it("opens its medium without a token, for at most ten minutes", async () => {
    const mediaId = await uploadPicture();
    const { url, expiresAt } = await ada.action(api.media.ticket, { mediaId });
    expect(url).toMatch(/^https:\/\/site\.test\/media\//);
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(10 * MINUTE_MS);
    expect(expiresAt - Date.now()).toBeGreaterThanOrEqual(5 * MINUTE_MS);
    expect((await backend.fetch(pathOf(url))).status).toBe(200);
    later(10 * MINUTE_MS);
    expect((await backend.fetch(pathOf(url))).status).toBe(404);
  });

  it("opens nothing else: not with any part of it altered, not another medium, not another form", async () => {
    const [mediaId, other] = [await uploadPicture(), await uploadPicture()];
    const path = await ticketPath(ada, mediaId, "thumbnail");
    expect((await backend.fetch(path)).headers.get("Content-Type")).toBe("image/webp");
    const altered = [
      path.replace(mediaId, other),
      path.replace("variant=thumbnail&", ""),
      path.replace("variant=thumbnail", "variant=original"),
      path.replace(/expires=(\d+)/, (_, at) => `expires=${Number(at) + 1}`),
      path.replace(/expires=\d+/, "expires=99999999999999999999"),
      path.replace(/signature=(.)/, (_, first) => `signature=${first === "A" ? "B" : "A"}`),
      path.replace(/signature=.*/, "signature=!!"),
      path.replace(/session=[^&]+/, `session=${mediaId}`),
      path.replace(/session=[^&]+/, "session=nothing"),
    ];
    for (const each of altered) expect([each, (await backend.fetch(each)).status]).toEqual([each, 404]);
  });

  it.each(["the session", "the account", "the chat"])("is void from the moment %s is gone", async (what) => {
    const mediaId = await uploadFile(ada, Buffer.from("notes"));
    const { threadId } = await ada.mutation(api.messages.send, {
      requestId: crypto.randomUUID(),
      text: "See",
      attachmentIds: [mediaId],
    });
    const path = await ticketPath(ada, mediaId);
    expect((await backend.fetch(path)).status).toBe(200);
    if (what === "the chat") await ada.mutation(api.threads.remove, { threadId });
    await backend.run(async ({ db }) => {
      if (what === "the session")
        for (const { _id } of await db.query("mediaSessions").collect()) await db.delete("mediaSessions", _id);
      if (what === "the account")
        for (const { _id } of await db.query("users").collect()) await db.patch("users", _id, { state: "erasing" });
    });
    expect((await backend.fetch(path)).status).toBe(404);
  });

  it("is bound to its deployment's master key", async () => {
    const path = await ticketPath(ada, await uploadPicture());
    vi.stubEnv("CRYPTO_KEYRING", JSON.stringify({ k1: Buffer.alloc(32, 9).toString("base64") }));
    expect((await backend.fetch(path)).status).toBe(404);
  });

  it("is made for one's own media alone", async () => {
    const mediaId = await uploadPicture();
    expect(await refusalOf(ben.action(api.media.ticket, { mediaId }))).toBe("not_found");
    expect(await refusalOf(backend.action(api.media.ticket, { mediaId }))).toBe("unauthenticated");
    expect(await refusalOf(ada.action(api.media.ticket, { mediaId: "nothing" }))).toBe("not_found");
  });
});
