import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import { UNDO_MS } from "../../src/policy/periods.ts";
import {
  type Backend,
  type Person,
  readMessages,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { countContent, dump, say, send } from "../support/chats.ts";

useBackendEnvironment();

const undoKey = "0123456789abcdef0123456789abcdef";
let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers();
  backend = startBackend();
  ada = await signedIn(backend);
});

const listed = async () =>
  (await ada.query(api.threads.list, { view: "recent", paginationOpts: { numItems: 9, cursor: null } })).page;

async function removed(): Promise<Awaited<ReturnType<typeof say>>> {
  const sent = await say(ada, "Words to be missed");
  await ada.mutation(api.threads.remove, { threadId: sent.threadId, undoKey });
  return sent;
}

describe("a chat that was deleted with a key", () => {
  it("is hidden at once, from reads and writes of every kind", async () => {
    const { threadId, messageId } = await removed();
    expect(await listed()).toEqual([]);
    expect((await ada.action(api.threads.search, { query: "missed" })).hits).toEqual([]);
    const calls = [
      ada.query(api.threads.get, { threadId }),
      readMessages(ada, threadId),
      send(ada, "More", threadId),
      ada.mutation(api.messages.edit, { messageId, text: "Other words" }),
      ada.mutation(api.threads.setPinned, { threadId, pinned: true }),
      ada.mutation(api.threads.remove, { threadId }),
    ];
    expect(await Promise.all(calls.map(refusalOf))).toEqual(calls.map(() => "not_found"));
  });

  it("[A19] leaves nothing in the database that opens it: neither its salt nor the key that brings the salt back", async () => {
    const { threadId } = await say(ada, "Words to be missed");
    const salt = await backend.run(async (ctx) => (await ctx.db.query("threadKeys").first())?.salt as ArrayBuffer);
    await ada.mutation(api.threads.remove, { threadId, undoKey });
    expect(await countContent(backend)).not.toHaveProperty("threadKeys");
    const left = await dump(backend);
    expect(left).not.toContain(undoKey);
    expect(left).not.toContain(Buffer.from(salt).toString("latin1"));
  });

  it("comes back with that key as it was, and can be gone on with", async () => {
    const { threadId } = await removed();
    await ada.mutation(api.threads.restore, { threadId, undoKey });
    expect((await listed()).map(({ title }) => title)).toEqual(["Words to be missed"]);
    expect((await readMessages(ada, threadId)).at(-1)?.text).toBe("Words to be missed");
    await say(ada, "More", threadId);
    expect(await readMessages(ada, threadId)).toHaveLength(4);
  });

  it("does not come back with another key, for anyone else, or a second time", async () => {
    const { threadId } = await removed();
    const eve = await signedIn(backend, "Eve");
    const other = undoKey.replace("0", "1");
    expect(await refusalOf(ada.mutation(api.threads.restore, { threadId, undoKey: other }))).toBe("not_found");
    expect(await refusalOf(eve.mutation(api.threads.restore, { threadId, undoKey }))).toBe("not_found");
    await ada.mutation(api.threads.restore, { threadId, undoKey });
    expect(await refusalOf(ada.mutation(api.threads.restore, { threadId, undoKey }))).toBe("not_found");
  });

  it("does not come back after its half minute, though what was to delete it is late", async () => {
    const { threadId } = await removed();
    vi.setSystemTime(Date.now() + UNDO_MS);
    expect(await refusalOf(ada.mutation(api.threads.restore, { threadId, undoKey }))).toBe("not_found");
  });

  it("[A6] is gone, rows and all, once its half minute is over", async () => {
    const { threadId } = await removed();
    vi.advanceTimersByTime(UNDO_MS);
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    expect(await refusalOf(ada.mutation(api.threads.restore, { threadId, undoKey }))).toBe("not_found");
    expect(await countContent(backend)).toEqual({});
  });

  it("stays where it was brought back, and the end of an earlier removal does not end a later one", async () => {
    const { threadId } = await removed();
    const { parked } = (await backend.run((ctx) => ctx.db.get("threads", threadId))) ?? {};
    await ada.mutation(api.threads.restore, { threadId, undoKey });
    const early = { threadId, removedAt: parked?.removedAt ?? 0 };
    await backend.mutation(internal.threads.undoing.finish, early);
    expect(await listed()).toHaveLength(1);
    vi.advanceTimersByTime(1);
    await ada.mutation(api.threads.remove, { threadId, undoKey });
    await backend.mutation(internal.threads.undoing.finish, early);
    await ada.mutation(api.threads.restore, { threadId, undoKey });
    expect(await listed()).toHaveLength(1);
  });

  it("has its replies stopped, with the text so far", async () => {
    const sent = await send(ada, "A question");
    await ada.mutation(api.threads.remove, { threadId: sent.threadId, undoKey });
    await ada.mutation(api.threads.restore, { threadId: sent.threadId, undoKey });
    expect(await readMessages(ada, sent.threadId)).toMatchObject([{ state: "stopped" }, { text: "A question" }]);
    expect(await countContent(backend)).not.toHaveProperty("generations");
  });

  it("demands a key that nobody guesses", async () => {
    const { threadId } = await say(ada, "Words");
    expect(await refusalOf(ada.mutation(api.threads.remove, { threadId, undoKey: "short" }))).toBe("invalid");
    expect(await listed()).toHaveLength(1);
  });
});
