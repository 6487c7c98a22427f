/** Nothing that a person types, and nothing that answers them, can be read in the data folder. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { type Home, startHome } from "../support/home.ts";
import { followReply, listMessages, planReplies, replyEnded, send, signIn } from "../support/people.ts";
import { findLeaks } from "../support/plaintext.ts";

const typed = {
  first: "My physician Dr Quillfeather suspects porphyria since the regatta",
  second: "Could the zirconium bracelet have caused the nocturnal twitching?",
  edited: "Rewritten: might a palladium anklet be behind the matinal drowsiness?",
  title: "Quillfeather and the bracelet affair",
  search: "nocturnal twitching",
};

let home: Home;
let midStream: string;
let replies: string[];

beforeAll(async () => {
  home = await startHome();
  const person = await signIn(home, "ada@example.com");
  const tab = person.openTab();

  await planReplies(home, { chunks: 40, charsPerChunk: 20, firstTokenMs: 0, intervalMs: 25 });
  const sent = await send(tab, { text: typed.first });
  const { threadId } = sent;
  void tab.action(api.messages.generate, { replyId: sent.replyId });
  const follower = followReply(tab, sent.replyId);
  await follower.grownTo(300);
  midStream = follower.text();
  expect(findLeaks(home.dataDir, [typed.first, midStream])).toEqual([]);
  await replyEnded(tab, sent);

  const second = await send(tab, { threadId, text: typed.second });
  await tab.action(api.messages.generate, { replyId: second.replyId });
  const edited = await tab.mutation(api.messages.edit, {
    messageId: second.messageId,
    text: typed.edited,
    requestId: randomUUID(),
  });
  await tab.action(api.messages.generate, { replyId: edited.replyId });
  await tab.mutation(api.threads.rename, { threadId, title: typed.title });
  await tab.action(api.threads.search, { query: typed.search });
  replies = (await listMessages(tab, threadId)).map(({ text }) => text);
  await person.leave();
});
afterAll(() => home?.dispose());

describe("the data folder of a home", () => {
  test("[A19] [A2] [B27] holds no sentence a person typed, no title, no search and no reply, in any encoding", () => {
    expect(replies.length).toBeGreaterThan(3);
    expect(midStream.length).toBeGreaterThanOrEqual(300);
    expect(findLeaks(home.dataDir, [...Object.values(typed), ...replies, midStream])).toEqual([]);
  });

  test("[A19] holds none of it after the process was killed, when nothing was tidied up", async () => {
    await home.kill();
    expect(findLeaks(home.dataDir, [...Object.values(typed), ...replies, midStream])).toEqual([]);
  });

  test("[A19] nor did the process print any of it", () => {
    const printed = home.printed();
    for (const text of [...Object.values(typed), ...replies]) expect(printed).not.toContain(text);
  });
});
