import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import {
  CLOCK_ERROR_MS,
  EXPORT_MS,
  LOOSE_UPLOAD_MS,
  RECEIPT_MS,
  UNPINNED_THREAD_MS,
} from "../../src/policy/periods.ts";
import { join, type Member, settled, startWorld, type World } from "../erasure/world.ts";
import { type Backend, type Person, refusalOf, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { say } from "../support/chats.ts";

useBackendEnvironment();
// Real sockets.
vi.setConfig({ testTimeout: 30_000 });

let world: World;
let backend: Backend;
let ada: Member;
let bob: Member;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

beforeEach(async () => {
  world.stubEnvironment();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], shouldAdvanceTime: true });
  backend = startBackend();
  ada = await join(world, backend, "Ada Lovelace");
  bob = await join(world, backend, "Bob Ross");
});

const paginationOpts = { numItems: 50, cursor: null };
const receiptsOf = async (person: Person) => (await person.query(api.privacy.receipts, { paginationOpts })).page;

async function removeChat({ person }: Member, text: string): Promise<string> {
  const { threadId } = await say(person, text);
  await person.mutation(api.threads.remove, { threadId });
  await settled(backend);
  return threadId;
}

describe("a person's receipts", () => {
  it("[A21] say of each chat they deleted when it became unreadable, when it was gone, and how much it was", async () => {
    const beforeMs = Date.now();
    const { threadId } = await say(ada.person, "What are tides?");
    await ada.person.mutation(api.threads.remove, { threadId });
    const unreadableBy = Date.now();
    await settled(backend);
    const [receipt, ...others] = await receiptsOf(ada.person);
    expect(others).toEqual([]);
    expect(receipt).toMatchObject({ seq: 1, what: "chat", why: "person", messages: 2, files: 0, intact: true });
    expect(receipt?.unreadableAt).toBeGreaterThanOrEqual(beforeMs);
    expect(receipt?.unreadableAt).toBeLessThanOrEqual(unreadableBy);
    expect(receipt?.completedAt).toBeGreaterThanOrEqual(receipt?.unreadableAt ?? Number.NaN);
  });

  it("hold neither content nor the id of what is gone, and are nobody else's", async () => {
    const threadId = await removeChat(ada, "A canary of mine");
    const rows = await backend.run((ctx) => ctx.db.query("deletionReceipts").collect());
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`canary|${threadId}`));
    expect(await receiptsOf(bob.person)).toEqual([]);
    expect(await refusalOf(backend.query(api.privacy.receipts, { paginationOpts }))).toBe("unauthenticated");
  });

  it("[A3] say of a file that it was deleted", async () => {
    const mediaId = await backend.run(async (ctx) => {
      const user = await ctx.db.get("users", ada.userId);
      if (!user?.workspaceId) throw new Error("There is no account");
      const file = { kind: "text", mime: "text/plain", contentBytes: 5, origin: "upload", state: "kept" } as const;
      const row = { ownerId: user._id, workspaceId: user.workspaceId, recordId: "r", thumbnail: "none" as const };
      return ctx.db.insert("media", { ...file, ...row, createdAt: Date.now() });
    });
    await ada.person.mutation(api.media.remove, { mediaId });
    expect(await receiptsOf(ada.person)).toMatchObject([{ what: "file", why: "person", files: 1, intact: true }]);
  });

  it("[A3] say of each upload that no message took up that it went at the end of its day", async () => {
    await backend.run(async (ctx) => {
      const user = await ctx.db.get("users", ada.userId);
      if (!user?.workspaceId) throw new Error("There is no account");
      const file = { kind: "text", mime: "text/plain", contentBytes: 5, origin: "upload", state: "loose" } as const;
      const row = { ownerId: user._id, workspaceId: user.workspaceId, thumbnail: "none" as const };
      for (const recordId of ["r", "s"]) {
        await ctx.db.insert("media", { ...file, ...row, recordId, createdAt: Date.now() });
      }
    });
    vi.setSystemTime(Date.now() + LOOSE_UPLOAD_MS - 60_000);
    await backend.mutation(internal.media.uploads.sweepLoose, {});
    expect(await receiptsOf(ada.person)).toEqual([]);
    vi.setSystemTime(Date.now() + 60_001 + CLOCK_ERROR_MS);
    await backend.mutation(internal.media.uploads.sweepLoose, {});
    const gone = { what: "file", why: "period", messages: 0, files: 1, intact: true };
    expect(await receiptsOf(ada.person)).toMatchObject([gone, gone]);
  });

  it("[A6] tell what went at the end of its period from what its owner deleted", async () => {
    await say(ada.person, "What are tides?");
    await ada.person.mutation(api.privacy.export, {});
    await settled(backend);
    vi.setSystemTime(Date.now() + EXPORT_MS + CLOCK_ERROR_MS);
    await backend.mutation(internal.exports.steps.sweep, {});
    await settled(backend);
    vi.setSystemTime(Date.now() + UNPINNED_THREAD_MS);
    await backend.mutation(internal.threads.expiry.sweep, {});
    await settled(backend);
    expect((await receiptsOf(ada.person)).map(({ what, why }) => [what, why])).toEqual([
      ["chat", "period"],
      ["archive", "period"],
    ]);
  });

  it("are a chain of their own: one that was changed shows, and so does one that was taken out", async () => {
    for (const text of ["One", "Two", "Three", "Four"]) await removeChat(ada, text);
    await removeChat(bob, "Bob's");
    expect((await receiptsOf(ada.person)).map(({ seq, intact }) => [seq, intact])).toEqual([
      [4, true],
      [3, true],
      [2, true],
      [1, true],
    ]);
    await backend.run(async (ctx) => {
      const [first, second] = await ctx.db.query("deletionReceipts").collect();
      if (!first || !second) throw new Error("There are no receipts");
      await ctx.db.patch("deletionReceipts", first._id, { messages: 9 });
      await ctx.db.delete("deletionReceipts", second._id);
    });
    expect((await receiptsOf(ada.person)).map(({ seq, intact }) => [seq, intact])).toEqual([
      [4, true],
      [3, false],
      [1, false],
    ]);
    expect((await receiptsOf(bob.person)).map(({ intact }) => intact)).toEqual([true]);
  });

  it("are shown to a closed account, and deleted when their time is over", async () => {
    await removeChat(ada, "One");
    await ada.person.mutation(api.account.close, {});
    expect(await receiptsOf(ada.person)).toHaveLength(1);
    vi.setSystemTime(Date.now() + RECEIPT_MS - 60_000);
    await backend.mutation(internal.privacy.proofs.sweep, {});
    expect(await receiptsOf(ada.person)).toHaveLength(1);
    vi.setSystemTime(Date.now() + 120_000);
    await backend.mutation(internal.privacy.proofs.sweep, {});
    expect(await receiptsOf(ada.person)).toEqual([]);
  });
});

describe("the erasure of an account", () => {
  const erasureOf = ({ person }: Member) => person.query(api.privacy.erasure, {});

  it("[A21] is shown to its person from the first moment to its receipt, though their account is gone", async () => {
    expect(await erasureOf(ada)).toBeNull();
    await ada.person.action(api.account.erase, { confirm: "erase" });
    expect(await erasureOf(ada)).toMatchObject({ state: "removing", unreadableAt: expect.any(Number) });
    await settled(backend);
    const receipt = await erasureOf(ada);
    expect(receipt).toMatchObject({ state: "erased", origin: "person", seq: 1, counts: { users: 1 } });
    const [stored] = await backend.run((ctx) => ctx.db.query("erasureReceipts").collect());
    expect(receipt).toMatchObject({ mac: stored?.mac, backupsUntilAt: stored?.backupsUntilAt });
    expect(await erasureOf(bob)).toBeNull();
    expect(await refusalOf(backend.query(api.privacy.erasure, {}))).toBe("unauthenticated");
  });

  it("takes the person's own receipts with it, also of what was still being removed", async () => {
    await removeChat(ada, "One");
    const { threadId } = await say(ada.person, "Two");
    await ada.person.mutation(api.threads.remove, { threadId });
    await ada.person.action(api.account.erase, { confirm: "erase" });
    await settled(backend);
    expect(await backend.run((ctx) => ctx.db.query("deletionReceipts").collect())).toEqual([]);
  });
});
