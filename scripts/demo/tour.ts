/** The stations of the demo: each does one thing a person might do, and returns the evidence that it held. */
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { ConvexClient } from "convex/browser";
import { api } from "../../convex/_generated/api.js";
import type { Home } from "../../test/support/home.ts";
import {
  advanceClock,
  followReply,
  listMessages,
  type Message,
  type Person,
  planReplies,
  readModels,
  replyEnded,
  send,
  signIn,
} from "../../test/support/people.ts";
import { findLeaks } from "../../test/support/plaintext.ts";

/** What one station leaves for the next. */
export interface Tour {
  home: Home;
  ada: Person;
  tab: ConvexClient;
  /** Everything that was said, by Ada or the model: none of it may be found on disk. */
  said: string[];
  threadId: string;
}

export interface Station {
  title: string;
  visit: (tour: Tour) => Promise<string[]>;
}

/** About two and a half seconds of text. */
const SHORT_REPLY = { chunks: 50, charsPerChunk: 16, firstTokenMs: 100, intervalMs: 50 };
/** Far longer than anybody waits: it has to be stopped, or cut short. */
const ENDLESS_REPLY = { chunks: 2_000, charsPerChunk: 16, firstTokenMs: 50, intervalMs: 50 };
/** A reply whose heartbeat is older than this is given up on, by the shared clock. */
const ABANDONED_MS = 61_000;

export const stations: readonly Station[] = [
  { title: "Ada is signed in", visit: isSignedIn },
  { title: "She sends a message and sees the reply stream in", visit: chats },
  { title: "A second client follows the same stream", visit: followsTogether },
  { title: "She stops a reply", visit: stops },
  { title: "She reloads in the middle of a reply", visit: reloads },
  { title: "The sending tab is closed in the middle of a reply", visit: closesTab },
  { title: "The database is searched for her words, in the middle of a reply", visit: searchesMidStream },
  { title: "The process is killed with SIGKILL and started again", visit: killsAndRestarts },
  { title: "The database is searched again for every word that was said", visit: searchesAtEnd },
];

/** Signs Ada in at a home and opens her first tab. */
export async function beginTour(home: Home): Promise<Tour> {
  const ada = await signIn(home, "ada@example.com");
  return { home, ada, tab: ada.openTab(), said: [], threadId: "" };
}

async function isSignedIn(tour: Tour): Promise<string[]> {
  const me = await tour.tab.query(api.account.me, {});
  assert(me, "account:me knows nobody");
  return [`account:me over the socket: ${JSON.stringify(me)}`];
}

async function chats(tour: Tour): Promise<string[]> {
  await planReplies(tour.home, SHORT_REPLY);
  const { sent, firstTextMs, pieces } = await ask(tour, "Which heron nests beside the abandoned lighthouse?");
  tour.threadId = sent.threadId;
  const reply = await heard(tour, sent.replyId);
  assert.equal(reply.state, "complete");
  assert(pieces > 3, `only ${pieces} updates arrived`);
  const [thread] = (await listThreads(tour.tab)).filter(({ _id }) => _id === sent.threadId);
  tour.said.push(thread?.title ?? "");
  return [
    `first text after ${firstTextMs} ms, then ${pieces} updates; complete with ${reply.text.length} characters`,
    `“${reply.text.slice(0, 90).replaceAll("\n", " ")}…”`,
    `the chat is listed as “${thread?.title}”`,
  ];
}

async function followsTogether(tour: Tour): Promise<string[]> {
  const phone = tour.ada.openTab();
  const sent = await begin(tour, "Compare two tidal mills for the committee, please.");
  const [here, there] = [followReply(tour.tab, sent.replyId), followReply(phone, sent.replyId)];
  await Promise.all([here.grownTo(300), there.grownTo(300)]);
  const midway = there.text().length;
  const [mine, theirs] = await Promise.all([replyEnded(tour.tab, sent), replyEnded(phone, sent)]);
  await phone.close();
  assert.equal(theirs.text, mine.text);
  tour.said.push(mine.text);
  return [`midway the second client had ${midway} characters; at the end both have the same ${mine.text.length}`];
}

async function stops(tour: Tour): Promise<string[]> {
  await planReplies(tour.home, ENDLESS_REPLY);
  const sent = await begin(tour, "Recite everything known about wandering albatrosses.");
  await followReply(tour.tab, sent.replyId).grownTo(200);
  const pressedMs = performance.now();
  await tour.tab.mutation(api.messages.stop, { messageId: sent.replyId });
  const reply = await replyEnded(tour.tab, sent);
  const waitedMs = Math.round(performance.now() - pressedMs);
  assert.equal(reply.state, "stopped");
  assert(reply.text.length >= 200, "the text so far was not kept");
  tour.said.push(reply.text);
  const ending = await eventually("the provider to be let go", async () => {
    const last = (await readModels(tour.home)).requests.at(-1);
    return last?.ending === "aborted" ? last.ending : null;
  });
  return [`stopped ${waitedMs} ms later with the ${reply.text.length} characters so far; at the provider: ${ending}`];
}

async function reloads(tour: Tour): Promise<string[]> {
  await planReplies(tour.home, SHORT_REPLY);
  const sent = await begin(tour, "Describe the smell of a bakery before sunrise.");
  const before = followReply(tour.tab, sent.replyId);
  await before.grownTo(150);
  await tour.tab.close();
  tour.tab = tour.ada.openTab();
  const after = followReply(tour.tab, sent.replyId);
  await after.grownTo(before.text().length);
  const found = after.text();
  assert(found.startsWith(before.text()) || found === "", "the reloaded page shows another text");
  const reply = await replyEnded(tour.tab, sent);
  assert.equal(reply.state, "complete");
  assert(reply.text.startsWith(found));
  tour.said.push(reply.text);
  return [
    `after ${before.text().length} characters; the new tab found ${found.length} and followed to ${reply.text.length}`,
  ];
}

async function closesTab(tour: Tour): Promise<string[]> {
  const sent = await begin(tour, "Draft a letter to the keeper of the botanical archive.");
  const follower = followReply(tour.tab, sent.replyId);
  await follower.grownTo(100);
  await tour.tab.close();
  await eventually("the reply to be finished with nobody there", async () => {
    const { requests } = await readModels(tour.home);
    return requests.at(-1)?.ending === "complete" ? true : null;
  });
  tour.tab = tour.ada.openTab();
  const reply = await replyEnded(tour.tab, sent);
  assert.equal(reply.state, "complete");
  tour.said.push(reply.text);
  return [`closed after ${follower.text().length} characters; found complete with ${reply.text.length}`];
}

async function searchesMidStream(tour: Tour): Promise<string[]> {
  await planReplies(tour.home, ENDLESS_REPLY);
  const sent = await begin(tour, "Name seven reasons to keep a paper diary.");
  const follower = followReply(tour.tab, sent.replyId);
  await follower.grownTo(400);
  tour.said.push(follower.text());
  return [`${follower.text().length} characters of a reply were there, still streaming`, search(tour)];
}

async function killsAndRestarts(tour: Tour): Promise<string[]> {
  const before = await listMessages(tour.tab, tour.threadId);
  const streaming = before.find(({ state }) => state === "streaming");
  assert(streaming, "no reply is streaming");
  const killedMs = performance.now();
  await tour.home.kill();
  await tour.home.restart();
  const after = await eventually("the client to reconnect by itself", () => listMessages(tour.tab, tour.threadId));
  const backMs = Math.round(performance.now() - killedMs);
  assert.deepEqual(complete(after), complete(before));

  await advanceClock(tour.home, ABANDONED_MS);
  const reply = await replyEnded(tour.tab, { threadId: tour.threadId, replyId: streaming._id });
  assert.equal(reply.state, "interrupted");
  assert(reply.text.length > 0, "the text so far was lost");
  tour.said.push(reply.text);
  return [
    `the same client had its answers again ${backMs} ms after the kill, without being told`,
    `all ${complete(before).length} finished messages are there, word for word`,
    `the reply that was cut off ended as “${reply.state}” with its ${reply.text.length} characters`,
  ];
}

async function searchesAtEnd(tour: Tour): Promise<string[]> {
  const mail = findLeaks(tour.home.dataDir, [tour.ada.email]);
  assert(mail.length > 0, "the search does not even find the mail address that the sign-in keeps");
  return [search(tour), `the same search does find ${tour.ada.email}, which the sign-in stand-in keeps`];
}

/** Sends Ada's words to her chat and has the reply generated, as the sending tab does. */
async function begin(tour: Tour, text: string) {
  tour.said.push(text);
  const sent = await send(tour.tab, { text, ...(tour.threadId ? { threadId: tour.threadId } : {}) });
  // Rejects when its tab is closed; the reply itself goes on.
  void tour.tab.action(api.messages.generate, { replyId: sent.replyId }).catch(() => {});
  return sent;
}

async function ask(tour: Tour, text: string) {
  const startedMs = performance.now();
  const sent = await begin(tour, text);
  const follower = followReply(tour.tab, sent.replyId);
  await follower.grownTo(1);
  const firstTextMs = Math.round(performance.now() - startedMs);
  let pieces = 1;
  const ended = replyEnded(tour.tab, sent).then(() => true);
  while (!(await Promise.race([ended, follower.grownTo(follower.text().length + 1).then(() => false)]))) pieces += 1;
  return { sent, firstTextMs, pieces };
}

async function heard(tour: Tour, replyId: string): Promise<Message> {
  const reply = (await listMessages(tour.tab, tour.threadId)).find(({ _id }) => _id === replyId);
  assert(reply, "the reply is not listed");
  tour.said.push(reply.text);
  return reply;
}

async function listThreads(tab: ConvexClient) {
  const { page } = await tab.query(api.threads.list, {
    view: "recent",
    paginationOpts: { numItems: 20, cursor: null },
  });
  return page;
}

function complete(messages: Message[]): string[] {
  return messages.filter(({ state }) => state !== "streaming").map(({ role, text }) => `${role}: ${text}`);
}

/** Searches every file of the data folder; throws an error naming the first place where something is readable. */
function search({ home, said }: Tour): string {
  const [leak] = findLeaks(home.dataDir, said);
  assert(!leak, `${leak?.file} holds “${leak?.text}” (${leak?.encoding})`);
  const files = readdirSync(home.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);
  return `${said.length} texts, as they are and in seven encodings, in ${files.length} files (${bytes} bytes): nothing found`;
}

async function eventually<T>(what: string, attempt: () => Promise<T | null>, limitMs = 20_000): Promise<T> {
  const deadlineMs = performance.now() + limitMs;
  while (performance.now() < deadlineMs) {
    const found = await attempt();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Waited ${limitMs} ms in vain for ${what}`);
}
