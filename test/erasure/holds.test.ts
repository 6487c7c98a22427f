import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import { CLOCK_ERROR_MS, FAILED_JOB_MS, LOOSE_UPLOAD_MS, UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { type Backend, refusalOf, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { say } from "../support/chats.ts";
import { fillEveryTable, join, type Member, readAll, settled, startWorld, tablesNaming, type World } from "./world.ts";

useBackendEnvironment();
// Real sockets.
vi.setConfig({ testTimeout: 30_000 });

const DAY_MS = 24 * 60 * 60 * 1000;

let world: World;
let backend: Backend;
let ada: Member;
let heldId: string;
let errors: string[];

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

beforeEach(async () => {
  world.stubEnvironment();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], shouldAdvanceTime: true });
  errors = [];
  vi.spyOn(console, "error").mockImplementation((text) => void errors.push(String(text)));
  backend = startBackend();
  ada = await join(world, backend, "Ada Lovelace");
  ({ threadId: heldId } = await say(ada.person, "What is held"));
});

const order = (scope: { threadId?: string } = {}, apply = true) =>
  backend.mutation(internal.legalHolds.placing.place, {
    identityId: ada.identityId,
    ...scope,
    matter: "2026/17",
    reviewAt: Date.now() + 90 * DAY_MS,
    apply,
  });
const lift = async () => {
  for (const { holdId } of await holds()) {
    await backend.mutation(internal.legalHolds.placing.lift, { holdId: holdId ?? "", apply: true });
  }
  await settled(backend);
};
const holds = () => backend.query(internal.legalHolds.placing.list, {});
const erase = () => ada.person.action(api.account.erase, { confirm: "erase" });
const jobs = () => backend.run((ctx) => ctx.db.query("erasureJobs").collect());
const receipts = () => backend.run((ctx) => ctx.db.query("erasureReceipts").collect());

/** What the held chat consists of, as it rests. */
async function heldPart() {
  const { threads, threadKeys, messages, forks, branches, media, userKeys } = await readAll(backend);
  const ofChat = (rows: Record<string, unknown>[] = []) => rows.filter(({ threadId }) => threadId === heldId);
  return {
    thread: threads?.filter(({ _id }) => _id === heldId),
    keys: [userKeys, ofChat(threadKeys)],
    rows: [messages, forks, branches, media].map(ofChat),
  };
}

describe("a hold on a chat", () => {
  it("[A6] keeps it past its period, hidden, until it is lifted; other chats go in their time", async () => {
    const { threadId: other } = await say(ada.person, "What is not");
    await order({ threadId: heldId });
    vi.setSystemTime(Date.now() + UNPINNED_THREAD_MS + CLOCK_ERROR_MS + 1);
    await backend.mutation(internal.threads.expiry.sweep, {});
    await settled(backend);
    const threads = await backend.run((ctx) => ctx.db.query("threads").collect());
    expect(threads.map(({ _id }) => _id)).toEqual([heldId]);
    expect(await refusalOf(ada.person.query(api.threads.get, { threadId: heldId }))).toBe("not_found");
    expect(await tablesNaming(backend, [other])).toEqual([]);
    await lift();
    await backend.mutation(internal.threads.expiry.sweep, {});
    await settled(backend);
    expect(await tablesNaming(backend, [heldId])).toEqual([]);
  });

  it("refuses its person to delete or change what it covers, and tells them so", async () => {
    const file = await addFile(heldId as Id<"threads">);
    await order({ threadId: heldId });
    const before = await heldPart();
    for (const call of [
      ada.person.mutation(api.threads.remove, { threadId: heldId }),
      ada.person.mutation(api.threads.rename, { threadId: heldId, title: "Something else" }),
      ada.person.mutation(api.media.remove, { mediaId: file }),
      ada.person.mutation(api.media.keep, { mediaId: file }),
    ]) {
      expect(await refusalOf(call)).toBe("restricted");
    }
    expect(await heldPart()).toEqual(before);
    expect(await ada.person.query(api.privacy.holds, {})).toEqual([{ scope: "chat", placedAt: expect.any(Number) }]);
    const { threadId } = await say(ada.person, "Another chat");
    await ada.person.mutation(api.threads.remove, { threadId });
    await lift();
    await ada.person.mutation(api.threads.remove, { threadId: heldId });
  });

  it("stops a removal that is under way, and lets it go on when it is lifted", async () => {
    await ada.person.mutation(api.threads.remove, { threadId: heldId });
    await order({ threadId: heldId });
    await backend.finishInProgressScheduledFunctions();
    await vi.advanceTimersByTimeAsync(60_000);
    await backend.finishInProgressScheduledFunctions();
    const left = (await readAll(backend)).messages?.length;
    expect(left).toBe(2);
    await backend.mutation(internal.legalHolds.placing.lift, { holdId: (await holds())[0]?.holdId ?? "", apply: true });
    await settled(backend);
    expect(await tablesNaming(backend, [heldId])).toEqual([]);
  });
});

describe("an erasure of an account with a held chat", () => {
  it("[A21] ends everything but that chat and the key that opens it, and the chat too once it is lifted", async () => {
    await fillEveryTable(backend, ada);
    await order({ threadId: heldId });
    const before = await heldPart();
    await erase();
    await settled(backend);
    expect(await heldPart()).toEqual(before);
    expect(await jobs()).toMatchObject([{ state: "held", identityGone: true }]);
    expect(await receipts()).toEqual([]);
    const kept = ["userKeys", "messages", "threads", "erasureJobs", "legalHolds"];
    const lawful = ["creditEntries"];
    expect((await tablesNaming(backend, [ada.userId])).toSorted()).toEqual([...kept, ...lawful].toSorted());
    expect(await messagesOf(heldId)).toContain("What is held");
    expect((await readAll(backend)).messages).toHaveLength(2);
    await lift();
    expect(await tablesNaming(backend, [ada.identityId, ada.name, heldId])).toEqual([]);
    expect(await receipts()).toMatchObject([{ counts: { userKeys: 1, threads: 2, users: 1 } }]);
  });

  it("goes on by itself where its hold was lifted and nobody said so", async () => {
    await order({ threadId: heldId });
    await erase();
    await settled(backend);
    await backend.run(async ({ db }) => {
      for (const { _id } of await db.query("legalHolds").collect()) await db.delete("legalHolds", _id);
    });
    vi.setSystemTime(Date.now() + 11 * 60_000);
    await backend.mutation(internal.erasure.steps.resumeSilent, {});
    await settled(backend);
    expect(await tablesNaming(backend, [ada.identityId, ada.name, heldId])).toEqual([]);
    expect(await receipts()).toHaveLength(1);
  });

  it("keeps the held part, though the hold is placed while rows are being deleted", async () => {
    await fillEveryTable(backend, ada);
    await erase();
    await order({ threadId: heldId });
    const before = await heldPart();
    await settled(backend);
    const after = await heldPart();
    expect(after.rows).toEqual(before.rows);
    expect(await jobs()).toMatchObject([{ state: "held" }]);
    await lift();
    expect(await jobs()).toEqual([]);
    expect(await receipts()).toHaveLength(1);
    expect(await tablesNaming(backend, [ada.identityId, ada.name])).toEqual([]);
  });

  it("rests without giving up: the watchdog meets it and changes nothing", async () => {
    await order({ threadId: heldId });
    await erase();
    await settled(backend);
    const before = await heldPart();
    for (let look = 0; look < 3; look++) {
      vi.setSystemTime(Date.now() + 11 * 60_000);
      await backend.mutation(internal.erasure.steps.resumeSilent, {});
      await settled(backend);
    }
    expect(await heldPart()).toEqual(before);
    expect(await jobs()).toMatchObject([{ state: "held", attempts: 0 }]);
  });
});

describe("a hold on an account", () => {
  it("keeps all of it: sweeps pass it by, and an erasure deletes nothing before it is lifted", async () => {
    const { threadId } = await say(ada.person, "Also held");
    await addFile(undefined, "loose");
    await order();
    expect(await refusalOf(ada.person.mutation(api.threads.remove, { threadId }))).toBe("restricted");
    const longestMs = Math.max(UNPINNED_THREAD_MS, FAILED_JOB_MS, LOOSE_UPLOAD_MS);
    vi.setSystemTime(Date.now() + longestMs + CLOCK_ERROR_MS + 1);
    const contents = async () => {
      const { threads, threadKeys, userKeys, messages, media, objects } = await readAll(backend);
      return { threads, threadKeys, userKeys, messages, media, objects };
    };
    const before = await contents();
    await backend.mutation(internal.threads.expiry.sweep, {});
    await backend.mutation(internal.media.uploads.sweepLoose, {});
    await erase();
    await settled(backend);
    expect(await contents()).toEqual(before);
    expect(await jobs()).toMatchObject([{ state: "held" }]);
    expect(await refusalOf(ada.person.query(api.threads.get, { threadId }))).toBe("unauthenticated");
    expect(await ada.person.query(api.privacy.erasure, {})).toMatchObject({ state: "held", unreadableAt: null });
    await lift();
    expect(await tablesNaming(backend, [ada.identityId, ada.name])).toEqual([]);
    expect(await receipts()).toHaveLength(1);
  });

  it("goes on with what a second hold does not cover when the first is lifted", async () => {
    await say(ada.person, "Not in the second");
    await order();
    await order({ threadId: heldId });
    await erase();
    await settled(backend);
    const [first] = await holds();
    await backend.mutation(internal.legalHolds.placing.lift, { holdId: first?.holdId ?? "", apply: true });
    await settled(backend);
    expect((await readAll(backend)).threads?.map(({ _id }) => _id)).toEqual([heldId]);
    await lift();
    expect(await jobs()).toEqual([]);
  });
});

describe("placing and reviewing", () => {
  it("changes nothing without `apply`, and refuses names, the past, strangers and other people's chats", async () => {
    await order({}, false);
    expect(await holds()).toEqual([]);
    const bob = await join(world, backend, "Bob Ross");
    const { threadId } = await say(bob.person, "Bob's");
    const place = { identityId: ada.identityId, matter: "17", reviewAt: Date.now() + DAY_MS, apply: true };
    const placing = (change: object) => backend.mutation(internal.legalHolds.placing.place, { ...place, ...change });
    await expect(placing({ matter: "Smith vs. Jones" })).rejects.toThrow("without names");
    await expect(placing({ reviewAt: Date.now() - 1 })).rejects.toThrow("future");
    await expect(placing({ identityId: "user_nobody" })).rejects.toThrow("Nobody");
    await expect(placing({ threadId })).rejects.toThrow("no chat");
    expect(await holds()).toEqual([]);
  });

  it("is loud about a review that is overdue, every day until it is done", async () => {
    const { holdId } = await order();
    const look = () => backend.mutation(internal.legalHolds.placing.look, {});
    expect(await look()).toBe(0);
    vi.setSystemTime(Date.now() + 91 * DAY_MS);
    expect(await look()).toBe(1);
    expect(errors.join()).toContain("Legal holds: the review of 1 is overdue");
    expect(await holds()).toMatchObject([{ isOverdue: true, scope: "account", matter: "2026/17" }]);
    const reviewAt = Date.now() + 90 * DAY_MS;
    await backend.mutation(internal.legalHolds.placing.review, { holdId: holdId ?? "", reviewAt, apply: true });
    expect(await look()).toBe(0);
  });
});

async function addFile(threadId?: Id<"threads">, state: "kept" | "loose" = "kept"): Promise<Id<"media">> {
  return backend.run(async (ctx) => {
    const user = await ctx.db.get("users", ada.userId);
    if (!user?.workspaceId) throw new Error("There is no account");
    const file = { kind: "text", mime: "text/plain", contentBytes: 5, origin: "upload", state } as const;
    const row = { ownerId: user._id, workspaceId: user.workspaceId, recordId: "r", thumbnail: "none" as const };
    return ctx.db.insert("media", { ...file, ...row, threadId, createdAt: Date.now() });
  });
}

/** The messages of a chat, as its person would read them if they could still sign in. */
function messagesOf(threadId: string) {
  return backend.run(async (ctx) => {
    const { Vault } = await import("../../convex/encryption/vault.ts");
    const { openText } = await import("../../convex/messages/texts.ts");
    const rows = await ctx.db
      .query("messages")
      .withIndex("by_path", (q) => q.eq("threadId", threadId as Id<"threads">))
      .collect();
    const [first] = rows;
    const seal = first && (await new Vault(ctx.db).sealOf(first));
    return Promise.all(rows.map((row) => seal && openText(seal, row)));
  });
}
