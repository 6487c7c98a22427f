import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { EXPIRY_NOTICE_MS } from "../../src/policy/retention.ts";
import {
  type Backend,
  type Person,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { countContent, dump, say, send } from "../support/chats.ts";

useBackendEnvironment();

const DAY_MS = 24 * 60 * 60 * 1000;
let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers();
  backend = startBackend();
  ada = await signedIn(backend);
});

const list = async (view: "recent" | "pinned" | "expiring", person = ada, numItems = 20) => {
  const { page } = await person.query(api.threads.list, { view, paginationOpts: { numItems, cursor: null } });
  return page;
};
const titles = async (view: "recent" | "pinned" | "expiring") => (await list(view)).map(({ title }) => title);

describe("lists of chats", () => {
  it("recent has the newest activity first", async () => {
    const tides = await say(ada, "Tides");
    vi.advanceTimersByTime(1_000);
    await say(ada, "Moons");
    expect(await titles("recent")).toEqual(["Moons", "Tides"]);
    vi.advanceTimersByTime(1_000);
    await say(ada, "More about tides", tides.threadId);
    expect(await titles("recent")).toEqual(["Tides", "Moons"]);
  });

  it("pages go on where the last one ended", async () => {
    for (const title of ["One", "Two", "Three"]) {
      await say(ada, title);
      vi.advanceTimersByTime(1_000);
    }
    const first = await ada.query(api.threads.list, {
      view: "recent",
      paginationOpts: { numItems: 2, cursor: null },
    });
    const second = await ada.query(api.threads.list, {
      view: "recent",
      paginationOpts: { numItems: 2, cursor: first.continueCursor },
    });
    expect([...first.page, ...second.page].map(({ title }) => title)).toEqual(["Three", "Two", "One"]);
  });

  it("pinned has the pinned ones alone, which have no date of deletion", async () => {
    const { threadId } = await say(ada, "Keep me");
    await say(ada, "Let me go");
    await ada.mutation(api.threads.setPinned, { threadId, pinned: true });
    expect(await list("pinned")).toMatchObject([{ _id: threadId, title: "Keep me", pinned: true, deletesAt: null }]);
  });

  it("expiring has what goes within a week, the next to go first", async () => {
    await say(ada, "Oldest");
    vi.advanceTimersByTime(DAY_MS);
    await say(ada, "Older");
    vi.advanceTimersByTime(UNPINNED_THREAD_MS - EXPIRY_NOTICE_MS - 2 * DAY_MS);
    await say(ada, "New");
    expect(await titles("expiring")).toEqual([]);
    vi.advanceTimersByTime(DAY_MS);
    expect(await titles("expiring")).toEqual(["Oldest"]);
    vi.advanceTimersByTime(DAY_MS);
    expect(await titles("expiring")).toEqual(["Oldest", "Older"]);
  });

  it("a page without rows is refused, and a huge one is bounded", async () => {
    expect(await refusalOf(list("recent", ada, 0))).toBe("invalid");
    expect(await list("recent", ada, 1e9)).toEqual([]);
  });
});

describe("the sixty days", () => {
  it("[A6] a chat past its period is hidden from every read at once", async () => {
    const { threadId, messageId } = await say(ada, "Old words");
    vi.advanceTimersByTime(UNPINNED_THREAD_MS - 1);
    expect(await titles("recent")).toEqual(["Old words"]);
    vi.advanceTimersByTime(1);
    expect(await titles("recent")).toEqual([]);
    expect(await titles("expiring")).toEqual([]);
    const opts = { numItems: 10, cursor: null };
    const reads = [
      ada.query(api.threads.get, { threadId }),
      ada.query(api.messages.list, { threadId, paginationOpts: opts }),
      ada.mutation(api.messages.edit, { messageId, text: "New words" }),
      send(ada, "Still there?", threadId),
    ];
    for (const read of reads) expect(await refusalOf(read)).toBe("not_found");
    expect(await ada.action(api.threads.search, { query: "old" })).toMatchObject({ hits: [] });
  });

  it("[A7] a pinned chat is kept, and unpinning starts its period afresh", async () => {
    const { threadId } = await say(ada, "Keep me");
    await ada.mutation(api.threads.setPinned, { threadId, pinned: true });
    vi.advanceTimersByTime(10 * UNPINNED_THREAD_MS);
    expect(await titles("recent")).toEqual(["Keep me"]);
    await ada.mutation(api.threads.setPinned, { threadId, pinned: false });
    const { deletesAt } = await ada.query(api.threads.get, { threadId });
    expect(deletesAt).toBe(Date.now() + UNPINNED_THREAD_MS);
    vi.advanceTimersByTime(UNPINNED_THREAD_MS);
    expect(await titles("recent")).toEqual([]);
  });

  it("a new message starts the period afresh, unpinning what was never pinned does not", async () => {
    const { threadId } = await say(ada, "Hello");
    vi.advanceTimersByTime(DAY_MS);
    await ada.mutation(api.threads.setPinned, { threadId, pinned: false });
    const before = await ada.query(api.threads.get, { threadId });
    expect(before.deletesAt).toBe(before.lastActivityAt + UNPINNED_THREAD_MS);
    await say(ada, "Again", threadId);
    const after = await ada.query(api.threads.get, { threadId });
    expect(after.deletesAt).toBe((before.deletesAt ?? 0) + DAY_MS);
  });
});

describe("titles", () => {
  it("begin as the first words of the first message, cut between words", async () => {
    const text = "What makes the tides in the Bay of Fundy so much higher than anywhere else on Earth?";
    await say(ada, `  ${text}\n\nI wonder.`);
    expect(await titles("recent")).toEqual(["What makes the tides in the Bay of Fundy so much higher…"]);
  });

  it("one long word is cut where it must be", async () => {
    await say(ada, "x".repeat(200));
    expect(await titles("recent")).toEqual([`${"x".repeat(60)}…`]);
  });

  it("[A10] can be changed any number of times", async () => {
    const { threadId } = await say(ada, "Hello");
    await ada.mutation(api.threads.rename, { threadId, title: " Tides " });
    await ada.mutation(api.threads.rename, { threadId, title: "Moons" });
    expect(await ada.query(api.threads.get, { threadId })).toMatchObject({ title: "Moons" });
  });

  it.each(["", "  ", "x".repeat(201)])("%j is no title", async (title) => {
    const { threadId } = await say(ada, "Hello");
    expect(await refusalOf(ada.mutation(api.threads.rename, { threadId, title }))).toBe("invalid");
  });
});

describe("deleting a chat", () => {
  it("[A19] makes it unreadable and unseen in that transaction, whatever copy of its rows remains", async () => {
    const { threadId, messageId, replyId } = await send(ada, "Forget this");
    await ada.mutation(api.threads.remove, { threadId });
    expect(await countContent(backend)).toEqual({ threads: 1, messages: 2 });
    expect(await titles("recent")).toEqual([]);
    const reads = [
      ada.query(api.threads.get, { threadId }),
      ada.query(api.messages.list, { threadId, paginationOpts: { numItems: 1, cursor: null } }),
      ada.query(api.messages.deltas, { replyId, page: 0 }),
      ada.mutation(api.messages.edit, { messageId, text: "Or not" }),
      ada.mutation(api.threads.remove, { threadId }),
      send(ada, "Hello?", threadId),
    ];
    for (const read of reads) expect(await refusalOf(read)).toBe("not_found");
  });

  it("takes the pieces of a reply in progress along", async () => {
    const { threadId, replyId } = await send(ada, "Forget this");
    await backend.run(async (ctx) => {
      const reply = await ctx.db.get("messages", replyId);
      const r = reply?.recordId ?? "";
      for (const n of [0, 1, 2]) await ctx.db.insert("deltas", { r, n, t: new ArrayBuffer(40) });
    });
    await ada.mutation(api.threads.remove, { threadId });
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    expect(await countContent(backend)).toEqual({});
  });

  it("leaves nothing to make its salt from: every new chat turns the seed, and a salt comes once", async () => {
    const requestId = crypto.randomUUID();
    const first = await ada.mutation(api.messages.send, { requestId, text: "One" });
    const before = await readSecrets();
    await ada.mutation(api.threads.remove, { threadId: first.threadId });
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    await ada.mutation(api.messages.send, { requestId, text: "One" });
    const after = await readSecrets();
    expect(after.seed).not.toBe(before.seed);
    expect(after.salts).not.toEqual(before.salts);
  });

  it("removes every row in steps, and those of no other chat", async () => {
    const kept = await say(ada, "Stay");
    const before = await countContent(backend);
    const { threadId, messageId } = await say(ada, "Go");
    for (let turn = 0; turn < 40; turn++) await say(ada, `Turn ${turn}`, threadId);
    const edited = await ada.mutation(api.messages.edit, { messageId, text: "Gone" });
    await ada.mutation(api.messages.regenerate, { messageId: edited.replyId });
    await ada.mutation(api.threads.remove, { threadId });
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    expect(await countContent(backend)).toEqual(before);
    expect(await ada.query(api.threads.get, { threadId: kept.threadId })).toMatchObject({ title: "Stay" });
  });
});

function readSecrets() {
  const hex = (bytes?: ArrayBuffer) => Buffer.from(bytes ?? new ArrayBuffer(0)).toString("hex");
  return backend.run(async (ctx) => ({
    seed: hex((await ctx.db.query("saltRatchets").unique())?.seed),
    salts: (await ctx.db.query("threadKeys").collect()).map(({ salt }) => hex(salt)),
  }));
}

describe("other people's chats", () => {
  it("[A18] [B29] look as if they did not exist, like malformed ids and ids of other tables", async () => {
    const { threadId, messageId } = await say(ada, "Mine");
    const bob = await signedIn(backend, "Bob");
    const before = await dump(backend);
    for (const id of [threadId, messageId, "nonsense", ""]) {
      const calls = [
        bob.query(api.threads.get, { threadId: id }),
        bob.mutation(api.threads.rename, { threadId: id, title: "Ours" }),
        bob.mutation(api.threads.setPinned, { threadId: id, pinned: true }),
        bob.mutation(api.threads.remove, { threadId: id }),
        bob.mutation(api.threads.branch, { threadId: id, messageId }),
        send(bob, "Hello", id as typeof threadId),
      ];
      for (const call of calls) expect(await refusalOf(call)).toBe("not_found");
    }
    expect(await list("recent", bob)).toEqual([]);
    expect(await dump(backend)).toBe(before);
  });

  it("are closed to strangers without an account", async () => {
    const { threadId } = await say(ada, "Mine");
    const calls = [
      backend.query(api.threads.list, { view: "recent", paginationOpts: { numItems: 1, cursor: null } }),
      backend.query(api.threads.get, { threadId }),
      backend.mutation(api.threads.remove, { threadId }),
      backend.action(api.threads.search, { query: "mine" }),
    ];
    for (const call of calls) expect(await refusalOf(call)).toBe("unauthenticated");
  });
});
