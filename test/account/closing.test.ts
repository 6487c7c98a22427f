import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import { LOST_QUESTION_MS } from "../../convex/erasure/asking.ts";
import { brakeAt } from "../../convex/erasure/reconciliation.ts";
import { CLOCK_ERROR_MS, CLOSURE_GRACE_MS } from "../../src/policy/periods.ts";
import {
  join,
  loseScheduled,
  type Member,
  readAll,
  settled,
  startWorld,
  tablesNaming,
  type World,
} from "../erasure/world.ts";
import { type Backend, refusalOf, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { say } from "../support/chats.ts";

useBackendEnvironment();
// Real sockets.
vi.setConfig({ testTimeout: 30_000 });

let world: World;
let backend: Backend;
let ada: Member;
let errors: string[];

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

beforeEach(async () => {
  world.stubEnvironment();
  await world.troubleIdentity({ reset: true });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], shouldAdvanceTime: true });
  errors = [];
  vi.spyOn(console, "error").mockImplementation((text) => void errors.push(String(text)));
  backend = startBackend();
  ada = await join(world, backend, "Ada Lovelace");
  await say(ada.person, "What are tides?");
  await settled(backend);
});

const me = () => ada.person.query(api.account.me, {});
const paginationOpts = { numItems: 10, cursor: null };
const chats = () => ada.person.query(api.threads.list, { view: "recent", paginationOpts });
const isLocked = async () => (await world.clerk.users.getUser(ada.identityId)).locked;
const close = async () => {
  await ada.person.mutation(api.account.close, {});
  await settled(backend);
};
const reopen = async () => {
  await ada.person.mutation(api.account.reopen, {});
  await settled(backend);
};

describe("a closed account", () => {
  it("[B14] shows nothing and takes nothing in, and its person is locked at the identity provider", async () => {
    await close();
    expect(await me()).toMatchObject({ state: "closing", erasesAt: expect.any(Number) });
    const write = () => ada.person.mutation(api.account.update, { name: "Ada" });
    for (const call of [chats, () => say(ada.person, "Hello?"), write]) {
      expect(await refusalOf(call())).toBe("closing");
    }
    expect(await refusalOf(ada.person.action(api.threads.search, { query: "tides" }))).toBe("closing");
    expect(await isLocked()).toBe(true);
  });

  it("[B14] is whole again when it is reopened, on the last day too", async () => {
    const before = await chats();
    await close();
    vi.setSystemTime(Date.now() + CLOSURE_GRACE_MS - 60_000);
    await backend.mutation(internal.account.closing.eraseDue, {});
    await reopen();
    expect(await me()).toMatchObject({ state: "live", erasesAt: null });
    expect(await chats()).toEqual(before);
    expect(await isLocked()).toBe(false);
  });

  it("is reopened as the restricted account it was", async () => {
    await backend.run((ctx) => ctx.db.patch("users", ada.userId, { state: "restricted" }));
    await close();
    await reopen();
    expect(await me()).toMatchObject({ state: "restricted" });
  });

  it("[B14] is erased after thirty days, here and at the identity provider, and cannot be reopened then", async () => {
    await close();
    vi.setSystemTime(Date.now() + CLOSURE_GRACE_MS + CLOCK_ERROR_MS);
    await backend.mutation(internal.account.closing.eraseDue, {});
    expect(await refusalOf(ada.person.mutation(api.account.reopen, {}))).toBe("unauthenticated");
    await settled(backend);
    expect(await tablesNaming(backend, [ada.identityId, ada.name])).toEqual([]);
    expect((await readAll(backend)).erasureReceipts).toMatchObject([{ origin: "closure" }]);
    await expect(world.clerk.users.getUser(ada.identityId)).rejects.toMatchObject({ status: 404 });
  });

  it("is not erased before thirty days that a slow clock counts from and a fast one counts to", async () => {
    const trueMs = Date.now();
    const errorMs = 5 * 60_000;
    vi.setSystemTime(trueMs - errorMs);
    await close();
    vi.setSystemTime(trueMs + CLOSURE_GRACE_MS - 1 + errorMs);
    await backend.mutation(internal.account.closing.eraseDue, {});
    await reopen();
    expect(await me()).toMatchObject({ state: "live" });
  });

  it("can be erased at once", async () => {
    await close();
    await ada.person.action(api.account.erase, { confirm: "erase" });
    expect((await readAll(backend)).userKeys).toEqual([]);
    await settled(backend);
    expect((await readAll(backend)).erasureReceipts).toMatchObject([{ origin: "person" }]);
  });

  it("is locked as soon as the identity provider answers", async () => {
    await world.troubleIdentity({ failNext: 3, failStatus: 503 });
    await close();
    expect(await isLocked()).toBe(true);
  });

  it("is locked out as it is where its person was deleted there meanwhile: nobody goes on asking", async () => {
    await world.clerk.users.deleteUser(ada.identityId);
    await close();
    expect((await readAll(backend)).users?.[0]).toMatchObject({ state: "closing" });
    expect((await readAll(backend)).users?.[0]?.lockDueAt).toBeUndefined();
    expect(errors).toEqual([]);
  });

  it("is locked though the action that was to do it was lost", async () => {
    await ada.person.mutation(api.account.close, {});
    await loseScheduled(backend);
    await backend.mutation(internal.account.closing.resumeLocks, {});
    await settled(backend);
    expect(await isLocked()).toBe(false);
    vi.setSystemTime(Date.now() + LOST_QUESTION_MS + 1);
    await backend.mutation(internal.account.closing.resumeLocks, {});
    await settled(backend);
    expect(await isLocked()).toBe(true);
    expect((await readAll(backend)).users?.[0]?.lockDueAt).toBeUndefined();
  });

  it("ends up as it was left, closed and reopened faster than the identity provider is told", async () => {
    for (const call of [api.account.close, api.account.reopen, api.account.close, api.account.reopen]) {
      await ada.person.mutation(call, {});
      await backend.finishInProgressScheduledFunctions();
    }
    await settled(backend);
    expect(await isLocked()).toBe(false);
    await close();
    expect(await isLocked()).toBe(true);
  });
});

describe("the nightly look for identities that are gone", () => {
  const look = async () => {
    await backend.mutation(internal.erasure.reconciliation.begin, {});
    return settled(backend);
  };

  it("[A11] erases whom no webhook told about, and nobody else", async () => {
    const bob = await join(world, backend, "Bob Ross");
    await world.clerk.users.deleteUser(ada.identityId);
    expect(await look()).toBe(true);
    expect(await tablesNaming(backend, [ada.identityId])).toEqual([]);
    expect((await readAll(backend)).erasureReceipts).toMatchObject([{ origin: "reconciliation" }]);
    expect((await readAll(backend)).users).toMatchObject([{ _id: bob.userId, state: "live" }]);
  });

  it("goes on where an identity provider in trouble let it wait", async () => {
    await world.clerk.users.deleteUser(ada.identityId);
    await world.troubleIdentity({ failNext: 2, failStatus: 429 });
    await look();
    expect((await readAll(backend)).users).toEqual([]);
  });

  it("is one look however many nights the identity provider is out, and not two when it is back", async () => {
    await world.clerk.users.deleteUser(ada.identityId);
    await world.troubleIdentity({ failNext: 8, failStatus: 503 });
    const waiting = async () => {
      const scheduled = await backend.run((ctx) => ctx.db.system.query("_scheduled_functions").collect());
      const looks = scheduled.filter(({ name }) => name.includes("lookThrough"));
      return looks.filter(({ state: { kind } }) => kind === "pending" || kind === "inProgress").length;
    };
    for (let night = 0; night < 3; night++) {
      await backend.mutation(internal.erasure.reconciliation.begin, {});
      await settled(backend, 1);
      expect(await waiting()).toBe(1);
    }
    await settled(backend);
    expect((await readAll(backend)).erasureReceipts).toHaveLength(1);
    expect((await readAll(backend)).identityLooks).toEqual([]);
  });

  it("goes on from its last page where a step was lost, and ends a step that turns out to be alive", async () => {
    await world.clerk.users.deleteUser(ada.identityId);
    await backend.run(async (ctx) => {
      for (let n = 0; n < 100; n++) {
        await ctx.db.insert("users", { identityId: `user_${n}`, name: "Nobody", state: "erasing", settings: {} });
      }
    });
    const { cursor } = await backend.query(internal.erasure.reconciliation.accounts, { cursor: null, numItems: 100 });
    const lost = { cursor, accounts: 1, absent: [ada.userId], beatAt: Date.now(), chain: 0 };
    await backend.run((ctx) => ctx.db.insert("identityLooks", lost));
    await backend.mutation(internal.erasure.reconciliation.resumeSilent, {});
    expect((await readAll(backend)).identityLooks).toMatchObject([lost]);
    vi.setSystemTime(Date.now() + LOST_QUESTION_MS + 1);
    await backend.mutation(internal.erasure.reconciliation.resumeSilent, {});
    expect((await readAll(backend)).identityLooks).toMatchObject([{ cursor, accounts: 1, chain: 1 }]);
    expect(await backend.query(internal.erasure.reconciliation.place, { chain: 0 })).toBeNull();
    await settled(backend);
    expect((await readAll(backend)).erasureReceipts).toHaveLength(1);
  });

  it("erases nobody where very many look gone", async () => {
    await backend.run(async (ctx) => {
      for (let n = 0; n < 25; n++) {
        await ctx.db.insert("users", { identityId: `user_${n}`, name: "Nobody", state: "live", settings: {} });
      }
    });
    await look();
    const { users, erasureJobs } = await readAll(backend);
    expect(users?.filter(({ state }) => state === "live")).toHaveLength(26);
    expect(erasureJobs).toEqual([]);
    expect(errors.join()).toContain("25 of 26 accounts look gone");
  });

  it("erases nobody with the key of another instance", async () => {
    await backend.run((ctx) => ctx.db.insert("identityInstances", { instanceId: "ins_another" }));
    await world.clerk.users.deleteUser(ada.identityId);
    await backend.mutation(internal.erasure.reconciliation.begin, {});
    expect(await settled(backend, 20)).toBe(false);
    expect((await readAll(backend)).users).toMatchObject([{ state: "live" }]);
  });

  it("lets twenty accounts go in a night, or one in two hundred where that is more", () => {
    expect([0, 20, 4_000, 4_200, 1_000_000].map(brakeAt)).toEqual([20, 20, 20, 21, 5_000]);
  });
});
