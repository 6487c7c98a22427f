import { beforeEach, expect, it, vi } from "vitest";
import { internal } from "../../convex/_generated/api.js";
import { type Backend, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { say } from "../support/chats.ts";
import { readStanding } from "../support/credits.ts";

useBackendEnvironment();

let backend: Backend;

beforeEach(async () => {
  vi.useFakeTimers();
  backend = startBackend();
  for (const name of ["Ada", "Bob", "Eve"]) await say(await signedIn(backend, name), "Hi");
});

const reconcile = () => backend.action(internal.usage.reconciling.reconcilePage, { cursor: null });
const alerts = () => backend.run((ctx) => ctx.db.query("creditAlerts").collect());

/** What a fault in the code might have left. */
const corrupt = () =>
  backend.run(async (ctx) => {
    const entry = await ctx.db.query("creditEntries").withIndex("by_owner").order("desc").first();
    if (entry) await ctx.db.patch("creditEntries", entry._id, { after: { ...entry.after, balance: 9_999 } });
  });

it("finds no difference where there is none, and leaves no alert", async () => {
  expect(await reconcile()).toMatchObject({ accounts: 3, entries: 9, differences: [], next: null });
  expect(await alerts()).toEqual([]);
});

it("goes on from entries that do not tell pictures and videos apart, as older versions wrote them", async () => {
  await backend.run(async (ctx) => {
    for (const { _id, after } of await ctx.db.query("creditEntries").collect()) {
      const { spentOnImages: _images, spentOnVideos: _videos, ...older } = after;
      await ctx.db.patch("creditEntries", _id, { use: "image", after: older });
    }
  });
  expect(await reconcile()).toMatchObject({ differences: [] });
  const ada = await signedIn(backend, "Ada");
  await say(ada, "Once more");
  expect(await reconcile()).toMatchObject({ entries: 11, differences: [] });
});

it("reports a balance its entries do not add up to, and raises one alert until it is mended", async () => {
  await corrupt();
  const { differences } = await reconcile();
  await reconcile();
  expect(differences).toMatchObject([{ carried: { balance: 9_999 }, added: { balance: 2_000 } }]);
  expect(await alerts()).toHaveLength(1);
  const [difference] = differences;
  if (!difference) throw new Error("There is no difference");
  expect(await backend.mutation(internal.usage.reconciling.mend, { difference })).toBe(true);
  expect(await backend.mutation(internal.usage.reconciling.mend, { difference })).toBe(false);
  expect(await reconcile()).toMatchObject({ differences: [] });
  expect(await alerts()).toEqual([]);
});

it("runs every night over all accounts, and says in the log that some do not add up", async () => {
  await corrupt();
  const logged = vi.spyOn(console, "error").mockReturnValue(undefined);
  await backend.action(internal.usage.reconciling.reconcileAll, {});
  expect(logged.mock.calls.join()).toContain("1 accounts do not add up");
  expect(await alerts()).toHaveLength(1);
});

it("adds up accounts with more entries than one page holds", async () => {
  backend = startBackend();
  await signedIn(backend);
  await backend.run(async (ctx) => {
    const first = await ctx.db.query("creditEntries").first();
    if (!first) throw new Error("There is no entry");
    const { _id, _creationTime, ...entry } = first;
    for (let seq = 2; seq <= 2_500; seq++) {
      const after = { ...entry.after, balance: entry.after.balance + seq - 1 };
      const at = entry.at + Math.floor(seq / 7);
      await ctx.db.insert("creditEntries", { ...entry, key: `test:${seq}`, credits: 1, at, seq, after });
    }
  });
  expect(await reconcile()).toMatchObject({ accounts: 1, entries: 2_500, differences: [] });
  expect(await readStanding(backend)).toMatchObject({ balance: 4_499 });
});
