/**
 * What one streamed reply costs, from the runtime's own counters. The reply is as long as it is meant to be measured:
 * 1,000 tokens in 200 chunks over 20 seconds. Two homes measure at once, so that the file takes those 20 seconds once.
 */
import type { ConvexClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api.js";
import type { RuntimeMetrics } from "../../src/runtime/convex/metrics.ts";
import { CHARS_PER_TOKEN } from "../../src/runtime/models/tokenRule.ts";
import { type Home, startHome } from "../support/home.ts";
import { followReply, planReplies, readMetrics, replyEnded, send, signIn } from "../support/people.ts";

const TOKENS = 1_000;
const CHUNKS = 200;
const REPLY_MS = 20_000;
const MAX_CALLS = 66;
const MAX_CALLS_PER_FURTHER_TAB = 32;
const MAX_DATABASE_BYTES = 130_000;
const FURTHER_TABS = 2;

interface Cost {
  calls: number;
  databaseBytes: number;
  replyCharacters: number;
}

const homes: Home[] = [];
let oneTab: Cost;
let moreTabs: Cost;

beforeAll(async () => {
  homes.push(...(await Promise.all([startHome(), startHome()])));
  const [first, second] = homes as [Home, Home];
  [oneTab, moreTabs] = await Promise.all([measureReply(first, 1), measureReply(second, 1 + FURTHER_TABS)]);
}, 90_000);
afterAll(() => Promise.all(homes.map((home) => home.dispose())));

/** One reply in a chat that is open in `tabs` tabs, the first of which sends. */
async function measureReply(home: Home, tabs: number): Promise<Cost> {
  const plan = { chunks: CHUNKS, charsPerChunk: (TOKENS * CHARS_PER_TOKEN) / CHUNKS, intervalMs: REPLY_MS / CHUNKS };
  await planReplies(home, { ...plan, firstTokenMs: 0, times: 1 });
  const person = await signIn(home, "ada@example.com");
  const open = Array.from({ length: tabs }, () => person.openTab());
  const [sender] = open as [ConvexClient];
  const threadId = await openChat(sender);
  await Promise.all(open.map((tab) => showChat(tab, threadId)));
  await readMetrics(home, { reset: true });

  const sent = await send(sender, { threadId, text: "How do tides work?" });
  const followers = open.map((tab) => followReply(tab, sent.replyId));
  const ended = Promise.all(open.map((tab) => replyEnded(tab, sent)));
  await sender.action(api.messages.generate, { replyId: sent.replyId });
  const [reply] = await ended;
  const metrics = await readMetrics(home);
  for (const follower of followers) follower.stop();
  await person.leave();
  console.log(`${tabs} ${tabs === 1 ? "tab" : "tabs"}: ${summary(metrics)}`);
  return { ...costOf(metrics), replyCharacters: reply?.text.length ?? 0 };
}

/** A chat to send to, so that the measured reply is not burdened with making one. Its first reply is over at once. */
async function openChat(tab: ConvexClient): Promise<string> {
  const sent = await send(tab, { text: "Hello" });
  await tab.mutation(api.messages.stop, { messageId: sent.replyId });
  await replyEnded(tab, sent);
  return sent.threadId;
}

/** What the page keeps live beside the reply itself. Resolves once all of it has been shown. */
async function showChat(tab: ConvexClient, threadId: string): Promise<void> {
  const paginationOpts = { numItems: 20, cursor: null };
  const shown = (subscribe: (done: () => void) => void) => new Promise<void>(subscribe);
  await Promise.all([
    shown((done) => tab.onUpdate(api.account.me, {}, done)),
    shown((done) => tab.onUpdate(api.models.list, {}, done)),
    shown((done) => tab.onUpdate(api.threads.list, { view: "pinned", paginationOpts }, done)),
    shown((done) => tab.onUpdate(api.threads.list, { view: "recent", paginationOpts }, done)),
    shown((done) => tab.onUpdate(api.messages.list, { threadId, paginationOpts }, done)),
  ]);
}

function costOf({ totals }: RuntimeMetrics): Pick<Cost, "calls" | "databaseBytes"> {
  return { calls: totals.calls, databaseBytes: totals.bytesRead + totals.bytesWritten };
}

function summary(metrics: RuntimeMetrics): string {
  const { calls, databaseBytes } = costOf(metrics);
  const byFunction = Object.entries(metrics.functions)
    .filter(([, each]) => each.calls > 0)
    .map(([path, each]) => `${path} ${each.calls} (${each.bytesRead + each.bytesWritten} B)`);
  return `${calls} calls, ${databaseBytes} bytes; ${byFunction.join(", ")}`;
}

describe("a reply of 1,000 tokens in 200 chunks over 20 seconds", () => {
  test("arrives whole", () => {
    expect(oneTab.replyCharacters).toBe(TOKENS * CHARS_PER_TOKEN);
    expect(moreTabs.replyCharacters).toBe(TOKENS * CHARS_PER_TOKEN);
  });

  test("costs at most 66 function calls with one tab", () => {
    expect(oneTab.calls).toBeLessThanOrEqual(MAX_CALLS);
  });

  test("costs at most 130 KB of database reads and writes with one tab", () => {
    expect(oneTab.databaseBytes).toBeLessThanOrEqual(MAX_DATABASE_BYTES);
  });

  test("costs at most 32 more calls for each further tab", () => {
    expect(moreTabs.calls - oneTab.calls).toBeLessThanOrEqual(FURTHER_TABS * MAX_CALLS_PER_FURTHER_TAB);
  });
});
