import { inspect } from "node:util";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import { Vault } from "../../convex/encryption/vault.ts";
import { sealPiece } from "../../convex/messages/texts.ts";
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
import { readEntries, readStanding } from "../support/credits.ts";
import { beginStream, endStream, says, startProvider, writeChunk } from "../support/provider.ts";

useBackendEnvironment();

let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], shouldAdvanceTime: true });
  vi.spyOn(console, "error").mockImplementation(() => {});
  backend = startBackend();
  ada = await signedIn(backend);
});

const generate = (replyId: string) => ada.action(api.messages.generate, { replyId });
const deltas = (replyId: string, page = 0) => ada.query(api.messages.deltas, { replyId, page });

async function newest(threadId: string) {
  const [reply] = await readMessages(ada, threadId, 1);
  return reply;
}

/** Waits until the reply's first words are there to be followed. */
async function firstWords(replyId: string): Promise<string> {
  return vi.waitFor(async () => {
    const [first] = (await deltas(replyId)).deltas;
    if (!first) throw new Error("No words yet");
    return first.text;
  });
}

/** Stores a piece as the generating action would. */
async function appendAs(lease: string, replyId: Id<"messages">, { seq, text }: { seq: number; text: string }) {
  const piece = await backend.run(async (ctx) => {
    const reply = await ctx.db.get("messages", replyId);
    const seal = reply && (await new Vault(ctx.db).sealOf(reply));
    return seal ? sealPiece(seal, reply.recordId, { seq, text }) : { r: "", n: seq, t: new ArrayBuffer(0) };
  });
  return backend.mutation(internal.messages.leases.append, { replyId, lease, piece, beat: false });
}

const claimAs = (lease: string, replyId: string) =>
  backend.mutation(internal.messages.leases.claim, { replyId, lease, identityId: "user_ada" });

describe("producing a reply", () => {
  it("gives the model what was said on the branch, oldest first, and nothing else", async () => {
    await using provider = await startProvider(says("Sure."));
    const first = await send(ada, "One");
    await generate(first.replyId);
    const second = await say(ada, "Never mind", first.threadId);
    const edited = await ada.mutation(api.messages.edit, { messageId: second.messageId, text: "Two", model: "large" });
    await say(await signedIn(backend, "Bob"), "Not yours");
    await generate(edited.replyId);
    expect(provider.requests[1]).toMatchObject({
      model: "large",
      max_tokens: 4_000,
      messages: [
        { role: "user", content: "One" },
        { role: "assistant", content: "Sure." },
        { role: "user", content: "Two" },
      ],
    });
  });

  it("leaves out the oldest of a conversation that is longer than the model takes", async () => {
    await using provider = await startProvider(says("Ok."));
    vi.stubEnv("CHAT_MODELS", '[{"id":"tiny","context":30,"output":10}]');
    const { threadId } = await say(ada, "x".repeat(50));
    await say(ada, "y".repeat(30), threadId);
    const { replyId } = await send(ada, "z".repeat(25), threadId);
    await generate(replyId);
    expect(provider.requests[0]?.messages.map(({ content }) => content[0])).toEqual(["y", "z"]);
  });

  it("drops the pieces and the lease when the reply is complete", async () => {
    await using _provider = await startProvider(says("All ", "of ", "it."));
    const { threadId, replyId } = await send(ada, "Hi");
    await generate(replyId);
    expect(await newest(threadId)).toMatchObject({ text: "All of it.", state: "complete" });
    expect(await countContent(backend)).toEqual({ threads: 1, threadKeys: 1, messages: 2 });
    expect(await deltas(replyId)).toEqual({ deltas: [], done: true });
  });

  it("[A19] can be followed piece by piece while no word of it rests readable", async () => {
    let goOn = () => {};
    await using _provider = await startProvider(async (_request, response) => {
      beginStream(response);
      writeChunk(response, "Marmalade");
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      writeChunk(response, " for breakfast.");
      endStream(response);
    });
    const { threadId, replyId } = await send(ada, "Hi");
    const generated = generate(replyId);
    expect(await firstWords(replyId)).toBe("Marmalade");
    expect(await newest(threadId)).toMatchObject({ text: "", state: "streaming" });
    expect(await dump(backend)).not.toContain("armalade");
    goOn();
    await generated;
    expect(await newest(threadId)).toMatchObject({ text: "Marmalade for breakfast." });
    expect(await dump(backend)).not.toContain("armalade");
  });
});

describe("claiming", () => {
  it("one of two tabs produces the reply, the other is told at once", async () => {
    await using provider = await startProvider(says("Hi."));
    const { replyId } = await send(ada, "Hi");
    const [one, two] = await Promise.all([generate(replyId), generate(replyId)]);
    expect([one.claimed, two.claimed].toSorted()).toEqual([false, true]);
    expect(await generate(replyId)).toEqual({ claimed: false });
    expect(provider.requests).toHaveLength(1);
  });

  it("a reply that no tab claims is produced by the fallback after three seconds", async () => {
    await using provider = await startProvider(says("Here I am."));
    const { threadId } = await send(ada, "Hi");
    await vi.advanceTimersByTimeAsync(2_900);
    expect(provider.requests).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(200);
    await backend.finishInProgressScheduledFunctions();
    expect(await newest(threadId)).toMatchObject({ text: "Here I am.", state: "complete" });
  });

  it("claiming cancels the fallback", async () => {
    const { replyId } = await send(ada, "Hi");
    await claimAs("tab", replyId);
    const jobs = await backend.run((ctx) => ctx.db.system.query("_scheduled_functions").collect());
    expect(jobs.map(({ state }) => state.kind)).toEqual(["canceled"]);
  });

  it("an account that is not live claims nothing", async () => {
    const { replyId } = await send(ada, "Hi");
    await setAccountState("closing");
    expect(await refusalOf(generate(replyId))).toBe("closing");
  });
});

describe("stopping", () => {
  it("keeps what was shown, ends the reply at once and makes the provider stop", async () => {
    const closed = Promise.withResolvers<void>();
    await using _provider = await startProvider((_request, response) => {
      beginStream(response);
      writeChunk(response, "As I was saying");
      response.on("close", closed.resolve);
    });
    const { threadId, replyId } = await send(ada, "Hi");
    const generated = generate(replyId);
    await firstWords(replyId);
    await ada.mutation(api.messages.stop, { messageId: replyId });
    expect(await newest(threadId)).toMatchObject({ text: "As I was saying", state: "stopped", error: null });
    await closed.promise;
    expect(await generated).toEqual({ claimed: true });
    expect(await newest(threadId)).toMatchObject({ text: "As I was saying", state: "stopped" });
  });

  it("before anyone claimed the reply ends it without words, and nobody can claim it after", async () => {
    const { threadId, replyId } = await send(ada, "Hi");
    await ada.mutation(api.messages.stop, { messageId: replyId });
    await ada.mutation(api.messages.stop, { messageId: replyId });
    expect(await newest(threadId)).toMatchObject({ text: "", state: "stopped" });
    expect(await generate(replyId)).toEqual({ claimed: false });
    expect(await countContent(backend)).toEqual({ threads: 1, threadKeys: 1, messages: 2 });
  });

  it("wins over whatever the action still writes", async () => {
    const { threadId, replyId } = await send(ada, "Hi");
    await claimAs("tab", replyId);
    expect(await appendAs("tab", replyId, { seq: 0, text: "One" })).toBe("ours");
    await ada.mutation(api.messages.stop, { messageId: replyId });
    expect(await appendAs("tab", replyId, { seq: 1, text: "Two" })).toBe("lost");
    await backend.mutation(internal.messages.leases.finish, { replyId, lease: "tab", state: "complete" });
    expect(await newest(threadId)).toMatchObject({ text: "One", state: "stopped" });
  });
});

describe("leases", () => {
  it("a piece that is stored twice is there once", async () => {
    const { replyId } = await send(ada, "Hi");
    await claimAs("tab", replyId);
    await appendAs("tab", replyId, { seq: 0, text: "One" });
    expect(await appendAs("tab", replyId, { seq: 0, text: "One" })).toBe("ours");
    expect((await deltas(replyId)).deltas).toEqual([{ seq: 0, text: "One" }]);
  });

  it("nobody writes with a lease that is not theirs", async () => {
    const { threadId, replyId } = await send(ada, "Hi");
    await claimAs("tab", replyId);
    expect(await appendAs("other", replyId, { seq: 0, text: "One" })).toBe("lost");
    await backend.mutation(internal.messages.leases.finish, { replyId, lease: "other", state: "complete" });
    expect(await backend.mutation(internal.messages.leases.beat, { replyId, lease: "other" })).toBe("lost");
    expect(await newest(threadId)).toMatchObject({ state: "streaming" });
  });

  it("every write sees that the chat was deleted or the account closed", async () => {
    const held = await send(ada, "Hi");
    await claimAs("tab", held.replyId);
    await setAccountState("closing");
    expect(await appendAs("tab", held.replyId, { seq: 0, text: "One" })).toBe("fenced");
    await setAccountState("live");
    await ada.mutation(api.threads.remove, { threadId: held.threadId });
    expect(await appendAs("tab", held.replyId, { seq: 0, text: "One" })).toBe("lost");
  });

  it("a reply that ends after its chat became unreadable is paid for like any other", async () => {
    const { replyId } = await send(ada, "Hi");
    await claimAs("tab", replyId);
    await appendAs("tab", replyId, { seq: 0, text: "Rather many words ".repeat(100) });
    await backend.run(async ({ db }) => {
      for (const { _id } of await db.query("userKeys").collect()) await db.delete("userKeys", _id);
    });
    const ending = { state: "interrupted", error: "fenced" } as const;
    await backend.mutation(internal.messages.leases.finish, { replyId, lease: "tab", ...ending });
    expect((await readEntries(backend)).map(({ kind }) => kind)).toEqual(["grant", "hold", "settle"]);
    expect(await readStanding(backend)).toMatchObject({ held: 0, openReplies: 0 });
    expect(await countContent(backend)).not.toHaveProperty("generations");
  });

  it("pages of pieces hold sixteen each, in order", async () => {
    const { replyId } = await send(ada, "Hi");
    await claimAs("tab", replyId);
    for (let seq = 0; seq < 18; seq++) await appendAs("tab", replyId, { seq, text: `${seq} ` });
    const pages = [await deltas(replyId, 0), await deltas(replyId, 1), await deltas(replyId, 2)];
    expect(pages.map((page) => page.deltas.map(({ seq }) => seq))).toEqual([
      Array.from({ length: 16 }, (_, seq) => seq),
      [16, 17],
      [],
    ]);
    for (const page of [-1, 0.5, Number.NaN]) expect(await refusalOf(deltas(replyId, page))).toBe("invalid");
  });
});

describe("the watchdog", () => {
  const watch = () => backend.mutation(internal.messages.leases.endAbandoned, {});

  it("ends a reply whose action died, with the text so far, a minute after its last heartbeat", async () => {
    const { threadId, replyId } = await send(ada, "Hi");
    await claimAs("tab", replyId);
    await appendAs("tab", replyId, { seq: 0, text: "I was about to" });
    vi.setSystemTime(Date.now() + 59_000);
    await watch();
    expect(await newest(threadId)).toMatchObject({ state: "streaming" });
    await backend.mutation(internal.messages.leases.beat, { replyId, lease: "tab" });
    vi.setSystemTime(Date.now() + 59_000);
    await watch();
    expect(await newest(threadId)).toMatchObject({ state: "streaming" });
    vi.setSystemTime(Date.now() + 2_000);
    await watch();
    expect(await newest(threadId)).toMatchObject({
      text: "I was about to",
      state: "interrupted",
      error: { code: "abandoned", message: expect.stringContaining("interrupted") },
    });
    expect(await appendAs("tab", replyId, { seq: 1, text: " say" })).toBe("lost");
  });

  it("ends them all, a few in each run", async () => {
    const sent = [];
    for (let turn = 0; turn < 8; turn++) sent.push(await send(ada, "Hi"));
    vi.setSystemTime(Date.now() + 61_000);
    await watch();
    await vi.advanceTimersByTimeAsync(10);
    await backend.finishInProgressScheduledFunctions();
    await vi.advanceTimersByTimeAsync(10);
    await backend.finishInProgressScheduledFunctions();
    expect((await countContent(backend)).generations).toBeUndefined();
  });

  it("of two ends that meet, the first counts", async () => {
    const { threadId, replyId } = await send(ada, "Hi");
    await claimAs("tab", replyId);
    vi.setSystemTime(Date.now() + 61_000);
    await watch();
    await backend.mutation(internal.messages.leases.finish, { replyId, lease: "tab", state: "complete" });
    expect(await newest(threadId)).toMatchObject({ state: "interrupted" });
  });
});

describe("trouble of our own", () => {
  it("a model that was taken out of the catalogue ends the reply at once, with a sentence", async () => {
    const { threadId, replyId } = await send(ada, "Hi");
    vi.stubEnv("CHAT_MODELS", '[{"id":"new"}]');
    await expect(generate(replyId)).rejects.toThrow("not available");
    expect(await newest(threadId)).toMatchObject({ state: "interrupted", error: { code: "abandoned" } });
  });
});

describe("a provider in trouble", () => {
  it.each([
    ["answers 500", 500, "failed", "provider_unavailable"],
    ["answers 429", 429, "failed", "provider_busy"],
    ["answers 401", 401, "failed", "provider_unavailable"],
  ])("that %s leaves a sentence of ours and none of its own", async (_what, status, state, code) => {
    await using _provider = await startProvider((_request, response) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "internal provider secret" } }));
    });
    const { threadId, replyId } = await send(ada, "Hi");
    await generate(replyId);
    const reply = await newest(threadId);
    expect(reply).toMatchObject({ text: "", state, error: { code } });
    expect(JSON.stringify(reply)).not.toContain("secret");
  });

  it("leaves nothing of the conversation in the logs", async () => {
    await using _provider = await startProvider((_request, response) => {
      response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "cannot answer Marmalade" } }));
    });
    const logs = ["log", "info", "warn", "error"] as const;
    const spies = logs.map((level) => vi.spyOn(console, level).mockImplementation(() => {}));
    const { replyId } = await send(ada, "Marmalade?");
    await generate(replyId);
    const logged = inspect(
      spies.map((spy) => spy.mock.calls),
      { depth: null },
    );
    expect(logged).toContain("provider_unavailable");
    expect(logged).not.toContain("armalade");
  });

  it("that is not there fails the reply", async () => {
    const { threadId, replyId } = await send(ada, "Hi");
    await generate(replyId);
    expect(await newest(threadId)).toMatchObject({ state: "failed", error: { code: "provider_unavailable" } });
  });

  it("that is cut off in the middle leaves the reply interrupted with its partial text", async () => {
    await using _provider = await startProvider((_request, response) => {
      beginStream(response);
      writeChunk(response, "Half a sen");
      setTimeout(() => response.destroy(), 20);
    });
    const { threadId, replyId } = await send(ada, "Hi");
    await generate(replyId);
    expect(await newest(threadId)).toMatchObject({
      text: "Half a sen",
      state: "interrupted",
      error: { code: "provider_cut" },
    });
  });

  it("that ends without saying so leaves the reply interrupted too", async () => {
    await using _provider = await startProvider((_request, response) => {
      beginStream(response);
      writeChunk(response, "Half a sen");
      response.end();
    });
    const { threadId, replyId } = await send(ada, "Hi");
    await generate(replyId);
    expect(await newest(threadId)).toMatchObject({
      text: "Half a sen",
      state: "interrupted",
      error: { code: "provider_cut" },
    });
  });

  it.each([
    ["text that is no JSON", "data: {nonsense\n\n"],
    ["JSON that is no chunk", 'data: {"choices":[{"delta":{"content":7}}]}\n\n'],
  ])("that sends %s fails the reply", async (_what, line) => {
    await using _provider = await startProvider((_request, response) => {
      beginStream(response);
      response.write(line);
      endStream(response);
    });
    const { threadId, replyId } = await send(ada, "Hi");
    await generate(replyId);
    expect(await newest(threadId)).toMatchObject({ state: "failed", error: { code: "provider_invalid" } });
  });
});

function setAccountState(state: "live" | "closing") {
  return backend.run(async (ctx) => {
    const user = await ctx.db.query("users").first();
    if (user) await ctx.db.patch("users", user._id, { state });
  });
}
