import type { Infer } from "convex/values";
import { PLANS, type PlanId } from "../../src/shared/plans.ts";
import { ITEM_STATUSES, type vCreditPeriod, type vSubscriptionItem } from "./schema.ts";

/*
 * [Note: Months of credits]
 * Credits are granted by the month. A subscription item says from when to when a plan is paid for; that time is cut into
 * months, and the month that is running is the one whose credits count. Where several items run at once, as they do when
 * somebody upgrades in the middle of a month, every moment is worth the credits of the largest plan that was paid for it:
 * so an upgrade is pro-rated, and whoever learns of the items in another order grants the same in the end. What was
 * granted for the running month is remembered and never taken back, which makes a downgrade begin with the next month.
 *
 * Without a paid item the plan is free, and its months are counted from the account's first.
 */

export type Item = Infer<typeof vSubscriptionItem>;
export type Period = Infer<typeof vCreditPeriod>;

const DAY_MS = 24 * 60 * 60_000;
/** How long an item that should have been renewed counts as running: its webhook may be late. */
const RENEWAL_SLACK_MS = 3 * DAY_MS;
/** How long credits can still be spent after a payment failed. */
export const PAST_DUE_GRACE_MS = 7 * DAY_MS;
/** How long items that are over are remembered, so that a late event about them is known to be old. */
const OVER_KEPT_MS = 90 * DAY_MS;

/** States in which an item's time is paid for. An item that was cancelled or has ended keeps the time it paid for. */
const PAID: readonly Item["status"][] = ["active", "canceled", "ended"];

/** The items after an event told of one: the newest word about each item counts, whenever it arrives. Pure. */
export function withItem(items: Item[], told: Item, nowMs: number): Item[] {
  const known = items.find(({ itemId }) => itemId === told.itemId);
  const others = items.filter(({ itemId, ...item }) => itemId !== told.itemId && !isForgotten(item, nowMs));
  return [...others, known && !isNewer(told, known) ? known : told].sort((a, b) => (a.itemId < b.itemId ? -1 : 1));
}

function isNewer(told: Item, known: Item): boolean {
  if (told.eventAt !== known.eventAt) return told.eventAt > known.eventAt;
  return ITEM_STATUSES.indexOf(told.status) > ITEM_STATUSES.indexOf(known.status);
}

function isForgotten({ status, periodEndAt }: Omit<Item, "itemId">, nowMs: number): boolean {
  return status !== "active" && status !== "past_due" && periodEndAt + OVER_KEPT_MS < nowMs;
}

/** The item that a plan comes from: of several of that plan, the newest. Pure. */
export function runningItem(items: Item[], plan: PlanId): Item | null {
  const ofPlan = items.filter((item) => item.plan === plan && item.status !== "upcoming");
  return ofPlan.toSorted((a, b) => b.periodStartAt - a.periodStartAt)[0] ?? null;
}

/** Since when a payment has been missing for too long to spend credits, or null. Pure. */
export function unpaidSince(items: Item[], nowMs: number): number | null {
  const unpaid = items.find(({ status }) => status === "past_due");
  if (!unpaid || months(items, nowMs).length > 0) return null;
  const sinceMs = unpaid.pastDueSinceAt ?? unpaid.eventAt;
  return sinceMs + PAST_DUE_GRACE_MS <= nowMs ? sinceMs : null;
}

/** What a person's month of credits becomes. */
export interface Opening {
  period: Period;
  /** Credits to grant now; the rest of the month's were granted before. */
  credits: number;
  /** Whether the last month is over, so that what is left of its grants expires. */
  isNew: boolean;
}

/** Decides which month of credits is the present one, and what to grant for it; null where all stays as it is. Pure. */
export function nextOpening(
  { items, period, anchorAt }: { items: Item[]; period: Period | null; anchorAt: number },
  nowMs: number,
): Opening | null {
  const paid = months(items, nowMs);
  const isOver = period === null || period.endAt <= nowMs;
  if (paid.length === 0 && (!isOver || isWaiting(items, nowMs))) return null;
  const running = paid.length > 0 ? paid : [monthOf({ plan: "free", startAt: anchorAt }, nowMs)];
  const largest = running.reduce((best, month) => (isLarger(month, best) ? month : best));
  const fromAt = isOver ? (period?.endAt ?? 0) : period.fromAt;
  const granted = worth(running, fromAt);
  const before = isOver || period.plan === "free" ? 0 : period.granted;
  if (!isOver && granted <= before) return null;
  const { plan, startAt, endAt } = largest;
  return { period: { plan, fromAt, startAt, endAt, granted }, credits: granted - before, isNew: isOver };
}

/** A month of a plan, or the part of one that an item's time has left. */
interface Month {
  plan: PlanId;
  startAt: number;
  endAt: number;
  /** What a whole month is here, in milliseconds. */
  wholeMs: number;
}

/** The months of paid items that are running. */
function months(items: Item[], nowMs: number): Month[] {
  return items
    .filter((item) => PAID.includes(item.status) && item.periodStartAt <= nowMs && nowMs < item.periodEndAt)
    .map(({ plan, periodStartAt: startAt, periodEndAt: untilAt }) => monthOf({ plan, startAt, untilAt }, nowMs));
}

/** Of time that began at `startAt`, cut into months, the month that `nowMs` is in. */
function monthOf(time: { plan: PlanId; startAt: number; untilAt?: number }, nowMs: number): Month {
  const { plan, untilAt = Number.POSITIVE_INFINITY } = time;
  let count = 0;
  while (addMonths(time.startAt, count + 1) <= nowMs) count += 1;
  const startAt = addMonths(time.startAt, count);
  const wholeEndAt = addMonths(time.startAt, count + 1);
  return { plan, startAt, endAt: Math.min(wholeEndAt, untilAt), wholeMs: wholeEndAt - startAt };
}

/** Whether the present month goes on although it is over: a payment is missing, or the word of it may still come. */
function isWaiting(items: Item[], nowMs: number): boolean {
  return items.some(
    ({ status, periodEndAt }) =>
      status === "past_due" || (status === "active" && nowMs < periodEndAt + RENEWAL_SLACK_MS),
  );
}

function isLarger(a: Month, b: Month): boolean {
  return PLANS[a.plan].rank - PLANS[b.plan].rank > 0 || (a.plan === b.plan && a.endAt > b.endAt);
}

/** Credits for months that overlap: of every moment from `fromAt` on, those of the largest plan. */
function worth(running: Month[], fromAt: number): number {
  const times = running.flatMap(({ startAt, endAt }) => [Math.max(startAt, fromAt), endAt]);
  const edges = [...new Set(times)].sort((a, b) => a - b);
  const credits = edges.slice(1).map((endAt, index) => {
    const startAt = edges[index] as number;
    const rates = running
      .filter((month) => month.startAt <= startAt && endAt <= month.endAt)
      .map(({ plan, wholeMs }) => PLANS[plan].monthlyCredits / wholeMs);
    return (endAt - startAt) * Math.max(0, ...rates);
  });
  // Halves and thirds of months do not add up to whole numbers exactly; a whole month does.
  return Math.floor(credits.reduce((sum, each) => sum + each, 0) + 1e-6);
}

/** The same day and time some months later, or that month's last day where it is shorter (UTC). Pure. */
export function addMonths(atMs: number, count: number): number {
  const at = new Date(atMs);
  const day = at.getUTCDate();
  at.setUTCDate(1);
  at.setUTCMonth(at.getUTCMonth() + count);
  const lastDay = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
  at.setUTCDate(Math.min(day, lastDay));
  return at.getTime();
}
