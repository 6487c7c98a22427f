import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { placeHold, releaseHold, settleHold } from "../../convex/usage/holds.ts";
import {
  type Backend,
  type Person,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { ownerOf } from "../support/credits.ts";

useBackendEnvironment();

const DAY_MS = 24 * 60 * 60_000;
const firstDayMs = Date.parse("2027-05-01T00:00:00Z");

let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers({ now: firstDayMs + 1_000, toFake: ["Date"] });
  backend = startBackend();
  ada = await signedIn(backend);
});

/** Work that cost that many credits, done `days` after the first day. */
async function make(credits: number, days: number, use: "image" | "video" | "chat" = "image"): Promise<void> {
  vi.setSystemTime(firstDayMs + days * DAY_MS + 5_000);
  const ownerId = await ownerOf(backend);
  const subject = `job:${days}-${credits}` as const;
  await backend.run(async (ctx) => {
    const nowMs = Date.now();
    const user = await ctx.db.get("users", ownerId);
    if (user) await placeHold(ctx, { user, subject, use, credits, nowMs });
    const used = { model: "m", amounts: { images: 1 }, source: "provider" as const, credits };
    if (credits > 0) await settleHold(ctx, { subject, used, nowMs });
    else await releaseHold(ctx, { subject, reason: "failed", nowMs });
  });
}

describe("what people see", () => {
  it("is each day's spending and on what, from the first shown to today", async () => {
    await make(30, 0);
    await make(0, 1);
    await make(50, 3, "chat");
    await make(20, 3, "video");
    const shown = await ada.query(api.usage.byDay, { nowAt: Date.now(), days: 5 });
    const nothing = { credits: 0, chat: 0, image: 0, video: 0 };
    expect(shown).toEqual([
      { ...nothing, dayAt: firstDayMs - DAY_MS },
      { ...nothing, dayAt: firstDayMs, credits: 30, image: 30 },
      { ...nothing, dayAt: firstDayMs + DAY_MS },
      { ...nothing, dayAt: firstDayMs + 2 * DAY_MS },
      { ...nothing, dayAt: firstDayMs + 3 * DAY_MS, credits: 70, chat: 50, video: 20 },
    ]);
  });

  it("is the balance with a forecast at the pace of the last seven days", async () => {
    expect(await ada.query(api.usage.summary, { nowAt: Date.now() })).toMatchObject({ balance: 2_000, daysLeft: null });
    await make(70, 0);
    await make(140, 8);
    expect(await ada.query(api.usage.summary, { nowAt: Date.now() })).toEqual({
      plan: "free",
      balance: 1_790,
      held: 0,
      available: 1_790,
      bought: 0,
      spentToday: 140,
      dailyCeiling: null,
      periodEndsAt: Date.parse("2027-06-01T00:00:01Z"),
      daysLeft: Math.floor((1_790 * 7) / 140),
    });
  });

  it("is the ledger, newest entry first, page by page, and nobody else's", async () => {
    await make(30, 0);
    const bob = await signedIn(backend, "Bob");
    const read = (person: Person, cursor: string | null) =>
      person.query(api.usage.history, { paginationOpts: { numItems: 2, cursor } });
    const first = await read(ada, null);
    const second = await read(ada, first.continueCursor);
    expect([...first.page, ...second.page].map(({ kind, use, balance }) => [kind, use, balance])).toEqual([
      ["settle", "image", 1_970],
      ["hold", "image", 2_000],
      ["grant", null, 2_000],
    ]);
    expect((await read(bob, null)).page).toMatchObject([{ kind: "grant" }]);
  });

  it("is what plans give, with the free one first", async () => {
    expect((await ada.query(api.billing.plans, {})).map(({ id }) => id)).toEqual(["free", "plus", "pro"]);
    expect(await ada.query(api.billing.subscription, {})).toMatchObject({ plan: "free", status: null, payment: null });
  });

  it.each([0, 93, 1.5, Number.NaN])("is refused for %d days", async (days) => {
    expect(await refusalOf(ada.query(api.usage.byDay, { nowAt: Date.now(), days }))).toBe("invalid");
    expect(await refusalOf(ada.query(api.usage.summary, { nowAt: Number.NaN }))).toBe("invalid");
  });
});
