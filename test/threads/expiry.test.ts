import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import schema from "../../convex/schema.ts";
import { CLOCK_ERROR_MS, UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import {
  type Backend,
  type Person,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { countContent, say, send } from "../support/chats.ts";

useBackendEnvironment();

/** After this a chat is deleted: once it is past its period by any clock. */
const DUE_MS = UNPINNED_THREAD_MS + CLOCK_ERROR_MS;

let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers();
  backend = startBackend();
  ada = await signedIn(backend);
});

const sweep = async () => {
  await backend.mutation(internal.threads.expiry.sweep, {});
  await settled();
};
const settled = () => backend.finishAllScheduledFunctions(vi.runAllTimers);
const setPinned = (threadId: string, pinned: boolean) => ada.mutation(api.threads.setPinned, { threadId, pinned });

describe("the retention sweep", () => {
  it("[A6] deletes a chat that is not pinned after sixty days, with everything that hangs on it", async () => {
    const { threadId, messageId } = await say(ada, "Tides");
    await ada.mutation(api.messages.edit, { messageId, text: "Tides and moons" });
    await backend.run((ctx) => attachFile(ctx, threadId));
    await settled();
    vi.advanceTimersByTime(DUE_MS);
    await sweep();
    expect(await countContent(backend)).toEqual({});
    expect(await rowsNaming(threadId)).toEqual([]);
    expect(await outbox()).toEqual(["object-of-the-chat"]);
  });

  it("[A6] hides a chat when its period is over, and not a millisecond before", async () => {
    const { threadId } = await say(ada, "Tides");
    vi.advanceTimersByTime(UNPINNED_THREAD_MS - 1);
    expect(await ada.query(api.threads.get, { threadId })).toMatchObject({ title: "Tides" });
    vi.advanceTimersByTime(1);
    expect(await refusalOf(ada.query(api.threads.get, { threadId }))).toBe("not_found");
  });

  it("[A6] deletes none a millisecond early, and all of it a millisecond later", async () => {
    await say(ada, "Tides");
    const before = await countContent(backend);
    vi.advanceTimersByTime(DUE_MS - 1);
    await sweep();
    expect(await countContent(backend)).toEqual(before);
    vi.advanceTimersByTime(1);
    await sweep();
    expect(await countContent(backend)).toEqual({});
  });

  it("[A6] deletes none before sixty days that a slow clock stamped and a fast one sweeps", async () => {
    const trueMs = Date.now();
    const errorMs = 5 * 60_000;
    vi.setSystemTime(trueMs - errorMs);
    await say(ada, "Tides");
    const before = await countContent(backend);
    vi.setSystemTime(trueMs + UNPINNED_THREAD_MS - 1 + errorMs);
    await sweep();
    expect(await countContent(backend)).toEqual(before);
    vi.setSystemTime(trueMs + UNPINNED_THREAD_MS + errorMs);
    await sweep();
    expect(await countContent(backend)).toEqual({});
  });

  it("[A6] counts from the last message, not from a new title", async () => {
    const { threadId } = await say(ada, "Tides");
    vi.advanceTimersByTime(UNPINNED_THREAD_MS - 1);
    await ada.mutation(api.threads.rename, { threadId, title: "Moons" });
    await ada.query(api.threads.get, { threadId });
    vi.advanceTimersByTime(1 + CLOCK_ERROR_MS);
    await sweep();
    expect(await countContent(backend)).toEqual({});
  });

  it("[A6] [A7] never ends a chat early because a clock was set back, not by a message and not by unpinning", async () => {
    const startMs = Date.now();
    const { threadId } = await say(ada, "Tides");
    vi.setSystemTime(startMs - 1_000);
    await say(ada, "And moons?", threadId);
    await setPinned(threadId, true);
    await setPinned(threadId, false);
    vi.setSystemTime(startMs + UNPINNED_THREAD_MS - 1);
    expect(await ada.query(api.threads.get, { threadId })).toMatchObject({ title: "Tides" });
    await backend.mutation(internal.threads.expiry.sweep, {});
    expect(await countContent(backend)).toMatchObject({ threads: 1, messages: 4 });
    vi.setSystemTime(startMs + UNPINNED_THREAD_MS);
    expect(await refusalOf(ada.query(api.threads.get, { threadId }))).toBe("not_found");
    vi.setSystemTime(startMs + DUE_MS);
    await sweep();
    expect(await countContent(backend)).toEqual({});
  });

  it("[A7] keeps a pinned chat for years, and gives it a whole period when it is unpinned", async () => {
    const { threadId } = await say(ada, "Keep me");
    await setPinned(threadId, true);
    vi.advanceTimersByTime(10 * UNPINNED_THREAD_MS);
    await sweep();
    await setPinned(threadId, false);
    vi.advanceTimersByTime(UNPINNED_THREAD_MS - 1);
    await sweep();
    expect(await ada.query(api.threads.get, { threadId })).toMatchObject({ title: "Keep me" });
    vi.advanceTimersByTime(1 + CLOCK_ERROR_MS);
    await sweep();
    expect(await countContent(backend)).toEqual({});
  });

  it("[A7] leaves a chat whole that was pinned in time, and none to pin once it is gone", async () => {
    const kept = await say(ada, "Kept");
    const gone = await say(ada, "Gone");
    vi.advanceTimersByTime(UNPINNED_THREAD_MS - 1);
    await setPinned(kept.threadId, true);
    vi.advanceTimersByTime(1 + CLOCK_ERROR_MS);
    await sweep();
    expect(await refusalOf(setPinned(gone.threadId, true))).toBe("not_found");
    expect(await refusalOf(send(ada, "Hello?", gone.threadId))).toBe("not_found");
    expect(await ada.query(api.threads.get, { threadId: kept.threadId })).toMatchObject({ title: "Kept" });
    expect(await countContent(backend)).toMatchObject({ threads: 1, messages: 2, threadKeys: 1 });
  });

  it("[A12] leaves alone what its person has restricted, and reaches what is behind it", async () => {
    await say(ada, "Mine");
    const bob = await signedIn(backend, "Bob");
    for (let chat = 0; chat < 20; chat++) await say(bob, `Chat ${chat}`);
    await backend.run(async (ctx) => {
      const [user] = (await ctx.db.query("users").collect()).filter(({ name }) => name === "Bob");
      if (user) await ctx.db.patch("users", user._id, { state: "restricted" });
    });
    vi.advanceTimersByTime(60_000);
    await say(ada, "Mine too");
    vi.advanceTimersByTime(DUE_MS);
    await sweep();
    expect(await countContent(backend)).toMatchObject({ threads: 20, messages: 40, threadKeys: 20 });
  });

  it("keeps what is in the library, which is in no chat", async () => {
    await say(ada, "Tides");
    await backend.run((ctx) => attachFile(ctx));
    vi.advanceTimersByTime(DUE_MS);
    await sweep();
    expect(await countContent(backend)).toEqual({});
    expect(await outbox()).toEqual([]);
    expect(await backend.run((ctx) => ctx.db.query("media").collect())).toHaveLength(1);
  });

  it("goes on by itself until nothing is due", async () => {
    for (let chat = 0; chat < 40; chat++) await say(ada, `Chat ${chat}`);
    vi.advanceTimersByTime(DUE_MS);
    await sweep();
    expect(await countContent(backend)).toEqual({});
  });
});

type Write = Parameters<Parameters<Backend["run"]>[0]>[0];

/** A file of Ada's with an object, in a chat or in the library. */
async function attachFile(ctx: Write, threadId?: Awaited<ReturnType<typeof say>>["threadId"]) {
  const user = await ctx.db.query("users").first();
  if (!user?.workspaceId) throw new Error("Ada has no account");
  const of = { ownerId: user._id, workspaceId: user.workspaceId };
  const bytes = new ArrayBuffer(8);
  const mediaId = await ctx.db.insert("media", {
    ...of,
    threadId,
    recordId: crypto.randomUUID(),
    kind: "text",
    mime: "text/plain",
    contentBytes: 5,
    origin: "job",
    state: "kept",
    thumbnail: "none",
    createdAt: Date.now(),
  });
  const key = threadId ? "object-of-the-chat" : "object-of-the-library";
  const sealed = { sealedKey: bytes, header: bytes, commitment: bytes };
  await ctx.db.insert("objects", {
    ...of,
    mediaId,
    role: "original",
    key,
    ...sealed,
    mime: "text/plain",
    contentBytes: 5,
  });
}

/** The tables in which a row names that id. */
function rowsNaming(id: string): Promise<string[]> {
  return backend.run(async (ctx) => {
    const tables = Object.keys(schema.tables) as (keyof typeof schema.tables)[];
    const rows = await Promise.all(tables.map((table) => ctx.db.query(table).collect()));
    return tables.filter((_, index) => JSON.stringify(rows[index]).includes(id));
  });
}

const outbox = () => backend.run(async (ctx) => (await ctx.db.query("objectDeletes").collect()).map(({ key }) => key));
