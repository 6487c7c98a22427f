import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import { UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { fillEveryTable } from "../erasure/world.ts";
import {
  type Backend,
  type Person,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { say } from "../support/chats.ts";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 4, 1);
const CANARY = "canary-heron";

useBackendEnvironment();

let backend: Backend;
let operator: Person;

beforeEach(async () => {
  vi.useFakeTimers({ now: NOW_MS });
  vi.stubEnv("OPERATOR_USER_IDS", "user_somebody, user_ops");
  backend = startBackend();
  operator = await signedIn(backend, "Ops");
});

const overview = (person = operator) => person.query(api.operator.overview, {});

/** Writes an expiring chat whose clock started so long ago. */
async function chatOfAge(person: Person, ageMs: number, pinned = false): Promise<void> {
  const { threadId } = await say(person, CANARY);
  const change = { retentionClockAt: NOW_MS - ageMs, pinned };
  await backend.run((ctx) => ctx.db.patch("threads", threadId as Id<"threads">, change));
}

describe("the operator's role", () => {
  it("is said by the environment, and shown to whoever has it", async () => {
    const ada = await signedIn(backend);
    const roles = await Promise.all([operator, ada].map(async (person) => (await me(person))?.operator));
    expect(roles).toEqual([true, false]);
  });

  it("[A18] is nobody else's: the overview refuses a person, whatever their token claims, and strangers", async () => {
    const ada = await signedIn(backend);
    expect(await refusalOf(overview(ada))).toBe("forbidden");
    const claiming = backend.withIdentity({ subject: "user_ada", role: "operator", OPERATOR_USER_IDS: "user_ada" });
    expect(await refusalOf(overview(claiming))).toBe("forbidden");
    expect(await refusalOf(backend.query(api.operator.overview, {}))).toBe("unauthenticated");
    vi.stubEnv("OPERATOR_USER_IDS", "");
    expect(await refusalOf(overview())).toBe("forbidden");
  });
});

const me = (person: Person) => person.query(api.account.me, {});

describe("the operator's overview", () => {
  it("counts accounts by state, and the chats that go next by when", async () => {
    const ada = await signedIn(backend);
    await chatOfAge(ada, UNPINNED_THREAD_MS + HOUR_MS);
    await chatOfAge(ada, UNPINNED_THREAD_MS - HOUR_MS);
    await chatOfAge(ada, UNPINNED_THREAD_MS - 2 * DAY_MS);
    await chatOfAge(ada, UNPINNED_THREAD_MS - 2 * DAY_MS, true);
    await chatOfAge(ada, DAY_MS);
    await ada.mutation(api.account.close, {});
    const { accounts, retention } = await overview();
    expect(accounts).toMatchObject({ live: { count: 1 }, closing: { count: 1 }, erasing: { count: 0 } });
    expect(retention).toEqual({ overdue: exactly(1), within24h: exactly(1), within7d: exactly(2) });
  });

  it("says at least how many rows there are where there are very many", async () => {
    await backend.run(async (ctx) => {
      for (let index = 0; index < 1_001; index++) {
        await ctx.db.insert("objectDeletes", {
          key: `k${index}`,
          askedAt: NOW_MS - index,
          notBeforeAt: 0,
          attempts: 10,
        });
      }
    });
    expect((await overview()).outbox).toEqual({
      waiting: { count: 1_000, isAtLeast: true },
      oldestAskedAt: NOW_MS - 1_000,
      stuck: 1_001,
    });
  });

  it("names what is overdue, failed and under way", async () => {
    const ada = await signedIn(backend);
    await ada.mutation(api.privacy.request, { kind: "access" });
    await fillEveryTable(backend, { ...(await identify(ada)), person: ada });
    await ada.action(api.account.erase, { confirm: "erase" });
    vi.setSystemTime(NOW_MS + 40 * DAY_MS);
    const shown = await overview();
    expect(shown.requests).toMatchObject({ overdue: 2, open: [{ isOverdue: true }, { isOverdue: true }] });
    expect(shown.mediaJobs).toMatchObject({ failed: exactly(1), newestFailed: [{ kind: "image", error: null }] });
    expect(shown.inbox).toMatchObject({ counts: { parked: exactly(1) }, parked: [{ type: "session.created" }] });
    expect(shown.erasures).toMatchObject([{ origin: "person", state: "removing", shreddedAt: NOW_MS }]);
    expect(shown.creditAlerts).toEqual(exactly(1));
    expect(await backend.query(internal.media.deletes.state, {})).toEqual(shown.outbox);
    expect(await backend.query(internal.media.returns.state, {})).toEqual(shown.orders);
  });

  it("[A4] holds numbers and ids, and nothing that a person wrote or is called", async () => {
    const ada = await signedIn(backend, "Ada-canary-heron");
    await say(ada, CANARY);
    await fillEveryTable(backend, { ...(await identify(ada)), person: ada });
    expect(JSON.stringify(await overview())).not.toContain("heron");
  });
});

const exactly = (count: number) => ({ count, isAtLeast: false });

async function identify(person: Person) {
  const account = await me(person);
  const user = await backend.run((ctx) => ctx.db.get("users", account?.userId as Id<"users">));
  if (!user) throw new Error("There is no account");
  return { userId: user._id, identityId: user.identityId, name: user.name };
}
