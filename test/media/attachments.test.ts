import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import { readFiles } from "../../convex/media/reading.ts";
import {
  type Backend,
  type Person,
  readMessages,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { startBucket, type TestBucket } from "./bucket.ts";
import { mp4, pdf, png } from "./files.ts";
import { countRows, get, pathOf, quiet, uploadFile } from "./library.ts";

useBackendEnvironment();

let bucket: TestBucket;
let backend: Backend;
let ada: Person;

beforeAll(async () => {
  bucket = await startBucket();
});
afterAll(() => bucket.close());

beforeEach(async () => {
  bucket.stubEnvironment();
  vi.stubEnv(
    "CHAT_MODELS",
    JSON.stringify([
      { id: "seeing", images: true },
      { id: "blind", label: "Blind" },
    ]),
  );
  vi.stubEnv("CONVEX_SITE_URL", "https://site.test");
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  await bucket.empty();
  backend = startBackend();
  ada = await signedIn(backend);
});

interface Said {
  text?: string;
  model?: string;
  threadId?: Id<"threads">;
  requestId?: string;
}

/** Sends a message with files, and ends the reply, which no model is there to write. */
async function sendWith(attachmentIds: string[], said: Said = {}, person = ada) {
  const message = { requestId: crypto.randomUUID(), text: "Look", ...said, attachmentIds };
  const sent = await person.mutation(api.messages.send, message);
  await person.mutation(api.messages.stop, { messageId: sent.replyId });
  return sent;
}

async function uploadPicture(name = "a.png"): Promise<Id<"media">> {
  const mediaId = await uploadFile(ada, await png(), { name });
  await quiet(backend);
  return mediaId;
}

const attachmentsOf = async (threadId: string) =>
  (await readMessages(ada, threadId)).flatMap(({ attachments }) => attachments);

describe("files with a message", () => {
  it("are listed with it, and served from then on as the chat's", async () => {
    const mediaId = await uploadPicture("été.png");
    const { threadId } = await sendWith([mediaId]);
    expect(await attachmentsOf(threadId)).toEqual([
      {
        mediaId,
        kind: "image",
        mime: "image/png",
        name: "été.png",
        contentBytes: expect.any(Number),
        width: 640,
        height: 400,
      },
    ]);
    expect((await get(ada, mediaId)).status).toBe(200);
    expect((await get(ada, `${mediaId}?variant=thumbnail`)).status).toBe(200);
  });

  it("get their thumbnail also where the message was quicker than it", async () => {
    const mediaId = await uploadFile(ada, await png());
    await sendWith([mediaId]);
    await quiet(backend);
    expect((await get(ada, `${mediaId}?variant=thumbnail`)).status).toBe(200);
    expect(await countRows(backend)).toEqual({ media: 1, objects: 2 });
  });

  it("are given to the model, the text as text and the picture as a picture", async () => {
    const picture = await uploadPicture();
    const notes = await uploadFile(ada, Buffer.from("Buy milk"), { name: "list.txt" });
    const { replyId } = await sendWith([picture, notes]);
    const context = await backend.query(internal.messages.context.load, { replyId });
    const files = await readFiles(context!.turns.flatMap((turn) => turn.files));
    expect([...files.values()]).toEqual([
      { kind: "picture", mime: "image/png", bytes: expect.any(Uint8Array) },
      { kind: "text", name: "list.txt", text: "Buy milk" },
    ]);
  });

  it.each([
    ["a picture, by a model that sees none", () => png(), "blind"],
    ["a document, by any model", async () => pdf(), "seeing"],
    ["a film, by any model", () => mp4(), "seeing"],
    ["a text that is longer than models read", async () => Buffer.alloc(300_000, "a"), "seeing"],
  ])("that cannot be read are refused before anything is charged: %s", async (_, make, model) => {
    const mediaId = await uploadFile(ada, await make());
    await quiet(backend);
    const before = await backend.run(async ({ db }) => (await db.query("usageEvents").collect()).length);
    expect(await refusalOf(sendWith([mediaId], { model }))).toBe("invalid");
    const after = await backend.run(async ({ db }) => ({
      events: (await db.query("usageEvents").collect()).length,
      threads: (await db.query("threads").collect()).length,
      state: (await db.query("media").collect())[0]?.state,
    }));
    expect(after).toEqual({ events: before, threads: 0, state: "loose" });
  });

  it("[A18] of somebody else are not found, and stay theirs", async () => {
    const mediaId = await uploadPicture();
    const ben = await signedIn(backend, "Ben");
    expect(await refusalOf(sendWith([mediaId], {}, ben))).toBe("not_found");
    expect(await refusalOf(sendWith(["nothing"]))).toBe("not_found");
    expect(await refusalOf(ben.mutation(api.media.remove, { mediaId }))).toBe("not_found");
    expect((await get(ada, mediaId)).status).toBe(200);
  });

  it("are the same message when the request is repeated", async () => {
    const mediaId = await uploadPicture();
    const requestId = crypto.randomUUID();
    const first = await sendWith([mediaId], { requestId });
    expect(await sendWith([mediaId], { requestId })).toEqual(first);
    expect(await countRows(backend)).toEqual({ media: 1, objects: 2 });
  });

  it("come to be a copy, over the same bytes, where they are in another chat already", async () => {
    const mediaId = await uploadPicture();
    const first = await sendWith([mediaId]);
    const second = await sendWith([mediaId]);
    const [copy] = await attachmentsOf(second.threadId);
    expect(copy?.mediaId).not.toBe(mediaId);
    expect(await bucket.keys()).toHaveLength(2);
    await ada.mutation(api.threads.remove, { threadId: first.threadId });
    await quiet(backend);
    expect((await get(ada, mediaId)).status).toBe(404);
    expect((await get(ada, copy!.mediaId)).status).toBe(200);
    await ada.mutation(api.threads.remove, { threadId: second.threadId });
    await quiet(backend);
    expect(await countRows(backend)).toEqual({});
    expect(await bucket.keys()).toEqual([]);
  });

  it("stay with what was branched off their chat, and with an edited message", async () => {
    const { threadId, messageId } = await sendWith([await uploadPicture("a.png")]);
    const branched = await ada.mutation(api.threads.branch, { threadId, messageId });
    await ada.mutation(api.threads.remove, { threadId });
    await quiet(backend);
    const [copy] = await attachmentsOf(branched.threadId);
    expect(copy?.name).toBe("a.png");
    expect((await get(ada, copy!.mediaId)).status).toBe(200);

    const [message] = (await readMessages(ada, branched.threadId)).toReversed();
    const edited = await ada.mutation(api.messages.edit, { messageId: message!._id, text: "Look again" });
    await ada.mutation(api.messages.stop, { messageId: edited.replyId });
    expect((await attachmentsOf(branched.threadId)).map(({ mediaId }) => mediaId)).toEqual([copy!.mediaId]);
  });

  it("[A6] go with their chat, rows and bytes", async () => {
    const { threadId } = await sendWith([await uploadPicture(), await uploadPicture()]);
    await ada.mutation(api.threads.remove, { threadId });
    await quiet(backend);
    expect(await countRows(backend)).toEqual({});
    expect(await bucket.keys()).toEqual([]);
  });

  it("that were removed are left out of their message", async () => {
    const mediaId = await uploadPicture();
    const { threadId } = await sendWith([mediaId]);
    await ada.mutation(api.media.remove, { mediaId });
    await quiet(backend);
    expect(await attachmentsOf(threadId)).toEqual([]);
    expect(await bucket.keys()).toEqual([]);
  });
});

describe("the library", () => {
  const library = (numItems = 60) => ada.query(api.media.library, { paginationOpts: { numItems, cursor: null } });

  it("shows a grid of 60 pictures by one query and one small request each", { timeout: 60_000 }, async () => {
    const uploaded: string[] = [];
    const picture = await png(1200, 900);
    for (let index = 0; index < 60; index++) uploaded.push(await uploadFile(ada, picture));
    await quiet(backend);
    for (let at = 0; at < 60; at += 10) await sendWith(uploaded.slice(at, at + 10));
    await ada.action(api.media.openSession, {});
    const { page } = await library();
    expect(page.map(({ mediaId }) => mediaId).toSorted()).toEqual(uploaded.toSorted());
    await bucket.control({ clearLog: true });
    for (const { thumbnailUrl } of page) {
      const response = await backend.fetch(pathOf(thumbnailUrl!));
      expect(response.headers.get("Content-Type")).toBe("image/webp");
      expect((await response.arrayBuffer()).byteLength).toBeLessThan(64 * 1024);
    }
    const { log } = await bucket.control({});
    expect(log).toHaveLength(60);
    expect(Math.max(...log.map(({ sentBytes }) => sentBytes))).toBeLessThan(64 * 1024);
  });

  it("gives no addresses without a session, and one's own alone", async () => {
    await sendWith([await uploadPicture()]);
    expect((await library()).page[0]).toMatchObject({ thumbnail: "made", thumbnailUrl: null, width: 640, height: 400 });
    const ben = await signedIn(backend, "Ben");
    expect((await ben.query(api.media.library, { paginationOpts: { numItems: 9, cursor: null } })).page).toEqual([]);
  });

  it("has a poster frame of a film", async () => {
    const mediaId = await uploadFile(ada, await mp4());
    await quiet(backend);
    const poster = await get(ada, `${mediaId}?variant=thumbnail`);
    expect([poster.status, poster.headers.get("Content-Type")]).toEqual([200, "image/webp"]);
  });
});
