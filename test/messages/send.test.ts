import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
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

let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers();
  backend = startBackend();
  ada = await signedIn(backend);
});

describe("sending a message", () => {
  it("makes a chat, the message and an empty reply", async () => {
    const { threadId, messageId, replyId } = await send(ada, "Hi");
    const page = await readMessages(ada, threadId);
    expect(page).toEqual([
      {
        _id: replyId,
        role: "assistant",
        text: "",
        state: "streaming",
        model: "small",
        attachments: [],
        siblings: [replyId],
        usage: null,
        jobId: null,
        error: null,
        createdAt: Date.now(),
      },
      {
        _id: messageId,
        role: "user",
        text: "Hi",
        state: "complete",
        model: null,
        attachments: [],
        siblings: [messageId],
        usage: null,
        jobId: null,
        error: null,
        createdAt: Date.now(),
      },
    ]);
  });

  it("the same request again is the same message, whatever else it says", async () => {
    const requestId = crypto.randomUUID();
    const first = await ada.mutation(api.messages.send, { requestId, text: "Once" });
    const before = await countContent(backend);
    expect(await ada.mutation(api.messages.send, { requestId, text: "Twice" })).toEqual(first);
    expect(await countContent(backend)).toEqual(before);
    expect((await readMessages(ada, first.threadId))[1]).toMatchObject({ text: "Once" });
  });

  it("two people may use the same request id", async () => {
    const bob = await signedIn(backend, "Bob");
    const request = { requestId: "1", text: "Hello" };
    const [mine, theirs] = [
      await ada.mutation(api.messages.send, request),
      await bob.mutation(api.messages.send, request),
    ];
    expect(mine.messageId).not.toBe(theirs.messageId);
  });

  it.each([
    ["no text", { text: "" }, "invalid"],
    ["only spaces", { text: " \n\t " }, "invalid"],
    ["32,001 characters", { text: "x".repeat(32_001) }, "invalid"],
    ["no request id", { requestId: "" }, "invalid"],
    ["a huge request id", { requestId: "x".repeat(129) }, "invalid"],
    ["an unknown model", { model: "gpt-0" }, "invalid"],
    ["a malformed chat", { threadId: "nonsense" }, "not_found"],
    ["an attachment that does not exist", { attachmentIds: ["nonsense"] }, "not_found"],
  ])("with %s is refused", async (_what, args, code) => {
    const call = ada.mutation(api.messages.send, { requestId: crypto.randomUUID(), text: "Hi", ...args });
    expect(await refusalOf(call)).toBe(code);
    expect(await countContent(backend)).toEqual({});
  });

  it("takes 32,000 characters, however many bytes they have", async () => {
    const text = "🌊".repeat(32_000);
    const { threadId } = await send(ada, text);
    expect((await readMessages(ada, threadId))[1]?.text).toBe(text);
  });

  it("is limited in how often one person may do it, and says when to try again", async () => {
    const { threadId } = await say(ada, "0");
    for (let turn = 1; turn < 60; turn++) await say(ada, String(turn), threadId);
    const error = await send(ada, "61", threadId).catch((caught) => caught);
    const data = typeof error.data === "string" ? JSON.parse(error.data) : error.data;
    expect(data).toMatchObject({ code: "limit_exceeded", retryAt: Date.now() + 1_000 });
    vi.setSystemTime(data.retryAt);
    await send(ada, "61", threadId);
  });

  it("[A19] leaves no word of it in the database, titles and searches included", async () => {
    const { threadId } = await say(ada, "Marmalade sandwiches");
    await ada.mutation(api.threads.rename, { threadId, title: "Breakfast plans" });
    await ada.action(api.threads.search, { query: "sandwiches" });
    const everything = await dump(backend);
    for (const word of ["armalade", "andwiches", "reakfast", "plans"]) expect(everything).not.toContain(word);
  });
});

describe("other people's messages", () => {
  it("[A18] [B29] look as if they did not exist, like malformed ids and ids of other tables", async () => {
    const { threadId, messageId, replyId } = await send(ada, "Mine");
    const bob = await signedIn(backend, "Bob");
    const before = await dump(backend);
    for (const id of [messageId, replyId, threadId, "nonsense", ""]) {
      const paginationOpts = { numItems: 10, cursor: null };
      const calls = [
        bob.query(api.messages.list, { threadId, paginationOpts }),
        bob.query(api.messages.deltas, { replyId: id, page: 0 }),
        bob.mutation(api.messages.stop, { messageId: id }),
        bob.mutation(api.messages.regenerate, { messageId: id }),
        bob.mutation(api.messages.edit, { messageId: id, text: "Ours" }),
        bob.mutation(api.messages.select, { messageId: id }),
        bob.action(api.messages.generate, { replyId: id }),
      ];
      for (const call of calls) expect(await refusalOf(call)).toBe("not_found");
    }
    expect(await dump(backend)).toBe(before);
  });

  it("are closed to strangers without an account", async () => {
    const { threadId, messageId, replyId } = await send(ada, "Mine");
    const calls = [
      backend.query(api.messages.list, { threadId, paginationOpts: { numItems: 1, cursor: null } }),
      backend.query(api.messages.deltas, { replyId, page: 0 }),
      backend.mutation(api.messages.send, { requestId: "1", text: "Hi" }),
      backend.mutation(api.messages.stop, { messageId }),
      backend.action(api.messages.generate, { replyId }),
    ];
    for (const call of calls) expect(await refusalOf(call)).toBe("unauthenticated");
  });
});
