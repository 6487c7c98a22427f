import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
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
import { readEntries, readStanding, setBalance } from "../support/credits.ts";
import { beginStream, says, startProvider, writeChunk } from "../support/provider.ts";

useBackendEnvironment();

const GRANT = 2_000;
/** What is held for a short message: one token of it and 4,000 of the reply, at 1 and 4 credits for 1,000. */
const HOLD = 17;

let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.stubEnv(
    "CHAT_MODELS",
    JSON.stringify([{ id: "small", output: 1_000, prices: [{ input: 100, output: 200 }] }, { id: "large" }]),
  );
  backend = startBackend();
  ada = await signedIn(backend);
});

const kinds = async () => (await readEntries(backend)).map(({ kind, credits, held }) => ({ kind, credits, held }));
const events = () => backend.run((ctx) => ctx.db.query("usageEvents").collect());
const sendTo = (model: string, text = "Hi") =>
  ada.mutation(api.messages.send, { requestId: crypto.randomUUID(), text, model });

async function generate(sent: { replyId: string; threadId: string }) {
  await ada.action(api.messages.generate, { replyId: sent.replyId });
  const [reply] = await readMessages(ada, sent.threadId);
  return reply;
}

describe("a turn", () => {
  it("holds its context and longest reply, and settles what the provider counted", async () => {
    await using _provider = await startProvider(says("Hello."));
    const sent = await sendTo("large");
    expect(await ada.query(api.account.me, {})).toMatchObject({ credits: { balance: GRANT, held: HOLD } });
    const reply = await generate(sent);
    expect(reply?.usage).toEqual({ inputTokens: 11, outputTokens: 7, credits: 1, source: "provider" });
    expect(await readStanding(backend)).toMatchObject({ balance: GRANT - 1, held: 0, spent: 1, openReplies: 0 });
    expect(await kinds()).toEqual([
      { kind: "grant", credits: GRANT, held: 0 },
      { kind: "hold", credits: 0, held: HOLD },
      { kind: "settle", credits: -1, held: -HOLD },
    ]);
  });

  it("[A4] leaves a usage event of times, kind, model, amounts and credits, and nothing else", async () => {
    await using _provider = await startProvider(says("A secret reply."));
    await generate(await sendTo("small", "A secret question"));
    const [event] = await events();
    expect(event).toEqual({
      _id: expect.any(String),
      _creationTime: expect.any(Number),
      ownerId: expect.any(String),
      subject: expect.stringMatching(/^reply:/),
      kind: "chat",
      model: "small",
      startedAt: expect.any(Number),
      endedAt: expect.any(Number),
      inputTokens: 11,
      outputTokens: 7,
      credits: Math.ceil((11 * 100 + 7 * 200) / 1_000),
      source: "provider",
    });
  });

  it.each([
    ["no usage", undefined],
    ["more tokens than the model takes", { prompt_tokens: 1e9, completion_tokens: 7 }],
    ["more tokens than the model gives", { prompt_tokens: 11, completion_tokens: 4_001 }],
    ["negative tokens", { prompt_tokens: -5, completion_tokens: 7 }],
    ["parts of tokens", { prompt_tokens: 1.5, completion_tokens: 7 }],
  ])("whose provider reports %s is estimated, marked and never negative", async (_what, usage) => {
    await using _provider = await startProvider((_request, response) => {
      beginStream(response);
      writeChunk(response, "x".repeat(400));
      if (usage) response.write(`data: ${JSON.stringify({ id: "c1", choices: [], usage })}\n\n`);
      writeChunk(response, "");
      response.end(
        `data: ${JSON.stringify({ id: "c1", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\ndata: [DONE]\n\n`,
      );
    });
    const reply = await generate(await sendTo("small", "Hello there!"));
    expect(reply?.usage).toEqual({ inputTokens: 3, outputTokens: 100, credits: 21, source: "estimate" });
    expect(await readStanding(backend)).toMatchObject({ balance: GRANT - 21, held: 0 });
  });

  it("that fails before any text costs nothing", async () => {
    await using _provider = await startProvider((_request, response) => {
      response.writeHead(500).end();
    });
    const reply = await generate(await sendTo("large"));
    expect(reply).toMatchObject({ state: "failed", usage: null });
    expect(await kinds()).toContainEqual({ kind: "release", credits: 0, held: -HOLD });
    expect([await readStanding(backend), await events()]).toMatchObject([{ balance: GRANT, held: 0 }, []]);
  });

  it("that is cut off is charged for what had arrived", async () => {
    await using _provider = await startProvider((_request, response) => {
      beginStream(response);
      writeChunk(response, "y".repeat(4_000));
      setTimeout(() => response.destroy(), 300);
    });
    const reply = await generate(await sendTo("small"));
    expect(reply).toMatchObject({ state: "interrupted", usage: { outputTokens: 1_000, source: "estimate" } });
    expect(await readStanding(backend)).toMatchObject({ held: 0, spent: 201 });
  });

  it("that is stopped or deleted with its chat settles once", async () => {
    const { threadId, replyId } = await send(ada, "Hi");
    await ada.mutation(api.messages.stop, { messageId: replyId });
    await ada.mutation(api.messages.stop, { messageId: replyId });
    await send(ada, "Again", threadId);
    await ada.mutation(api.threads.remove, { threadId });
    expect(await readStanding(backend)).toMatchObject({ balance: GRANT, held: 0, openReplies: 0 });
    expect((await kinds()).filter(({ kind }) => kind === "release")).toHaveLength(2);
  });

  it("sent twice under one request is held once", async () => {
    const message = { requestId: "once", text: "Hi" };
    await Promise.all([ada.mutation(api.messages.send, message), ada.mutation(api.messages.send, message)]);
    expect((await kinds()).filter(({ kind }) => kind === "hold")).toHaveLength(1);
  });

  it("of two finishes that meet, one settles", async () => {
    const { replyId } = await send(ada, "Hi");
    await ada.run(async () => undefined);
    await backend.mutation(internal.messages.leases.claim, { replyId, lease: "a", identityId: null });
    const finish = { replyId, lease: "a", state: "complete" as const, counted: { inputTokens: 5, outputTokens: 5 } };
    await Promise.all([1, 2].map(() => backend.mutation(internal.messages.leases.finish, finish)));
    expect(await events()).toHaveLength(1);
    expect(await readStanding(backend)).toMatchObject({ held: 0, openReplies: 0 });
  });

  it("is refused without credits, and what was made for it is undone", async () => {
    await setBalance(backend, HOLD - 1);
    expect(await refusalOf(sendTo("large"))).toBe("insufficient_credits");
    expect(await backend.run((ctx) => ctx.db.query("messages").collect())).toEqual([]);
    await setBalance(backend, HOLD);
    await sendTo("large");
  });

  it("holds more where a long conversation came before it", async () => {
    await using _provider = await startProvider((_request, response) => {
      beginStream(response);
      writeChunk(response, "Long.");
      response.write(
        `data: ${JSON.stringify({ id: "c1", choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: { prompt_tokens: 20_000, completion_tokens: 3_000 } })}\n\n`,
      );
      response.end("data: [DONE]\n\n");
    });
    const sent = await sendTo("large");
    await generate(sent);
    await ada.mutation(api.messages.send, { requestId: "next", text: "Hi", model: "large", threadId: sent.threadId });
    expect(await readStanding(backend)).toMatchObject({ held: 23 + HOLD });
    await ada.mutation(api.messages.regenerate, { messageId: sent.replyId, model: "large" });
    expect(await readStanding(backend)).toMatchObject({ held: 23 + HOLD + HOLD });
  });
});

describe("a price", () => {
  const prices = [
    { input: 0, output: 1_000 },
    { from: "2030-01-01", input: 0, output: 5_000 },
  ];

  it("that changes alters nothing that was charged or held before", async () => {
    vi.useFakeTimers({ now: Date.parse("2029-12-31T23:59:00Z"), toFake: ["Date"] });
    vi.stubEnv("CHAT_MODELS", JSON.stringify([{ id: "small", output: 100, prices }]));
    ada = await signedIn(backend);
    const { replyId } = await send(ada, "Hi");
    await backend.mutation(internal.messages.leases.claim, { replyId, lease: "a", identityId: null });
    vi.setSystemTime(Date.parse("2030-01-01T00:00:10Z"));
    const counted = { inputTokens: 1, outputTokens: 50 };
    await backend.mutation(internal.messages.leases.finish, { replyId, lease: "a", state: "complete", counted });
    expect(await events()).toMatchObject([{ credits: 50 }]);
    const before = await readEntries(backend);
    await say(ada, "Dearer");
    const after = await readEntries(backend);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.at(-2)).toMatchObject({ kind: "hold", held: 500 });
  });
});

describe("limits", () => {
  it("on replies at once are the plan's, and say when to try again", async () => {
    for (let turn = 0; turn < 8; turn++) await send(ada, "Hi");
    const error = await send(ada, "One more").catch((caught) => caught);
    const data = typeof error.data === "string" ? JSON.parse(error.data) : error.data;
    expect(data).toMatchObject({ code: "limit_exceeded", retryAt: expect.any(Number) });
  });

  it("on turns a minute grow with the plan", async () => {
    await backend.run(async (ctx) => {
      const [row] = await ctx.db.query("subscriptions").collect();
      if (row?.period) await ctx.db.patch("subscriptions", row._id, { period: { ...row.period, plan: "plus" } });
    });
    const { threadId } = await say(ada, "1");
    for (let turn = 2; turn <= 61; turn++) await say(ada, String(turn), threadId);
    expect((await kinds()).filter(({ kind }) => kind === "hold")).toHaveLength(61);
  }, 20_000);

  it("that a person sets for a day count what is spent and held, and end at midnight", async () => {
    vi.useFakeTimers({ now: Date.parse("2027-03-10T22:00:00Z"), toFake: ["Date"] });
    ada = await signedIn(backend);
    await ada.mutation(api.account.update, { settings: { dailyCeiling: HOLD + 5 } });
    await sendTo("large");
    const error = await sendTo("large").catch((caught) => caught);
    const data = typeof error.data === "string" ? JSON.parse(error.data) : error.data;
    expect(data).toMatchObject({ code: "limit_exceeded", retryAt: Date.parse("2027-03-11T00:00:00Z") });
    await ada.mutation(api.account.update, { settings: { dailyCeiling: null } });
    await sendTo("large");
    expect(await refusalOf(ada.mutation(api.account.update, { settings: { dailyCeiling: 1.5 } }))).toBe("invalid");
  });

  it("of a suspended account: it reads and does not spend, until that is lifted", async () => {
    const { threadId } = await say(ada, "Before");
    const suspend = (suspended: boolean, apply = true) =>
      backend.mutation(internal.account.suspending.setSuspended, { identityId: "user_ada", suspended, apply });
    await suspend(true, false);
    await send(ada, "Only asked for", threadId);
    await suspend(true);
    expect(await refusalOf(send(ada, "Hi", threadId))).toBe("restricted");
    await ada.action(api.account.signIn, {});
    expect(await readMessages(ada, threadId)).toHaveLength(4);
    await suspend(false);
    await send(ada, "Hi", threadId);
    expect(
      await backend.mutation(internal.account.suspending.setSuspended, {
        ...{ identityId: "user_nobody", suspended: true, apply: true },
      }),
    ).toBeNull();
  });
});
