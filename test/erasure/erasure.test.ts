import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import { PERSONAL_TABLES } from "../../src/policy/registry.ts";
import { type Backend, refusalOf, startBackend, useBackendEnvironment } from "../support/backend.ts";
import {
  fillEveryTable,
  join,
  loseScheduled,
  type Member,
  noteDeleted,
  readAll,
  settled,
  startWorld,
  tablesNaming,
  type World,
} from "./world.ts";

useBackendEnvironment();
// Real sockets.
vi.setConfig({ testTimeout: 30_000 });

/** Steps within which an erasure of so few rows comes to its end, and some more. */
const STEPS = 60;
/** More than are looked for at once. */
const OBJECTS = 130;

let world: World;
let backend: Backend;
let errors: string[];

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

beforeEach(async () => {
  world.stubEnvironment();
  await world.troubleIdentity({ reset: true });
  await world.troubleBucket({ reset: true });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], shouldAdvanceTime: true });
  errors = [];
  vi.spyOn(console, "error").mockImplementation((text) => void errors.push(String(text)));
  backend = startBackend();
});

const jobs = () => backend.run((ctx) => ctx.db.query("erasureJobs").collect());
const receipts = () => backend.run((ctx) => ctx.db.query("erasureReceipts").collect());
const erase = ({ person }: Member) => person.action(api.account.erase, { confirm: "erase" });
const underWay = async () => {
  const scheduled = await backend.run((ctx) => ctx.db.system.query("_scheduled_functions").collect());
  return scheduled.flatMap(({ name, state: { kind } }) => (kind === "pending" || kind === "inProgress" ? [name] : []));
};
/** Under which chains a step of erasures was ever asked for. */
const chainsOf = async (step: string) => {
  const scheduled = await backend.run((ctx) => ctx.db.system.query("_scheduled_functions").collect());
  const asked = scheduled.filter(({ name }) => name.includes(step));
  return new Set(asked.map(({ args: [{ chain }] }) => chain as number));
};
const stateOf = async ({ userId }: Member) => (await backend.run((ctx) => ctx.db.get("users", userId)))?.state;
const isAtProvider = ({ identityId }: Member) =>
  world.clerk.users.getUser(identityId).then(
    () => true,
    () => false,
  );

describe("erasing one of two accounts", () => {
  let ada: Member;
  let bob: Member;

  beforeEach(async () => {
    ada = await join(world, backend, "Ada Lovelace");
    bob = await join(world, backend, "Bob Ross");
    await fillEveryTable(backend, ada);
    await fillEveryTable(backend, bob);
  });

  /** What is in the database that Bob's rows name, apart from Ada. */
  async function bobsRows() {
    const all = await readAll(backend);
    const marks = [bob.userId, bob.identityId];
    const workspace = all.users?.find(({ _id }) => _id === bob.userId)?.workspaceId as string;
    const isBobs = (row: object) => [...marks, workspace].some((mark) => JSON.stringify(row).includes(mark));
    return Object.fromEntries(Object.entries(all).map(([table, rows]) => [table, rows.filter(isBobs)]));
  }

  it("[A11] [A21] [A16] leaves no row that names the one, but those the law keeps, and the other's as they were", async () => {
    const before = await bobsRows();
    const { workspaceId } = (await backend.run((ctx) => ctx.db.get("users", ada.userId))) ?? {};
    await erase(ada);
    await settled(backend);
    expect(await tablesNaming(backend, [ada.identityId, ada.name, workspaceId ?? "none"])).toEqual([]);
    expect(await tablesNaming(backend, [ada.userId])).toEqual(["creditEntries", "retainedRecords"]);
    expect(await bobsRows()).toEqual(before);
    expect(await isAtProvider(ada)).toBe(false);
    expect(await isAtProvider(bob)).toBe(true);
    expect(errors.filter((text) => /erasure|bucket|identity/i.test(text))).toEqual([]);
  });

  it("[A11] [A19] makes all of it unreadable before the call returns", async () => {
    await erase(ada);
    const { userKeys, saltRatchets } = await readAll(backend);
    expect([...(userKeys ?? []), ...(saltRatchets ?? [])].map(({ ownerId }) => ownerId)).toEqual([
      bob.userId,
      bob.userId,
    ]);
    const paginationOpts = { numItems: 1, cursor: null };
    expect(await refusalOf(ada.person.query(api.threads.list, { view: "recent", paginationOpts }))).toBe(
      "unauthenticated",
    );
    expect(await refusalOf(ada.person.action(api.account.signIn, {}))).toBe("closing");
    await settled(backend);
  });

  it("[A11] is there for a suspended account too", async () => {
    await backend.run((ctx) => ctx.db.patch("users", ada.userId, { suspendedAt: Date.now() }));
    await erase(ada);
    await settled(backend);
    expect(await stateOf(ada)).toBeUndefined();
    expect(await isAtProvider(ada)).toBe(false);
  });

  it("ends with one receipt, which says what went, what stays and why, and nothing of who it was", async () => {
    await erase(ada);
    await erase(ada).catch(() => undefined);
    await settled(backend);
    const [receipt, ...others] = await receipts();
    expect(others).toEqual([]);
    expect(receipt).toMatchObject({
      seq: 1,
      origin: "person",
      counts: { userKeys: 1, threads: 1, threadKeys: 1, messages: 6, media: 2, objects: 2, users: 1 },
      retained: [
        { table: "creditEntries", basis: expect.stringContaining("law"), untilAt: expect.any(Number) },
        { table: "subscriptions" },
      ],
    });
    expect(JSON.stringify(receipt)).not.toContain(ada.identityId);
    expect(await backend.query(internal.erasure.receipts.check, { after: 0 })).toMatchObject([
      { seq: 1, intact: true },
    ]);
  });

  /** Erases Ada and says whether all of it went and came to its end. */
  async function isErasedWhole(): Promise<boolean> {
    await erase(ada);
    const ended = await settled(backend, STEPS);
    const left = await tablesNaming(backend, [ada.identityId, ada.name]);
    const rows = await readAll(backend);
    const bobsDeltas = 1;
    return ended && left.length === 0 && rows.deltas?.length === bobsDeltas && isKept(rows, ada);
  }

  it("[A21] is whole with every entry of the registry", async () => {
    expect(await isErasedWhole()).toBe(true);
  });

  it.each(Object.keys(PERSONAL_TABLES))("[A21] is not whole without the registry's entry of %s", async (table) => {
    const entries = { ...PERSONAL_TABLES };
    delete PERSONAL_TABLES[table];
    try {
      expect(await isErasedWhole()).toBe(false);
    } finally {
      for (const [name, entry] of Object.entries(entries)) {
        delete PERSONAL_TABLES[name];
        PERSONAL_TABLES[name] = entry;
      }
    }
  });
});

/** Whether the receipt names the entries of the ledger as what outlives the account. */
function isKept(rows: Awaited<ReturnType<typeof readAll>>, { userId }: Member): boolean {
  const [receipt] = rows.erasureReceipts ?? [];
  const named = JSON.stringify(receipt?.retained ?? []).includes("creditEntries");
  return named && (rows.creditEntries ?? []).some(({ ownerId }) => ownerId === userId);
}

describe("a webhook that says somebody is gone", () => {
  let ada: Member;

  beforeEach(async () => {
    ada = await join(world, backend, "Ada Lovelace");
    await fillEveryTable(backend, ada);
  });

  it("[A11] fences at once, and erases once the identity provider confirms it", async () => {
    await world.clerk.users.deleteUser(ada.identityId);
    await noteDeleted(backend, ada.identityId);
    expect(await stateOf(ada)).toBe("erasing");
    expect((await readAll(backend)).userKeys).toHaveLength(1);
    await settled(backend);
    expect(await tablesNaming(backend, [ada.identityId, ada.name])).toEqual([]);
    expect(await receipts()).toMatchObject([{ origin: "webhook" }]);
  });

  it("destroys nothing where the person is alive there, and takes the fence away again", async () => {
    const before = await readAll(backend);
    await noteDeleted(backend, ada.identityId);
    await settled(backend);
    expect(await stateOf(ada)).toBe("live");
    const after = await readAll(backend);
    for (const table of ["messages", "userKeys", "threadKeys", "threads", "media"]) {
      expect(after[table]).toEqual(before[table]);
    }
    expect([await jobs(), await receipts()]).toEqual([[], []]);
    expect(errors.join()).toContain("nothing was deleted");
  });

  it("is one erasure and one receipt, however often and in whatever order events come", async () => {
    await world.clerk.users.deleteUser(ada.identityId);
    await Promise.all(["one", "two", "one"].map((id) => noteDeleted(backend, ada.identityId, id)));
    await deliverUser("user.updated", ada.identityId);
    await settled(backend);
    await noteDeleted(backend, ada.identityId, "three");
    await deliverUser("user.created", ada.identityId);
    await settled(backend);
    expect(await receipts()).toHaveLength(1);
    expect(await readAll(backend)).toMatchObject({ users: [], erasureJobs: [] });
    expect(await tablesNaming(backend, [ada.identityId])).toEqual([]);
    const { webhookInbox } = await readAll(backend);
    expect(webhookInbox?.every(({ fields, identityId }) => fields === "{}" && identityId === undefined)).toBe(true);
    expect(webhookInbox?.slice(-2).map(({ state }) => state)).toEqual(["dropped", "dropped"]);
  });

  it("wins over a creation that comes later, also for somebody who was never here", async () => {
    await noteDeleted(backend, "user_never_here");
    await settled(backend);
    await deliverUser("user.created", "user_never_here");
    const late = backend.withIdentity({ issuer: "https://issuer.test", subject: "user_never_here", name: "Late" });
    expect(await refusalOf(late.action(api.account.signIn, {}))).toBe("closing");
    expect(await tablesNaming(backend, ["user_never_here"])).toEqual([]);
  });

  it("waits for an identity provider in trouble, and goes on when it is back", async () => {
    await world.clerk.users.deleteUser(ada.identityId);
    await world.troubleIdentity({ failNext: 3, failStatus: 500 });
    await noteDeleted(backend, ada.identityId);
    await settled(backend);
    expect(await receipts()).toHaveLength(1);
    expect(errors.join()).toContain("identity provider failed (500)");
  });

  it("erases nobody where the key is of another instance, in which everybody is missing", async () => {
    await backend.run((ctx) => ctx.db.insert("identityInstances", { instanceId: "ins_another" }));
    await world.clerk.users.deleteUser(ada.identityId);
    await noteDeleted(backend, ada.identityId);
    expect(await settled(backend, STEPS)).toBe(false);
    expect((await readAll(backend)).userKeys).toHaveLength(1);
    expect(errors.join()).toContain("another instance");
  });
});

const deliverUser = (type: string, identityId: string, profile?: { name: string; at: number }) =>
  backend.mutation(internal.webhooks.inbox.receive, {
    messageId: crypto.randomUUID(),
    fields: JSON.stringify({ type, timestamp: Date.now(), data: { id: identityId } }),
    profile,
  });

describe("an erasure in trouble", () => {
  let ada: Member;

  beforeEach(async () => {
    ada = await join(world, backend, "Ada Lovelace");
    await fillEveryTable(backend, ada);
  });

  it("is not over before the bucket has confirmed every object", async () => {
    await world.troubleBucket({ failNext: 100 });
    await erase(ada);
    expect(await settled(backend, 80)).toBe(false);
    expect(await tablesNaming(backend, [ada.name])).toEqual([]);
    expect((await readAll(backend)).objectDeletes?.length).toBeGreaterThan(0);
    expect(await receipts()).toEqual([]);
    await world.troubleBucket({ reset: true });
    vi.setSystemTime(Date.now() + 60 * 60_000);
    await backend.mutation(internal.media.deletes.kick, {});
    await settled(backend);
    expect(await receipts()).toHaveLength(1);
    // The last confirmation has led on, and none of the pauses.
    expect((await chainsOf("ending:settle")).isDisjointFrom(await chainsOf("ending:finish"))).toBe(true);
  });

  it("is not over before the provider has confirmed that it deletes what it was making", async () => {
    await backend.run(async (ctx) => {
      for (const { _id } of await ctx.db.query("mediaJobs").collect())
        await ctx.db.patch("mediaJobs", _id, { state: "running", operation: { id: "o1" } });
    });
    // No provider is set up in this deployment, so none confirms.
    await erase(ada);
    expect(await settled(backend, 80)).toBe(false);
    expect(await tablesNaming(backend, [ada.identityId])).toEqual(["erasureJobs"]);
    expect(await receipts()).toEqual([]);
    const asked = ((await readAll(backend)).orderReturns ?? []).map(({ _id }) => ({ id: _id as never, isGone: true }));
    expect(asked).toHaveLength(1);
    await backend.mutation(internal.media.returns.confirm, { asked });
    await settled(backend);
    expect(await receipts()).toHaveLength(1);
  });

  it("goes on with the identity provider's answer, and not with the pause after it", async () => {
    await world.troubleIdentity({ failNext: 4, failStatus: 503 });
    await erase(ada);
    await settled(backend);
    expect(await receipts()).toHaveLength(1);
    expect((await chainsOf("ending:settle")).isDisjointFrom(await chainsOf("ending:finish"))).toBe(true);
  });

  it("asks the bucket for every object it said was gone, and does not end before each of them is", async () => {
    const { workspaceId } = (await backend.run((ctx) => ctx.db.get("users", ada.userId))) ?? {};
    const keys = Array.from({ length: OBJECTS }, (_, index) => `object-${index}`);
    const kept = [keys[3], keys.at(-1)] as string[];
    for (const key of kept) await world.putObject(key);
    await backend.run(async (ctx) => {
      if (!workspaceId) throw new Error("The account is not complete");
      const reserved = { ownerId: ada.userId, workspaceId, reservedAt: Date.now() };
      for (const key of keys) await ctx.db.insert("uploads", { ...reserved, key });
    });
    await world.troubleBucket({ keptKeys: kept });
    await erase(ada);
    expect(await settled(backend, 80)).toBe(false);
    expect(await receipts()).toEqual([]);
    expect(errors.join()).toContain("that it said were gone");
    await world.troubleBucket({ reset: true });
    await settled(backend);
    expect(await Promise.all(kept.map((key) => world.hasObject(key)))).toEqual([false, false]);
    expect(await receipts()).toHaveLength(1);
    // Keys that were reserved are deleted once more when no bytes can be on their way any longer.
    vi.setSystemTime(Date.now() + 15 * 60_000);
    await backend.mutation(internal.media.deletes.kick, {});
    await settled(backend);
    expect(await readAll(backend)).toMatchObject({ objectDeletes: [], deletedObjects: [] });
  });

  it("needs no bucket in a deployment that has none", async () => {
    const bob = await join(world, backend, "Bob Ross");
    for (const name of ["R2_ENDPOINT", "R2_BUCKET", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"]) vi.stubEnv(name, "");
    await erase(bob);
    await settled(backend);
    expect([await receipts(), errors]).toMatchObject([[{ seq: 1 }], []]);
  });

  it("is taken up by the watchdog where a step was lost, and deletes nothing twice", async () => {
    await erase(ada);
    await loseScheduled(backend);
    await settled(backend);
    expect(await jobs()).toHaveLength(1);
    vi.setSystemTime(Date.now() + 11 * 60_000);
    await backend.mutation(internal.erasure.steps.resumeSilent, {});
    await settled(backend);
    expect(await receipts()).toHaveLength(1);
    expect(await tablesNaming(backend, [ada.identityId, ada.name])).toEqual([]);
  });

  it("asks the identity provider anew where the action that did was lost", async () => {
    await erase(ada);
    await loseScheduled(backend, "erasure/identity");
    expect(await settled(backend, STEPS)).toBe(false);
    expect([await isAtProvider(ada), await receipts()]).toEqual([true, []]);
    vi.setSystemTime(Date.now() + 11 * 60_000);
    await backend.mutation(internal.erasure.steps.resumeSilent, {});
    await settled(backend);
    expect(await isAtProvider(ada)).toBe(false);
    expect(await receipts()).toHaveLength(1);
  });

  it("asks one question at a time, however long the identity provider says nothing and whoever asks again", async () => {
    await world.troubleIdentity({ failNext: 1_000, failStatus: 503 });
    await noteDeleted(backend, ada.identityId);
    // How many timers there are between two tries depends on the machine.
    const isLoud = () => errors.join().includes("not answered for long");
    for (let round = 0; round < 8 || (round < 40 && !isLoud()); round++) {
      await noteDeleted(backend, ada.identityId);
      await backend.mutation(internal.erasure.steps.resumeSilent, {});
      await settled(backend, 3);
    }
    expect(isLoud()).toBe(true);
    expect(await underWay()).toEqual(["erasure/identity:settle"]);
    await world.troubleIdentity({ reset: true });
    await settled(backend);
    expect(await stateOf(ada)).toBe("live");
  });

  it("begins again where the look from zero finds a row", async () => {
    await erase(ada);
    const [job] = await jobs();
    await backend.run(async (ctx) => {
      if (!job) throw new Error("There is no job");
      await ctx.db.patch("erasureJobs", job._id, { state: "draining", identityGone: true });
      await ctx.scheduler.runAfter(0, internal.erasure.ending.settle, { jobId: job._id, chain: job.chain, looks: 0 });
    });
    await settled(backend);
    expect(errors.join()).toContain("begins again");
    expect(await tablesNaming(backend, [ada.identityId, ada.name])).toEqual([]);
    expect(await receipts()).toHaveLength(1);
  });
});

describe("receipts", () => {
  it("are chained: a changed one, and one taken out, are noticed", async () => {
    for (const name of ["Ada One", "Ada Two", "Ada Three", "Ada Four"]) {
      await erase(await join(world, backend, name));
      await settled(backend);
    }
    const check = () => backend.query(internal.erasure.receipts.check, { after: 0 });
    expect((await check()).map(({ intact }) => intact)).toEqual([true, true, true, true]);
    const [first, , third] = await receipts();
    await backend.run(async (ctx) => {
      if (!first || !third) throw new Error("There are no receipts");
      await ctx.db.patch("erasureReceipts", first._id, { completedAt: first.completedAt + 1 });
      await ctx.db.delete("erasureReceipts", third._id);
    });
    expect((await check()).map(({ seq, intact }) => [seq, intact])).toEqual([
      [1, false],
      [2, true],
      [4, false],
    ]);
  });

  it("[B15] and billing records end when the law lets them", async () => {
    const ada = await join(world, backend, "Ada Lovelace");
    await erase(ada);
    await settled(backend);
    const [kept] = (await readAll(backend)).retainedRecords as { untilAt: number }[];
    const sweeps = async () => {
      await backend.mutation(internal.erasure.receipts.sweepRetained, {});
      await backend.mutation(internal.erasure.receipts.sweep, {});
      await backend.mutation(internal.erasure.ending.sweepTombstones, {});
      await backend.mutation(internal.erasure.ledger.sweep, {});
      await settled(backend);
    };
    vi.setSystemTime((kept?.untilAt ?? 0) - 1_000_000);
    await sweeps();
    const before = await readAll(backend);
    expect([before.creditEntries?.length, before.subscriptions?.length]).toEqual([1, 1]);
    vi.setSystemTime((kept?.untilAt ?? 0) + 1);
    await sweeps();
    const rows = await readAll(backend);
    const left = Object.keys(rows).filter((table) => rows[table]?.length);
    expect(left.filter((table) => table !== "identityInstances")).toEqual([]);
  });
});

describe("a profile that changes at the identity provider", () => {
  it("[A10] is taken over, unless the event is older or tells nothing new", async () => {
    const ada = await join(world, backend, "Ada Lovelace");
    const name = async () => (await ada.person.query(api.account.me, {}))?.name;
    await deliverUser("user.updated", ada.identityId, { name: "Ada King", at: 20 });
    expect(await name()).toBe("Ada King");
    await deliverUser("user.updated", ada.identityId, { name: "Ada Byron", at: 10 });
    expect(await name()).toBe("Ada King");
    await ada.person.mutation(api.account.update, { name: "Countess" });
    await deliverUser("user.updated", ada.identityId, { name: "Ada King", at: 30 });
    expect(await name()).toBe("Countess");
    expect(JSON.stringify((await readAll(backend)).webhookInbox)).not.toContain("King");
  });
});
