import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { loadSubscription } from "./billing/months.ts";
import { vPlanId } from "./billing/schema.ts";
import { refusal } from "./lib/errors.ts";
import { viewerQuery } from "./lib/functions.ts";
import { boundedPage } from "./lib/pages.ts";
import { loadStanding } from "./usage/entries.ts";
import { available, EMPTY, type Standing, spentOn } from "./usage/ledger.ts";
import { DAY_MS, dayStart, standingBefore } from "./usage/limits.ts";
import { vEntryKind, vReason, vUsageKind } from "./usage/schema.ts";

/** Days whose spending the forecast goes on. */
const PACE_DAYS = 7;
/** Most days `usage:byDay` gives. */
const MOST_DAYS = 92;
/** The last moment of the year 9999. */
const MOST_MS = 253_402_300_799_999;

/**
 * How the caller's credits stand at `nowAt`, a time the client gives, so that the answer stays true until an entry is
 * made. `daysLeft` is how long they last at the pace of the last seven days, null where nothing was spent. In whole
 * credits. Throws `invalid`.
 */
export const summary = viewerQuery({
  args: { nowAt: v.number() },
  returns: v.object({
    plan: vPlanId,
    balance: v.number(),
    held: v.number(),
    available: v.number(),
    /** The part of the balance that does not expire. */
    bought: v.number(),
    spentToday: v.number(),
    dailyCeiling: v.union(v.number(), v.null()),
    /** When what the plan granted expires and the next month is granted. */
    periodEndsAt: v.union(v.number(), v.null()),
    daysLeft: v.union(v.number(), v.null()),
  }),
  handler: async (ctx, { nowAt }) => {
    refuseBadTime(nowAt);
    const { userId, user } = ctx.viewer;
    const standing = await loadStanding(ctx.db, userId);
    const spentBefore = async (atMs: number) => (await standingBefore(ctx.db, userId, atMs))?.spent ?? 0;
    const recent = standing.spent - (await spentBefore(nowAt - PACE_DAYS * DAY_MS));
    const period = (await loadSubscription(ctx.db, user.identityId))?.period;
    const { balance, held, bought } = standing;
    return {
      plan: period?.plan ?? "free",
      balance,
      held,
      available: available(standing),
      bought,
      spentToday: standing.spent - (await spentBefore(dayStart(nowAt))),
      dailyCeiling: user.settings.dailyCeiling ?? null,
      periodEndsAt: period?.endAt ?? null,
      daysLeft: recent > 0 ? Math.floor((available(standing) * PACE_DAYS) / recent) : null,
    };
  },
});

/** The caller's ledger, newest entry first. */
export const history = viewerQuery({
  args: { paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(
    v.object({
      _id: v.id("creditEntries"),
      kind: vEntryKind,
      reason: vReason,
      use: v.union(vUsageKind, v.null()),
      /** What the entry added to the balance. */
      credits: v.number(),
      /** What it added to open holds. */
      held: v.number(),
      /** The balance after it. */
      balance: v.number(),
      at: v.number(),
    }),
  ),
  handler: async (ctx, { paginationOpts }) => {
    const result = await ctx.db
      .query("creditEntries")
      .withIndex("by_owner", (q) => q.eq("ownerId", ctx.viewer.userId))
      .order("desc")
      .paginate(boundedPage(paginationOpts));
    const page = result.page.map(({ _id, kind, reason, use = null, credits, held, at, after }) => {
      return { _id, kind, reason, use, credits, held, balance: after.balance, at };
    });
    return { ...result, page };
  },
});

/**
 * What the caller spent on each of the last `days` days (UTC), on what, the day of `nowAt` last. `credits` is the sum of
 * the three. Costs one indexed read for each
 * day, however many entries there are: a day's spending is the difference of two entries. Throws `invalid`.
 */
export const byDay = viewerQuery({
  args: { nowAt: v.number(), days: v.number() },
  returns: v.array(
    v.object({ dayAt: v.number(), credits: v.number(), chat: v.number(), image: v.number(), video: v.number() }),
  ),
  handler: async (ctx, { nowAt, days }) => {
    refuseBadTime(nowAt);
    if (!Number.isSafeInteger(days) || days < 1 || days > MOST_DAYS) {
      throw refusal("invalid", `Between 1 and ${MOST_DAYS} days can be shown.`);
    }
    const firstMs = dayStart(nowAt) - (days - 1) * DAY_MS;
    const midnights = Array.from({ length: days + 1 }, (_, index) => firstMs + index * DAY_MS);
    const standings = await Promise.all(midnights.map((atMs) => standingBefore(ctx.db, ctx.viewer.userId, atMs)));
    return midnights.slice(0, -1).map((dayAt, index) => {
      return { dayAt, ...spentBetween(standings[index] ?? EMPTY, standings[index + 1] ?? EMPTY) };
    });
  },
});

function spentBetween(before: Standing, after: Standing) {
  const [earlier, later] = [spentOn(before), spentOn(after)];
  return {
    credits: after.spent - before.spent,
    chat: later.chat - earlier.chat,
    image: later.image - earlier.image,
    video: later.video - earlier.video,
  };
}

function refuseBadTime(nowAt: number): void {
  if (Number.isSafeInteger(nowAt) && Math.abs(nowAt) <= MOST_MS) return;
  throw refusal("invalid", "That is no time.");
}
