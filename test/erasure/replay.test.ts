/** A database is brought back from before a deletion, as a restored backup is, and the ledger is replayed on it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type FunctionReference, getFunctionName } from "convex/server";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import { enterDeletion, enterHolds } from "../../convex/erasure/ledger.ts";
import type { Deployment } from "../../scripts/ops/deployment.ts";
import { copyLedger, readLedger, replayLedger } from "../../scripts/ops/ledger.ts";
import { LEDGER_MS, UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { decodeEnvelope } from "../../src/shared/envelope.ts";
import { type Backend, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { say } from "../support/chats.ts";
import {
  fillEveryTable,
  join,
  loseScheduled,
  type Member,
  readAll,
  settled,
  startWorld,
  tablesNaming,
  type World,
} from "./world.ts";

useBackendEnvironment();
// Real sockets.
vi.setConfig({ testTimeout: 30_000 });

let world: World;
let backend: Backend;
let ada: Member;
let bob: Member;
let file: string;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

beforeEach(async () => {
  world.stubEnvironment();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], shouldAdvanceTime: true });
  vi.spyOn(console, "error").mockImplementation(() => {});
  backend = startBackend();
  ada = await join(world, backend, "Ada Lovelace");
  bob = await join(world, backend, "Bob Ross");
  const dir = mkdtempSync(path.join(os.tmpdir(), "noruxa-ledger-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  file = path.join(dir, "ledger.jsonl");
});

function call(called: FunctionReference<"query" | "mutation", "internal">, args: Record<string, unknown>) {
  return /:(forget|decide|pin|hold|resume)$/.test(getFunctionName(called))
    ? backend.mutation(called as FunctionReference<"mutation", "internal">, args)
    : backend.query(called as FunctionReference<"query", "internal">, args);
}

const deployment = { call } as unknown as Deployment;

/** What a replay finds where there is nothing to do. */
const NOTHING = { account: 0, chat: 0, file: 0, choices: 0, pin: 0, accountHolds: 0, chatHolds: 0 };

type Rows = Awaited<ReturnType<typeof readAll>>;

/** Puts rows back as an old backup has them: those that are gone since come again, those that are new since go. */
async function restore(rows: Rows, tables: string[]): Promise<void> {
  await backend.run(async (ctx) => {
    for (const table of tables as "threads"[]) {
      for (const { _id } of await ctx.db.query(table).collect()) await ctx.db.delete(table, _id);
    }
  });
  const ids = new Map<string, string>();
  const renamed = (value: unknown): unknown =>
    typeof value === "string" ? (ids.get(value) ?? value) : Array.isArray(value) ? value.map(renamed) : value;
  await backend.run(async (ctx) => {
    const put: { table: "threads"; id: Id<"threads">; fields: object }[] = [];
    for (const table of tables as "threads"[]) {
      for (const { _id, _creationTime, ...fields } of rows[table] ?? []) {
        const id = await ctx.db.insert(table, fields as never);
        ids.set(_id as string, id);
        put.push({ table, id, fields });
      }
    }
    // The tests' database gives new ids to what is put back, so what names a row is told its new one.
    for (const { table, id, fields } of put) {
      const anew = Object.entries(fields).map(([name, value]) => [name, renamed(value)]);
      await ctx.db.replace(table, id, Object.fromEntries(anew) as never);
    }
  });
}

describe("the ledger of erasures", () => {
  it("has an entry for each account, chat and file that was deleted, under a pseudonym, and copies what is new", async () => {
    const { threadId } = await say(bob.person, "Bob's chat");
    await bob.person.mutation(api.threads.remove, { threadId });
    await settled(backend);
    expect(await copyLedger(deployment, file)).toBe(1);
    await fillEveryTable(backend, ada);
    await ada.person.action(api.account.erase, { confirm: "erase" });
    await settled(backend);
    expect(await copyLedger(deployment, file)).toBe(1);
    expect(await copyLedger(deployment, file)).toBe(0);
    expect(readLedger(file).map(({ what }) => what)).toEqual(["chat", "account"]);
    const written = readFileSync(file, "utf8");
    for (const name of [ada.identityId, ada.userId, ada.name, threadId]) expect(written).not.toContain(name);
  });

  it("reads a copy whose last line was cut short, and names a line that is no entry", async () => {
    const line = JSON.stringify({ what: "chat", subject: "s", at: 1 });
    writeFileSync(file, `${line}\n{"what":"ch`);
    expect(readLedger(file)).toHaveLength(1);
    writeFileSync(file, `${line}\nnonsense\n`);
    expect(() => readLedger(file)).toThrow("line 2");
  });

  it("goes on behind the last whole line of a copy that was cut short", async () => {
    const { threadId } = await say(bob.person, "Bob's chat");
    await bob.person.mutation(api.threads.remove, { threadId });
    writeFileSync(file, '{"what":"ch');
    expect(await copyLedger(deployment, file)).toBe(1);
    expect(readLedger(file)).toMatchObject([{ what: "chat" }]);
  });

  it("is kept longer than any backup, and not for ever", async () => {
    await ada.person.action(api.account.erase, { confirm: "erase" });
    await settled(backend);
    const entries = async () => (await readAll(backend)).erasureLedger?.length;
    vi.setSystemTime(Date.now() + LEDGER_MS - 60_000);
    await backend.mutation(internal.erasure.ledger.sweep, {});
    expect(await entries()).toBe(1);
    vi.setSystemTime(Date.now() + 120_000);
    await backend.mutation(internal.erasure.ledger.sweep, {});
    expect(await entries()).toBe(0);
  });
});

describe("a backup that is brought back", () => {
  it("[A7] meets nothing that runs by the clock, until it is no more said to be restored", async () => {
    expect(await cronsOf("")).toContain("threads/expiry:sweep");
    expect(await cronsOf("true")).toEqual([]);
  });

  async function cronsOf(restoring: string): Promise<string[]> {
    vi.stubEnv("RESTORING", restoring);
    vi.resetModules();
    const { default: crons } = await import("../../convex/crons.ts");
    return Object.values(crons.crons).map(({ name }) => name);
  }

  it("[A21] does not bring back an account that was erased since", async () => {
    await fillEveryTable(backend, ada);
    await say(bob.person, "Bob's chat");
    const before = await readAll(backend);
    await ada.person.action(api.account.erase, { confirm: "erase" });
    await settled(backend);
    await copyLedger(deployment, file);
    const content = [
      "users",
      "workspaces",
      "memberships",
      "userKeys",
      "saltRatchets",
      "threads",
      "threadKeys",
      "messages",
    ];
    await restore(before, [...content, "identityTombstones", "erasureReceipts", "retainedRecords", "erasureLedger"]);
    expect(await tablesNaming(backend, [ada.identityId])).toContain("users");
    const bobs = (rows: Rows) => (rows.users ?? []).filter(({ identityId }) => identityId === bob.identityId).length;

    expect(await replayLedger(deployment, file, false)).toEqual({ ...NOTHING, account: 1 });
    expect(await tablesNaming(backend, [ada.identityId])).toContain("users");
    expect(await replayLedger(deployment, file, true)).toEqual({ ...NOTHING, account: 1 });
    expect((await readAll(backend)).userKeys).toHaveLength(1);
    await settled(backend);
    expect(await tablesNaming(backend, [ada.identityId, ada.name])).toEqual([]);
    const after = await readAll(backend);
    expect([bobs(after), after.threads?.length]).toEqual([1, 1]);
    expect(after.erasureReceipts).toMatchObject([{ origin: "restore" }]);
    expect(await replayLedger(deployment, file, true)).toEqual(NOTHING);
  });

  it("[A6] ends chats whose key is not among those that were brought back, and no other", async () => {
    await say(ada.person, "Deleted before the keys were backed up");
    const { threadId: kept } = await say(ada.person, "Alive");
    await backend.run(async (ctx) => {
      const key = await ctx.db.query("threadKeys").first();
      if (key) await ctx.db.delete("threadKeys", key._id);
    });
    writeFileSync(file, "");
    expect(await replayLedger(deployment, file, true)).toEqual({ ...NOTHING, chat: 1 });
    await settled(backend);
    expect((await readAll(backend)).threads?.map(({ _id }) => _id)).toEqual([kept]);
  });

  it.each([
    ["deleted", undefined],
    ["deleted, and could still be brought back,", "k".repeat(32)],
  ])("ends a chat that was being %s when it was made, since nothing goes on with that", async (_how, undoKey) => {
    const { threadId } = await say(ada.person, "Half gone");
    await ada.person.mutation(api.threads.remove, { threadId, undoKey });
    await loseScheduled(backend);
    await settled(backend);
    expect((await readAll(backend)).messages).toHaveLength(2);
    writeFileSync(file, "");
    expect(await replayLedger(deployment, file, true)).toMatchObject({ chat: 1 });
    await settled(backend);
    expect(await readAll(backend)).toMatchObject({ threads: [], messages: [] });
  });

  it("ends a chat and a file that were deleted since, by their ids", async () => {
    const { threadId } = await say(ada.person, "To be deleted");
    const { threadId: kept } = await say(ada.person, "Alive");
    const mediaId = await addFile();
    const { ledgerSubject } = await import("../../convex/erasure/pseudonyms.ts");
    const entries = [
      { what: "chat", subject: await ledgerSubject("chat", threadId), at: 1 },
      { what: "file", subject: await ledgerSubject("file", mediaId), at: 2 },
      { what: "chat", subject: await ledgerSubject("chat", "of nobody"), at: 3 },
    ];
    writeFileSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    expect(await replayLedger(deployment, file, true)).toEqual({ ...NOTHING, chat: 1, file: 1 });
    await settled(backend);
    const { threads, media } = await readAll(backend);
    expect([threads?.map(({ _id }) => _id), media]).toEqual([[kept], []]);
  });

  it("[A19] leads to no nonce that seals two texts under one key, though revisions go back", async () => {
    const { threadId } = await say(ada.person, "A chat");
    const before = await readAll(backend);
    const title = async () => {
      const thread = await backend.run((ctx) => ctx.db.get("threads", threadId as Id<"threads">));
      const { nonce, body } = decodeEnvelope(new Uint8Array(thread?.sealedTitle ?? new ArrayBuffer(0)));
      return {
        rev: thread?.titleRev,
        nonce: Buffer.from(nonce).toString("hex"),
        body: Buffer.from(body).toString("hex"),
      };
    };
    await ada.person.mutation(api.threads.rename, { threadId, title: "Written before the disaster" });
    const first = await title();
    const old = before.threads?.find(({ _id }) => _id === threadId) as { sealedTitle: ArrayBuffer; titleRev: number };
    const { sealedTitle, titleRev } = old;
    await backend.run((ctx) => ctx.db.patch("threads", threadId as Id<"threads">, { sealedTitle, titleRev }));
    await ada.person.mutation(api.threads.rename, { threadId, title: "Written after the restore!!" });
    const second = await title();
    expect(second.rev).toBe(first.rev);
    expect(second.nonce).not.toBe(first.nonce);
    expect(second.body).not.toBe(first.body);
  });
});

describe("what people decided after the backup was made", () => {
  const consent = (given: boolean) =>
    ada.person.mutation(api.privacy.setConsent, { purpose: "news", given, textVersion: 1 });
  const objects = (objected: boolean) =>
    ada.person.mutation(api.privacy.setObjection, { purpose: "webhooks", objected });
  const restricted = (on: boolean) => ada.person.mutation(api.privacy.setRestriction, { restricted: on });
  const close = () => ada.person.mutation(api.account.close, {});
  const reopen = () => ada.person.mutation(api.account.reopen, {});

  /** What holds of Ada's decisions: the state of her account, her consent and her objection. */
  async function standing() {
    const { users, consents, objections } = await readAll(backend);
    const { state, closedAt, reopensAs } = users?.find(({ _id }) => _id === ada.userId) ?? {};
    const given = consents?.toSorted((a, b) => Number(a.at) - Number(b.at)).at(-1)?.given ?? null;
    return { state, closedAt, reopensAs, given, objected: objections?.length };
  }

  /** Puts Ada's decisions back to what they were. */
  async function forgetSince(before: Rows): Promise<void> {
    const { _id, _creationTime, ...user } = before.users?.find((row) => row._id === ada.userId) ?? {};
    await backend.run((ctx) => ctx.db.replace("users", ada.userId, user as never));
    await backend.run(async (ctx) => {
      for (const table of ["consents", "objections", "erasureLedger"] as const) {
        for (const row of await ctx.db.query(table).collect()) await ctx.db.delete(table, row._id);
        for (const { _id, _creationTime, ...row } of before[table] ?? []) await ctx.db.insert(table, row as never);
      }
    });
  }

  it.each([
    ["[A8] a consent that was withdrawn", [() => consent(true)], [() => consent(false)], { given: false }],
    ["[A8] a consent that was given", [], [() => consent(true)], { given: true }],
    ["[A12] an objection", [], [() => objects(true)], { objected: 1 }],
    ["[A12] an objection that was taken back", [() => objects(true)], [() => objects(false)], { objected: 0 }],
    ["[A12] a restriction", [], [() => restricted(true)], { state: "restricted" }],
    ["[A12] a restriction that was lifted", [() => restricted(true)], [() => restricted(false)], { state: "live" }],
    ["[B14] an account that was closed", [], [close], { state: "closing", reopensAs: "live" }],
    ["[B14] an account that was reopened", [close], [reopen], { state: "live" }],
    ["what changed more than once", [], [() => consent(true), () => consent(false), close, reopen], { given: false }],
  ])("%s: it holds again", async (_what, before, since, held) => {
    for (const decision of before) await decision();
    await settled(backend);
    const backup = await readAll(backend);
    // In one and the same moment, too: the newest is told by more than the time.
    for (const decision of since) await decision();
    await settled(backend);
    const decided = await standing();
    expect(decided).toMatchObject(held);
    await copyLedger(deployment, file);
    await forgetSince(backup);
    expect(await standing()).not.toEqual(decided);

    const found = { ...NOTHING, choices: 1 };
    expect(await replayLedger(deployment, file, false)).toEqual(found);
    expect(await standing()).not.toEqual(decided);
    expect(await replayLedger(deployment, file, true)).toEqual(found);
    expect(await standing()).toEqual(decided);
    expect(await replayLedger(deployment, file, true)).toMatchObject({ choices: 0 });
    await expectSaidAnew();
    expect(await standing()).toEqual(decided);
    await settled(backend);
    const { locked } = await world.clerk.users.getUser(ada.identityId);
    expect(locked).toBe(decided.state === "closing");
  });

  it("is one entry for each person, without a name or an id, and goes with their account", async () => {
    await consent(true);
    await consent(false);
    await restricted(true);
    await bob.person.mutation(api.privacy.setConsent, { purpose: "news", given: true, textVersion: 1 });
    const { erasureLedger: entries = [] } = await readAll(backend);
    expect(entries.map(({ what, choices }) => [what, (choices as { state: string }).state])).toEqual([
      ["choices", "restricted"],
      ["choices", "live"],
    ]);
    for (const name of [ada.identityId, ada.userId, ada.name]) expect(JSON.stringify(entries)).not.toContain(name);
    await ada.person.action(api.account.erase, { confirm: "erase" });
    await settled(backend);
    expect((await readAll(backend)).erasureLedger?.map(({ what }) => what).toSorted()).toEqual(["account", "choices"]);
  });

  it.each([
    ["[A7] a pin", false, true],
    ["[A6] an unpinning", true, false],
  ])("%s: it holds again too, with the clock of the chat", async (_what, before, since) => {
    const { threadId } = await say(ada.person, "A chat");
    if (before) await ada.person.mutation(api.threads.setPinned, { threadId, pinned: before });
    const backup = (await readAll(backend)).threads?.find(({ _id }) => _id === threadId);
    vi.setSystemTime(Date.now() + UNPINNED_THREAD_MS / 2);
    for (const pinned of [since, before, since]) await ada.person.mutation(api.threads.setPinned, { threadId, pinned });
    await copyLedger(deployment, file);
    const decided = await backend.run((ctx) => ctx.db.get("threads", threadId));
    const { pinned, retentionClockAt } = backup as { pinned: boolean; retentionClockAt: number };
    await backend.run((ctx) => ctx.db.patch("threads", threadId, { pinned, retentionClockAt }));
    expect(await replayLedger(deployment, file, false)).toMatchObject({ chat: 0, pin: 1 });
    expect(await replayLedger(deployment, file, true)).toMatchObject({ chat: 0, pin: 1 });
    expect(await backend.run((ctx) => ctx.db.get("threads", threadId))).toEqual(decided);
    expect(await replayLedger(deployment, file, true)).toMatchObject({ pin: 0 });
    await expectSaidAnew();
  });

  it("of a chat's pin is one entry, later than the one it takes the place of", async () => {
    const { threadId } = await say(ada.person, "A chat");
    for (const pinned of [true, false, true]) await ada.person.mutation(api.threads.setPinned, { threadId, pinned });
    await copyLedger(deployment, file);
    await ada.person.mutation(api.threads.setPinned, { threadId, pinned: false });
    const { erasureLedger: entries = [] } = await readAll(backend);
    expect(entries).toMatchObject([{ what: "pin", pin: { pinned: false } }]);
    expect(await copyLedger(deployment, file)).toBe(1);
    expect(readLedger(file).map(({ pin }) => pin?.pinned)).toEqual([true, false]);
  });

  it("and is in the backup, but not in an older copy of the ledger, holds as the backup has it", async () => {
    const { threadId } = await say(ada.person, "A chat");
    await consent(true);
    await ada.person.mutation(api.threads.setPinned, { threadId, pinned: true });
    await copyLedger(deployment, file);
    await consent(false);
    await ada.person.mutation(api.threads.setPinned, { threadId, pinned: false });
    expect(await replayLedger(deployment, file, true)).toEqual(NOTHING);
    expect(await standing()).toMatchObject({ given: false });
  });

  it("is left out of a ledger that was copied before there was such a thing, which is replayed as ever", async () => {
    const { threadId } = await say(ada.person, "To be deleted");
    const { ledgerSubject } = await import("../../convex/erasure/pseudonyms.ts");
    const entry = { what: "chat", subject: await ledgerSubject("chat", threadId), at: 1 };
    writeFileSync(file, `${JSON.stringify(entry)}\n`);
    expect(await replayLedger(deployment, file, true)).toEqual({ ...NOTHING, chat: 1 });
  });
});

describe("legal holds of after the backup was made", () => {
  const DAY_MS = 24 * 60 * 60_000;
  const { placing } = internal.legalHolds;

  async function order(threadId?: string): Promise<string> {
    const scope = threadId === undefined ? {} : { threadId };
    const held = { identityId: ada.identityId, ...scope, matter: "2026/17", reviewAt: Date.now() + 30 * DAY_MS };
    return (await backend.mutation(placing.place, { ...held, apply: true })).holdId ?? "";
  }
  const lift = (holdId: string) => backend.mutation(placing.lift, { holdId, apply: true });
  const review = (holdId: string) =>
    backend.mutation(placing.review, { holdId, reviewAt: Date.now() + 60 * DAY_MS, apply: true });

  /** The holds there are, whatever their ids. */
  const holds = async () => ((await readAll(backend)).legalHolds ?? []).map(({ _id, _creationTime, ...hold }) => hold);

  async function forgetSince(before: Rows): Promise<void> {
    await backend.run(async (ctx) => {
      for (const table of ["legalHolds", "erasureLedger"] as const) {
        for (const { _id } of await ctx.db.query(table).collect()) await ctx.db.delete(table, _id);
        for (const { _id, _creationTime, ...row } of before[table] ?? []) await ctx.db.insert(table, row as never);
      }
    });
  }

  it.each([
    ["a hold on an account", "accountHolds", [], [() => order()]],
    ["a hold on a chat", "chatHolds", [], [(chat: string) => order(chat)]],
    ["the later of two holds on a chat", "chatHolds", [order], [order]],
    ["a hold that was lifted", "accountHolds", [() => order()], [(_chat: string, held: string) => lift(held)]],
    ["a hold on a chat that was lifted", "chatHolds", [order], [(_chat: string, held: string) => lift(held)]],
    ["a hold that was reviewed", "chatHolds", [order], [(_chat: string, held: string) => review(held)]],
  ])("%s: it is as it was decided", async (_what, kind, before, since) => {
    const { threadId } = await say(ada.person, "What is held");
    let holdId = "";
    for (const act of before) holdId = await act(threadId);
    const backup = await readAll(backend);
    vi.setSystemTime(Date.now() + 1_000);
    for (const act of since) await act(threadId, holdId);
    const decided = await holds();
    await copyLedger(deployment, file);
    expect(readFileSync(file, "utf8")).not.toContain(threadId);
    await forgetSince(backup);
    expect(await holds()).not.toEqual(decided);

    expect(await replayLedger(deployment, file, false)).toEqual({ ...NOTHING, [kind]: 1 });
    expect(await holds()).not.toEqual(decided);
    expect(await replayLedger(deployment, file, true)).toEqual({ ...NOTHING, [kind]: 1 });
    expect(await holds()).toEqual(decided);
    expect(await replayLedger(deployment, file, true)).toEqual(NOTHING);
    await expectSaidAnew();
    expect(await holds()).toEqual(decided);
  });

  it("keep what an erasure that is replayed left standing, with the key that opens it", async () => {
    const { threadId: heldId } = await say(ada.person, "What is held");
    const { threadId: other } = await say(ada.person, "What is not");
    const backup = await readAll(backend);
    await order(heldId);
    vi.setSystemTime(Date.now() + 1_000);
    await enter("account", ada.identityId);
    await enter("chat", other);
    await copyLedger(deployment, file);
    await forgetSince(backup);
    expect(await replayLedger(deployment, file, true)).toEqual({ ...NOTHING, account: 1, chat: 1, chatHolds: 1 });
    await settled(backend);
    const { threads, threadKeys, messages, erasureJobs } = await readAll(backend);
    expect(threads?.map(({ _id }) => _id)).toEqual([heldId]);
    expect([...(threadKeys ?? []), ...(messages ?? [])].map(({ threadId }) => threadId)).toEqual(Array(3).fill(heldId));
    expect(erasureJobs).toMatchObject([{ state: "held" }]);
  });

  it("bring back no key that was deleted before they were placed, and no chat or file that was", async () => {
    const { threadId } = await say(ada.person, "Deleted before the hold");
    const mediaId = await addFile();
    const backup = await readAll(backend);
    await enter("chat", threadId);
    await enter("file", mediaId);
    await enter("account", ada.identityId);
    vi.setSystemTime(Date.now() + 1_000);
    await order();
    await copyLedger(deployment, file);
    await forgetSince(backup);
    const found = { ...NOTHING, account: 1, chat: 1, file: 1, accountHolds: 1 };
    expect(await replayLedger(deployment, file, true)).toEqual(found);
    await settled(backend, 60);
    const { userKeys, threadKeys, threads, media, users } = await readAll(backend);
    expect(userKeys?.map(({ ownerId }) => ownerId)).toEqual([bob.userId]);
    expect([threadKeys, media]).toEqual([[], []]);
    // What the hold does protect: rows, though nothing opens them any more.
    expect(threads).toMatchObject([{ _id: threadId, state: "erasing" }]);
    expect(users?.map(({ identityId }) => identityId)).toContain(ada.identityId);
  });

  it("let an erasure go on that waited for one that was lifted", async () => {
    const holdId = await order();
    await ada.person.action(api.account.erase, { confirm: "erase" });
    await settled(backend);
    const backup = await readAll(backend);
    await backend.run((ctx) => ctx.db.delete("legalHolds", holdId as Id<"legalHolds">));
    await backend.run((ctx) => enterHolds(ctx as never, { ownerId: ada.userId }));
    await copyLedger(deployment, file);
    await forgetSince(backup);
    expect((await readAll(backend)).erasureJobs).toMatchObject([{ state: "held" }]);
    expect(await replayLedger(deployment, file, true)).toMatchObject({ accountHolds: 1 });
    await settled(backend);
    expect(await tablesNaming(backend, [ada.identityId, ada.name])).toEqual([]);
  });

  const enter = (what: "account" | "chat" | "file", id: string) =>
    backend.run((ctx) => enterDeletion(ctx as never, what, id));
});

/** A copy of the ledger that was begun after the replay says what holds, as the one that was replayed did. */
async function expectSaidAnew(): Promise<void> {
  rmSync(file);
  await copyLedger(deployment, file);
  expect(await replayLedger(deployment, file, true)).toEqual(NOTHING);
}

function addFile(): Promise<Id<"media">> {
  return backend.run(async (ctx) => {
    const user = await ctx.db.get("users", ada.userId);
    if (!user?.workspaceId) throw new Error("There is no account");
    const made = { kind: "text", mime: "text/plain", contentBytes: 5, origin: "upload", state: "kept" } as const;
    const row = { ownerId: user._id, workspaceId: user.workspaceId, recordId: "r", thumbnail: "none" as const };
    return ctx.db.insert("media", { ...made, ...row, createdAt: Date.now() });
  });
}
