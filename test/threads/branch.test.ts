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
import { say, send } from "../support/chats.ts";

useBackendEnvironment();

let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers();
  backend = startBackend();
  ada = await signedIn(backend);
});

const said = async (threadId: string) =>
  (await readMessages(ada, threadId, 100)).flatMap(({ role, text }) => (role === "user" ? [text] : []));

describe("branching off a chat", () => {
  it("copies what was said up to a message, and leaves the original as it was", async () => {
    const { threadId } = await say(ada, "One");
    const two = await say(ada, "Two", threadId);
    await say(ada, "Three", threadId);
    const branched = await ada.mutation(api.threads.branch, { threadId, messageId: two.messageId });
    expect(await said(branched.threadId)).toEqual(["Two", "One"]);
    expect(await said(threadId)).toEqual(["Three", "Two", "One"]);
    expect(await ada.query(api.threads.get, { threadId: branched.threadId })).toMatchObject({ title: "One" });

    await say(ada, "Another three", branched.threadId);
    expect(await said(branched.threadId)).toEqual(["Another three", "Two", "One"]);
  });

  it("follows the alternative it was made from", async () => {
    const { threadId, messageId } = await say(ada, "One");
    await say(ada, "Two", threadId);
    const other = await ada.mutation(api.messages.edit, { messageId, text: "Uno" });
    await ada.mutation(api.messages.stop, { messageId: other.replyId });
    const branched = await ada.mutation(api.threads.branch, { threadId, messageId: other.replyId });
    const copies = await readMessages(ada, branched.threadId);
    expect(copies.map(({ text, siblings }) => ({ text, alternatives: siblings.length }))).toEqual([
      { text: "", alternatives: 1 },
      { text: "Uno", alternatives: 1 },
    ]);
  });

  it("opens at the end at once and fills up backwards, with every message once", async () => {
    const { threadId } = await say(ada, "Turn 0");
    let last = threadId as string;
    for (let turn = 1; turn < 45; turn++) last = (await say(ada, `Turn ${turn}`, threadId)).replyId;
    const branched = await ada.mutation(api.threads.branch, { threadId, messageId: last });
    expect((await said(branched.threadId))[0]).toBe("Turn 44");
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    const { page, continueCursor } = await ada.query(api.messages.list, {
      threadId: branched.threadId,
      paginationOpts: { numItems: 60, cursor: null },
    });
    const rest = await ada.query(api.messages.list, {
      threadId: branched.threadId,
      paginationOpts: { numItems: 60, cursor: continueCursor },
    });
    const texts = [...page, ...rest.page].flatMap(({ role, text }) => (role === "user" ? [text] : []));
    expect(texts).toEqual(Array.from({ length: 45 }, (_, index) => `Turn ${44 - index}`));
  });

  it("stops copying when the original is deleted meanwhile", async () => {
    const { threadId } = await say(ada, "Turn 0");
    let last = threadId as string;
    for (let turn = 1; turn < 45; turn++) last = (await say(ada, `Turn ${turn}`, threadId)).replyId;
    const branched = await ada.mutation(api.threads.branch, { threadId, messageId: last });
    await ada.mutation(api.threads.remove, { threadId });
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    expect(await readMessages(ada, branched.threadId, 100)).toHaveLength(64);
    const jobs = await backend.run((ctx) => ctx.db.system.query("_scheduled_functions").collect());
    expect(jobs.filter(({ state }) => state.kind === "failed")).toEqual([]);
  });

  it("the same request again is the same chat", async () => {
    const { threadId, messageId } = await say(ada, "One");
    const request = { threadId, messageId, requestId: crypto.randomUUID() };
    const first = await ada.mutation(api.threads.branch, request);
    expect(await ada.mutation(api.threads.branch, request)).toEqual(first);
    expect(await ada.mutation(api.threads.branch, { threadId, messageId })).not.toEqual(first);
  });

  it("survives the deletion of the original", async () => {
    const { threadId, messageId } = await say(ada, "One");
    const branched = await ada.mutation(api.threads.branch, { threadId, messageId });
    await ada.mutation(api.threads.remove, { threadId });
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    expect(await said(branched.threadId)).toEqual(["One"]);
  });

  it("is refused at a reply that is being written and at another chat's message", async () => {
    const { threadId, replyId } = await send(ada, "One");
    expect(await refusalOf(ada.mutation(api.threads.branch, { threadId, messageId: replyId }))).toBe("conflict");
    const other = await say(ada, "Elsewhere");
    const mixed = ada.mutation(api.threads.branch, { threadId, messageId: other.messageId });
    expect(await refusalOf(mixed)).toBe("not_found");
  });
});
