/** One of two people is deleted at the identity provider: what is then left of her in a home, and of him. */
import { randomUUID } from "node:crypto";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { type Home, startHome } from "../support/home.ts";
import { clerkOf, readRows, receiptsIn, subjectOf } from "../support/insideHomes.ts";
import { type Person, planReplies, replyEnded, send, signIn } from "../support/people.ts";
import { findLeaks } from "../support/plaintext.ts";

/** All that Ada says, is called and gives: none of it may be found anywhere afterwards. */
const canaries = {
  question: "Has the marquetry escritoire belonged to great-aunt Philippa",
  title: "Philippa and the vanished escritoire",
  file: "An inventory of curiosities by the widow Throckmorton",
  fileName: "throckmorton-inventory.txt",
  prompt: "A watercolour of the escritoire by lamplight at Michaelmas",
  email: "philippa.throckmorton@example.com",
  name: "Wilhelmina Throckmorton",
};

const others = { ...canaries, name: "Bob Ross", question: "What is the shade of phthalo green made of" };

let home: Home;
let identityId: string;
let receipts: { seq: number; intact: boolean }[];
let tracesBefore: string[];
let bobBefore: string[];
let rowsAfter: string[];

beforeAll(async () => {
  home = await startHome();
  await planReplies(home, { chunks: 3, charsPerChunk: 20, firstTokenMs: 0, intervalMs: 5 });
  const ada = await signIn(home, canaries.email);
  const bob = await signIn(home, "bob@example.com");
  const adaClient = await ada.http();
  identityId = subjectOf(await ada.token());
  await use(ada, canaries);
  await use(bob, others);
  await home.stop();
  tracesBefore = tracesIn("convex");
  bobBefore = rowsOf(readRows(home), subjectIds(readRows(home), others.name));
  await home.restart();

  const deletedAtMs = performance.now();
  await clerkOf(home).users.deleteUser(identityId);
  const since = async (holds: () => Promise<boolean>) => {
    await vi.waitUntil(holds, { timeout: 40_000, interval: 20 });
    return Math.round(performance.now() - deletedAtMs);
  };
  const fencedMs = await since(async () => (await adaClient.query(api.account.me, {})) === null);
  const erasedMs = await since(async () => (receipts = await receiptsIn(home)).length > 0);
  console.log(`From the deletion to the fence ${fencedMs} ms, to the receipt ${erasedMs} ms`);
  await home.stop();
  rowsAfter = readRows(home);
}, 150_000);
afterAll(() => home?.dispose());

/** A chat with a reply and a title, an uploaded file and an ordered picture. */
async function use(person: Person, said: typeof canaries): Promise<void> {
  const tab = person.openTab();
  await tab.mutation(api.account.update, { name: said.name });
  const sent = await send(tab, { text: said.question });
  await tab.action(api.messages.generate, { replyId: sent.replyId });
  await replyEnded(tab, sent);
  await tab.mutation(api.threads.rename, { threadId: sent.threadId, title: said.title });
  const order = { requestId: randomUUID(), kind: "image", prompt: said.prompt } as const;
  const { jobId } = await tab.mutation(api.media.request, order);
  const uploaded = await fetch(`${home.urls.site}/media/upload`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await person.token()}`,
      "content-type": "text/plain",
      "x-file-name": said.fileName,
    },
    body: said.file,
  });
  expect(uploaded.status).toBe(200);
  const isDone = async () => (await tab.query(api.media.job, { jobId })).state === "done";
  await vi.waitUntil(isDone, { timeout: 30_000, interval: 100 });
  await person.leave();
}

/** The ids by which rows name the person of that name. */
function subjectIds(rows: string[], name: string): string[] {
  const user = rows.find((row) => row.startsWith("users ") && row.includes(name)) ?? "users {}";
  const { _id, identityId, workspaceId } = JSON.parse(user.slice("users ".length)) as Record<string, string>;
  return [_id, identityId, workspaceId].filter((id) => id !== undefined);
}

/** What of her is found in a folder of the home. */
function tracesIn(folder: string): string[] {
  const traces = [...Object.values(canaries), identityId];
  return [...new Set(findLeaks(path.join(home.dataDir, folder), traces).map(({ text }) => text))];
}

function rowsOf(rows: string[], ids: string[]): string[] {
  return rows.filter((row) => ids.some((id) => row.includes(id)));
}

describe("after one of two people was deleted at the identity provider", () => {
  test("[A11] [A21] no word, name, file, address or id of hers is in the database, the bucket or what was printed", () => {
    expect(tracesBefore).toEqual(expect.arrayContaining([canaries.name, identityId]));
    expect([...tracesIn("convex"), ...tracesIn("objects")]).toEqual([]);
    for (const trace of [...Object.values(canaries), identityId]) expect(home.printed()).not.toContain(trace);
  });

  test("[A11] every row of his is byte for byte what it was", () => {
    expect(bobBefore.length).toBeGreaterThan(10);
    expect(rowsOf(rowsAfter, subjectIds(rowsAfter, others.name))).toEqual(bobBefore);
  });

  test("[A3] the bucket holds his objects and no other", () => {
    const keys = rowsAfter.flatMap((row) =>
      row.startsWith("objects ") ? (/"key":"([^"]+)"/.exec(row)?.[1] ?? []) : [],
    );
    const mine = bobBefore.filter((row) => row.startsWith("objects "));
    expect(keys.length).toBe(mine.length);
    expect(rowsAfter.filter((row) => row.startsWith("objectDeletes "))).toEqual([]);
  });

  test("there is one intact receipt", () => {
    expect(receipts).toMatchObject([{ seq: 1, intact: true }]);
  });
});
