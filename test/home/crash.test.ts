/** A home that is killed like a power cut, again and again, while people use it. */
import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConvexClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { type Home, startHome } from "../support/home.ts";
import {
  advanceClock,
  type Message,
  type Person,
  planReplies,
  readMetrics,
  replyEnded,
  send,
  signIn,
} from "../support/people.ts";

const ROUNDS = 3;
const WRITERS = 3;
/** A writer pauses between messages, to stay below what one person may send in a minute. */
const PAUSE_MS = 400;
/** Replies whose generating action died are given up on after a minute of silence. */
const ABANDONED_MS = 61_000;

interface Sending {
  requestId: string;
  text: string;
  acknowledged: boolean;
}

interface Writer {
  person: Person;
  tab: ConvexClient;
  threadId: string;
  sendings: Sending[];
  running: Promise<void>;
}

let home: Home;
const writers: Writer[] = [];
let isOver = false;

beforeAll(async () => {
  home = await startHome();
  await planReplies(home, { chunks: 20, charsPerChunk: 20, firstTokenMs: 0, intervalMs: 50 });
  for (let index = 0; index < WRITERS; index += 1) writers.push(await startWriter(`writer-${index}@example.com`));
});
afterAll(async () => {
  isOver = true;
  await Promise.all(writers.map(({ person }) => person.leave()));
  await home?.dispose();
});

async function startWriter(email: string): Promise<Writer> {
  const person = await signIn(home, email);
  const tab = person.openTab();
  const { threadId } = await send(tab, { text: "The first message" });
  const writer: Writer = { person, tab, threadId, sendings: [], running: Promise.resolve() };
  writer.running = write(writer);
  return writer;
}

/** Sends one message after the other until the test is over; each waits for its acknowledgement, across crashes. */
async function write({ tab, threadId, sendings }: Writer): Promise<void> {
  while (!isOver) {
    const sending = {
      requestId: randomUUID(),
      text: `Message ${sendings.length} ${randomUUID()}`,
      acknowledged: false,
    };
    sendings.push(sending);
    const sent = await send(tab, { threadId, text: sending.text, requestId: sending.requestId });
    sending.acknowledged = true;
    // The action may die with the process, and its reply ends all the same. Waiting for it keeps the replies that
    // nobody writes any more below what a plan allows at once.
    await tab.action(api.messages.generate, { replyId: sent.replyId }).catch(() => {});
    await sleep(PAUSE_MS);
  }
}

/** Resolves once something more than what is acknowledged now has been. */
async function acknowledgedOneMore({ sendings }: Writer): Promise<void> {
  const countAcknowledged = () => sendings.filter(({ acknowledged }) => acknowledged).length;
  const before = countAcknowledged();
  while (countAcknowledged() === before) await sleep(25);
}

async function allMessages({ person, threadId }: Writer): Promise<Message[]> {
  const client = await person.http();
  const messages: Message[] = [];
  let cursor: string | null = null;
  for (;;) {
    const paginationOpts: { numItems: number; cursor: string | null } = { numItems: 50, cursor };
    const page = await client.query(api.messages.list, { threadId, paginationOpts });
    messages.push(...page.page);
    if (page.isDone) return messages;
    cursor = page.continueCursor;
  }
}

describe("a home that is killed at any moment", () => {
  test(`keeps every acknowledged message over ${ROUNDS} kills, and none twice or by half`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      // Everyone is back by themselves and writing before the next kill, which would otherwise interrupt nobody.
      await Promise.all(writers.map(acknowledgedOneMore));
      await sleep(randomInt(0, 1_500));
      const acknowledged = writers.map(({ sendings }) =>
        sendings.filter((each) => each.acknowledged).map(({ text }) => text),
      );
      await home.kill();
      await home.restart();
      for (const [index, writer] of writers.entries()) {
        const texts = (await allMessages(writer)).map(({ text }) => text);
        expect(texts).toEqual(expect.arrayContaining(acknowledged[index] ?? []));
      }
    }
    isOver = true;
    // Clients finish by themselves: what was under way when the process died is acknowledged in the end.
    await Promise.all(writers.map(({ running }) => running));

    for (const writer of writers) {
      const messages = await allMessages(writer);
      const asked = messages.filter(({ role }) => role === "user").map(({ text }) => text);
      expect(asked.toSorted()).toEqual(["The first message", ...writer.sendings.map(({ text }) => text)].toSorted());
      expect(messages.filter(({ role }) => role === "assistant")).toHaveLength(asked.length);
    }
  }, 180_000);

  test("ends the replies whose generation died with it, with the text so far", async () => {
    await advanceClock(home, ABANDONED_MS);
    for (const writer of writers) {
      const streaming = (await allMessages(writer)).filter(({ state }) => state === "streaming");
      const ended = await Promise.all(
        streaming.map(({ _id }) => replyEnded(writer.tab, { threadId: writer.threadId, replyId: _id })),
      );
      for (const reply of ended) expect(reply.state).toMatch(/^(?:complete|interrupted|failed)$/);
      expect((await allMessages(writer)).filter(({ state }) => state === "streaming")).toEqual([]);
    }
  });

  test("keeps its clients connected, each over one socket", async () => {
    for (const { tab } of writers) await tab.query(api.account.me, {});
    expect(await readMetrics(home)).toMatchObject({ sockets: WRITERS });
  });
});
