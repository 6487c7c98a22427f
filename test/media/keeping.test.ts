import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import { nameOfMade } from "../../convex/media/fileNames.ts";
import { CLOCK_ERROR_MS, UNDO_MS, UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { deletesAt } from "../../src/policy/retention.ts";
import {
  type Backend,
  type Person,
  readMessages,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { png } from "./files.ts";
import { get, pathOf, uploadFile } from "./library.ts";
import { IMAGE_CREDITS, type Services, startServices } from "./services.ts";

useBackendEnvironment();
vi.setConfig({ testTimeout: 20_000 });

const PROMPT = "a heron at dawn";
const SMALL = { size: "512x512" };

let services: Services;
let backend: Backend;
let ada: Person;

beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.close());

beforeEach(async () => {
  services.stubEnvironment();
  vi.stubEnv("CONVEX_SITE_URL", "https://site.test");
  await services.plan({ reset: true, workMs: 0 });
  await services.emptyBucket();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], shouldAdvanceTime: true });
  vi.spyOn(console, "error").mockImplementation(() => {});
  backend = startBackend();
  ada = await signedIn(backend);
});

const library = async (more: { kind?: "image" | "video" } = {}) =>
  (await ada.query(api.media.library, { paginationOpts: { numItems: 60, cursor: null }, ...more })).page;

/** A picture that was made in a chat or, without one, in the library, once its thumbnail is there too. */
async function made(
  place: { newThread?: boolean; threadId?: string } = {},
  options: { size: string; seed?: number } = SMALL,
) {
  const order = { requestId: crypto.randomUUID(), kind: "image", prompt: PROMPT, options, ...place } as const;
  const { jobId, threadId } = await ada.mutation(api.media.request, order);
  const mediaId = await vi.waitFor(
    async () => {
      const medium = (await library()).find((each) => each.made?.jobId === jobId);
      if (medium?.thumbnail !== "made") throw new Error("Not made yet");
      return medium.mediaId;
    },
    { timeout: 8_000, interval: 50 },
  );
  return { jobId, threadId: threadId!, mediaId };
}

async function removeChats(...threadIds: string[]): Promise<void> {
  for (const threadId of threadIds) await ada.mutation(api.threads.remove, { threadId });
  await vi.waitFor(async () => {
    expect(await backend.run(({ db }) => db.query("objectDeletes").collect())).toEqual([]);
    expect(await backend.run(({ db }) => db.query("messages").collect())).toEqual([]);
  });
}

describe("a picture made in a chat", () => {
  it("goes with the chat, and stays where its owner kept it in the library, with its words and bytes", async () => {
    const kept = await made({ newThread: true });
    const left = await made({ newThread: true });
    await ada.mutation(api.media.keep, { mediaId: kept.mediaId });
    await removeChats(kept.threadId, left.threadId);
    const shown = await library();
    expect(shown).toMatchObject([{ mediaId: kept.mediaId, threadId: null, deletesAt: null }]);
    expect(shown[0]?.made).toMatchObject({ jobId: kept.jobId, prompt: PROMPT, credits: IMAGE_CREDITS });
    expect(await ada.query(api.media.job, { jobId: kept.jobId })).toMatchObject({ prompt: PROMPT, threadId: null });
    expect((await get(ada, kept.mediaId)).status).toBe(200);
    expect((await get(ada, `${kept.mediaId}?variant=thumbnail`)).status).toBe(200);
    expect((await get(ada, left.mediaId)).status).toBe(404);
    expect(await refusalOf(ada.query(api.media.job, { jobId: left.jobId }))).toBe("not_found");
    expect(await services.bucketKeys()).toHaveLength(2);
  });

  const undoKey = "k".repeat(32);
  const removeFor = (threadId: string) => ada.mutation(api.threads.remove, { threadId, undoKey });
  const sweepAfter = async (ms: number) => {
    vi.setSystemTime(Date.now() + ms);
    await backend.mutation(internal.threads.expiry.sweep, {});
  };

  it.each([
    ["is deleted", (threadId: string) => ada.mutation(api.threads.remove, { threadId })],
    ["is swept at the end of its period", () => sweepAfter(UNPINNED_THREAD_MS + CLOCK_ERROR_MS)],
    [
      "is deleted and not brought back in time",
      async (threadId: string) => {
        await removeFor(threadId);
        await vi.advanceTimersByTimeAsync(UNDO_MS);
      },
    ],
    [
      "is deleted, brought back, and deleted again",
      async (threadId: string) => {
        await removeFor(threadId);
        await ada.mutation(api.threads.restore, { threadId, undoKey });
        await ada.mutation(api.threads.remove, { threadId });
      },
    ],
  ])("[A3] [A6] stays where it was kept, and goes where it was not, when its chat %s", async (_how, end) => {
    const kept = await made({ newThread: true });
    const left = await made({ threadId: kept.threadId });
    await ada.mutation(api.media.keep, { mediaId: kept.mediaId });
    await end(kept.threadId);
    await nothingRuns();
    expect(await library()).toMatchObject([{ mediaId: kept.mediaId, threadId: null, deletesAt: null }]);
    expect((await get(ada, kept.mediaId)).status).toBe(200);
    expect((await get(ada, left.mediaId)).status).toBe(404);
    expect(await services.bucketKeys()).toHaveLength(2);
    expect(await refusalOf(ada.query(api.media.job, { jobId: left.jobId }))).toBe("not_found");
  });

  it("cannot be kept any more while its chat is deleted, and can again once that was brought back", async () => {
    const { threadId, mediaId } = await made({ newThread: true });
    await removeFor(threadId);
    expect(await refusalOf(ada.mutation(api.media.keep, { mediaId }))).toBe("not_found");
    await ada.mutation(api.threads.restore, { threadId, undoKey });
    await ada.mutation(api.media.keep, { mediaId });
    expect(await library()).toMatchObject([{ mediaId, threadId: null }]);
  });

  it("[A11] goes with the account, kept or not", async () => {
    const { threadId, mediaId } = await made({ newThread: true });
    await made({ threadId });
    await ada.mutation(api.media.keep, { mediaId });
    await ada.action(api.account.erase, { confirm: "erase" });
    await nothingRuns();
    expect(await services.bucketKeys()).toEqual([]);
    expect(await backend.run(({ db }) => db.query("media").collect())).toEqual([]);
  });

  /** Resolves once no row of a chat that ends is left, and no bytes are to be deleted. */
  async function nothingRuns(): Promise<void> {
    await vi.waitFor(
      async () => {
        expect(await backend.run(({ db }) => db.query("objectDeletes").collect())).toEqual([]);
        expect(await backend.run(({ db }) => db.query("threads").collect())).toEqual([]);
      },
      { timeout: 8_000 },
    );
  }

  it("is still shown in its chat and what is branched off it once it was kept, and can be made again there", async () => {
    const { threadId, mediaId } = await made({ newThread: true });
    await ada.mutation(api.media.keep, { mediaId });
    await ada.mutation(api.media.keep, { mediaId });
    const [reply] = await readMessages(ada, threadId);
    expect(reply?.attachments).toMatchObject([{ mediaId, name: `${PROMPT}.png` }]);
    const branch = await ada.mutation(api.threads.branch, { threadId, messageId: reply!._id });
    const [copied] = await readMessages(ada, branch.threadId);
    expect((await get(ada, copied!.attachments[0]!.mediaId)).status).toBe(200);
    await ada.mutation(api.messages.regenerate, { messageId: reply!._id });
    const [another] = await readMessages(ada, threadId);
    const job = await ada.query(api.media.job, { jobId: another!.jobId! });
    expect(job).toMatchObject({ prompt: PROMPT, options: SMALL });
  });

  it("says until when it is kept: as long as its chat", async () => {
    const { threadId } = await made({ newThread: true });
    const thread = await backend.run(({ db }) => db.get("threads", threadId));
    expect(await library()).toMatchObject([{ threadId, deletesAt: deletesAt(thread!) }]);
    await ada.mutation(api.threads.setPinned, { threadId, pinned: true });
    expect(await library()).toMatchObject([{ threadId, deletesAt: null }]);
  });

  it("[A18] cannot be kept by anybody else", async () => {
    const { threadId, mediaId } = await made({ newThread: true });
    const ben = await signedIn(backend, "Ben");
    expect(await refusalOf(ben.mutation(api.media.keep, { mediaId }))).toBe("not_found");
    expect(await refusalOf(ada.mutation(api.media.keep, { mediaId: threadId }))).toBe("not_found");
    expect(await library()).toMatchObject([{ threadId }]);
  });
});

describe("an upload", () => {
  it("that no message took up stays where it was kept", async () => {
    const mediaId = await uploadFile(ada, await png());
    expect(await library()).toEqual([]);
    await ada.mutation(api.media.keep, { mediaId });
    expect(await library()).toMatchObject([{ mediaId, origin: "upload", made: null }]);
    expect(await library({ kind: "video" })).toEqual([]);
    expect(await library({ kind: "image" })).toMatchObject([{ mediaId }]);
  });
});

describe("what was made", () => {
  it("[A18] is shown alone and with its job as the library shows it, to its owner", async () => {
    const { jobId, mediaId } = await made();
    await ada.action(api.media.openSession, {});
    const [listed] = await library();
    expect(listed?.thumbnailUrl).toMatch(/variant=thumbnail/);
    expect(await ada.query(api.media.medium, { mediaId })).toEqual(listed);
    expect(await ada.query(api.media.job, { jobId })).toMatchObject({ mediaId, thumbnailUrl: listed?.thumbnailUrl });
    const bob = await signedIn(backend, "Bob");
    expect(await refusalOf(bob.query(api.media.medium, { mediaId }))).toBe("not_found");
  });

  it("is saved under a name that says what was asked for, by whoever has its ticket", async () => {
    const { mediaId } = await made();
    const { url } = await ada.action(api.media.ticket, { mediaId });
    const shown = await backend.fetch(pathOf(url));
    expect(shown.headers.get("Content-Disposition")).toBe("inline; filename*=UTF-8''a%20heron%20at%20dawn.png");
    const saved = await backend.fetch(`${pathOf(url)}&download=1`);
    expect(saved.headers.get("Content-Disposition")).toBe("attachment; filename*=UTF-8''a%20heron%20at%20dawn.png");
    expect(await saved.arrayBuffer()).toEqual(await shown.arrayBuffer());
  });

  it("is another for the same words and another seed, and the same for the same seed", async () => {
    const pictures: string[] = [];
    for (const seed of [1, 2, 1]) {
      const { mediaId, jobId } = await made({}, { ...SMALL, seed });
      expect((await ada.query(api.media.job, { jobId })).options).toEqual({ ...SMALL, seed });
      pictures.push(Buffer.from(await (await get(ada, mediaId)).arrayBuffer()).toString("base64"));
    }
    const [first, second, third] = pictures;
    expect(first).not.toBe(second);
    expect(first).toBe(third);
  });
});

describe("the name of what was made", () => {
  it.each([
    ["a heron at dawn", "image/png", "a heron at dawn.png"],
    ["  a heron\n at\tdawn.  ", "image/jpeg", "a heron at dawn.jpg"],
    ["../../etc/passwd", "video/mp4", "etc passwd.mp4"],
    ['what? "a\\b": <c>|*', "image/webp", "what a b c.webp"],
    ["白鷺".repeat(40), "image/png", `${"白鷺".repeat(30)}.png`],
    [`${"word ".repeat(11)}and something longer`, "image/png", `${"word ".repeat(11)}and.png`],
    ["...", "image/png", "image.png"],
    ["\u202e???", "video/webm", "video.webm"],
  ] as const)("%j, as %s, is %j", (prompt, mime, name) => {
    expect(nameOfMade(prompt, mime)).toBe(name);
  });
});
