/** A model provider in trouble, as a whole home meets it: every reply ends, keeps its text, and says why in a sentence. */
import type { ConvexClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api.js";
import type { Plan } from "../../src/runtime/models/plans.ts";
import { REPLY_ERRORS, type ReplyErrorCode } from "../../src/shared/errors.ts";
import { type Home, startHome } from "../support/home.ts";
import {
  followReply,
  type Message,
  type Person,
  planReplies,
  readModels,
  replyEnded,
  send,
  signIn,
} from "../support/people.ts";

/** Nobody listens on the discard port. */
const NOWHERE = { CHAT_BASE_URL: "http://127.0.0.1:9/v1", CHAT_API_KEY: "key", CHAT_MODELS: '[{"id":"gone"}]' };
const PACE: Partial<Plan> = { chunks: 30, charsPerChunk: 20, firstTokenMs: 0, intervalMs: 20 };

let home: Home;
let person: Person;
let tab: ConvexClient;

beforeAll(async () => {
  home = await startHome();
  person = await signIn(home, "ada@example.com");
  tab = person.openTab();
});
afterAll(async () => {
  await person?.leave();
  await home?.dispose();
});

/** Has a reply written under a plan and returns it as it ended. */
async function replyUnder(plan: Partial<Plan>): Promise<Message> {
  await planReplies(home, { reset: true, ...PACE, ...plan });
  const sent = await send(tab, { text: "Are you there?" });
  void tab.action(api.messages.generate, { replyId: sent.replyId });
  return replyEnded(tab, sent);
}

function because(code: ReplyErrorCode) {
  return { code, message: REPLY_ERRORS[code] };
}

describe("a provider in trouble", () => {
  test.each([
    ["refuses for being busy (429)", { failStatus: 429 }, "failed", because("provider_busy")],
    ["fails (500)", { failStatus: 500 }, "failed", because("provider_unavailable")],
  ] as const)("that %s ends the reply with a sentence and no text", async (_what, plan, state, error) => {
    expect(await replyUnder(plan)).toMatchObject({ state, error, text: "" });
  });

  test.each([
    ["breaks the connection", { cutAfterChunks: 10 }, because("provider_cut")],
    ["sends rubbish", { garbageAfterChunks: 10 }, because("provider_invalid")],
  ] as const)("that %s in the middle of a reply ends it with the text so far", async (_what, plan, error) => {
    const reply = await replyUnder(plan);
    expect(reply.state).toMatch(/^(?:failed|interrupted)$/);
    expect(reply.error).toEqual(error);
    expect(reply.text.length).toBeGreaterThan(50);
  });

  test("that falls silent can be stopped at once, and is let go of", async () => {
    await planReplies(home, { reset: true, ...PACE, hangAfterChunks: 5 });
    const sent = await send(tab, { text: "Are you there?" });
    void tab.action(api.messages.generate, { replyId: sent.replyId });
    await followReply(tab, sent.replyId).grownTo(60);
    await tab.mutation(api.messages.stop, { messageId: sent.replyId });
    expect(await replyEnded(tab, sent)).toMatchObject({ state: "stopped", error: null });
    await expect
      .poll(async () => (await readModels(home)).requests.at(-1)?.ending, { timeout: 10_000 })
      .toBe("aborted");
  });

  test("that nobody reaches ends the reply with a sentence", async () => {
    const elsewhere = await startHome({ env: NOWHERE });
    try {
      const bob = await signIn(elsewhere, "bob@example.com");
      const bobsTab = bob.openTab();
      const sent = await send(bobsTab, { text: "Anyone?" });
      void bobsTab.action(api.messages.generate, { replyId: sent.replyId });
      expect(await replyEnded(bobsTab, sent)).toMatchObject({
        state: "failed",
        error: because("provider_unavailable"),
      });
      await bob.leave();
    } finally {
      await elsewhere.dispose();
    }
  });

  test("leaves nothing behind that keeps the next reply from being written", async () => {
    expect(await replyUnder({})).toMatchObject({ state: "complete", error: null });
  });
});
