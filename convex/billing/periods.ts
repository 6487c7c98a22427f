import type { Infer } from "convex/values";
import { PLANS } from "../../src/shared/plans.ts";
import type { vCreditPeriod, vSubscriptionItem } from "./schema.ts";

export type Item = Infer<typeof vSubscriptionItem>;
export type Period = Infer<typeof vCreditPeriod>;

/** The month of credits that is the present one. Pure. */
export function currentMonth(_items: Item[], nowMs: number): Period {
  return { plan: "free", startAt: nowMs, endAt: addMonths(nowMs, 1), granted: PLANS.free.monthlyCredits };
}

/** The same day and time in a later month, or that month's last day where it is shorter (UTC). */
export function addMonths(atMs: number, months: number): number {
  const at = new Date(atMs);
  const day = at.getUTCDate();
  at.setUTCDate(1);
  at.setUTCMonth(at.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
  at.setUTCDate(Math.min(day, lastDay));
  return at.getTime();
}
