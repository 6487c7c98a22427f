/** An erasure that is cut off again and again, and one that meets a reply which is being written. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import type { Doc } from "../../convex/_generated/dataModel.js";
import { type Home, startHome } from "../support/home.ts";
import { clerkOf, newestRowsIn, readRows, receiptsIn, rowsIn, subjectOf } from "../support/insideHomes.ts";
import { advanceClock, followReply, planReplies, readModels, send, signIn } from "../support/people.ts";

const KILLS = 2;
const WATCHDOG_MS = 11 * 60_000;
const CHUNKS = 400;
const LOOKS = 5;
const BETWEEN_LOOKS = { timeout: 15_000, interval: 100 };
const PATIENCE = { timeout: 40_000, interval: 20 };

let home: Home;

beforeAll(async () => {
  home = await startHome();
});
afterAll(() => home?.dispose());

const receipts = async () => (await receiptsIn(home)).length;

describe("an erasure", () => {
  test("[A11] [A19] ends a reply that is being written: it stops, leaves no piece, and is paid for once", async () => {
    await planReplies(home, { chunks: CHUNKS, charsPerChunk: 20, firstTokenMs: 0, intervalMs: 50 });
    const bob = await signIn(home, "bob@example.com");
    const tab = bob.openTab();
    const sent = await send(tab, { text: "Tell me everything about tides" });
    const generating = tab.action(api.messages.generate, { replyId: sent.replyId }).catch(() => null);
    const follower = followReply(tab, sent.replyId);
    await follower.grownTo(300);
    follower.stop();
    const deletedAtMs = Date.now();
    await clerkOf(home).users.deleteUser(subjectOf(await bob.token()));
    const lastRequest = async () => (await readModels(home)).requests.at(-1);
    await vi.waitUntil(async () => (await lastRequest())?.ending !== "running", PATIENCE);
    const request = await lastRequest();
    console.log(`From the deletion to the end of the stream ${Math.round((request?.endedAtMs ?? 0) - deletedAtMs)} ms`);
    expect(request?.ending).toBe("aborted");
    expect(request?.chunkTimesMs.length).toBeLessThan(CHUNKS);
    await vi.waitUntil(async () => (await receipts()) === 1, PATIENCE);
    await generating;
    // What produced the reply hears of the end by itself, which may be after the account is gone.
    const ends = async () => (await newestRowsIn<Doc<"creditEntries">>(home, "creditEntries")).map(({ kind }) => kind);
    await vi.waitUntil(async () => (await ends()).includes("settle"), PATIENCE);
    await bob.leave();
    await home.stop();
    const rows = readRows(home);
    for (const table of ["deltas", "generations", "messages", "threads", "users"]) {
      expect(rowsIn(rows, table)).toEqual([]);
    }
    const entries = rowsIn<Doc<"creditEntries">>(rows, "creditEntries").filter(({ key }) => key.startsWith("reply:"));
    expect(entries.map(({ kind }) => kind)).toEqual(["hold", "settle"]);
    expect(entries.at(-1)?.after).toMatchObject({ held: 0, openReplies: 0 });
    await home.restart();
  }, 120_000);

  test(`[A11] goes on where it was, killed ${KILLS} times, and reads nothing again meanwhile`, async () => {
    await planReplies(home, { reset: true, chunks: 2, charsPerChunk: 20, firstTokenMs: 0, intervalMs: 5 });
    const ada = await signIn(home, "ada@example.com");
    const tab = ada.openTab();
    for (const text of ["One", "Two", "Three"]) await send(tab, { text });
    await ada.leave();
    const client = await ada.http();
    await client.action(api.account.erase, { confirm: "erase" });
    for (let kill = 0; kill < KILLS; kill++) {
      await home.kill();
      const rows = readRows(home);
      expect(rowsIn(rows, "userKeys")).toEqual([]);
      expect(rowsIn(rows, "erasureJobs")).toHaveLength(1);
      await home.restart();
    }
    // The watchdog takes up what died with the process once nothing else of the job shows a sign of life.
    for (let look = 0; look < LOOKS && (await receipts()) < 2; look++) {
      await advanceClock(home, WATCHDOG_MS);
      await vi.waitUntil(async () => (await receipts()) === 2, BETWEEN_LOOKS).catch(() => null);
    }
    expect(await receipts()).toBe(2);
    await home.stop();
    const tables = readRows(home).map((row) => row.slice(0, row.indexOf(" ")));
    const kept = ["creditEntries", "erasureReceipts", "identityInstances", "identityTombstones", "retainedRecords"];
    expect([...new Set(tables)].toSorted()).toEqual(expect.arrayContaining(kept));
    for (const table of ["users", "messages", "threads", "threadKeys", "workspaces", "erasureJobs", "objectDeletes"]) {
      expect(tables).not.toContain(table);
    }
  }, 180_000);
});
