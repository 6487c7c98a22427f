import { defineTable } from "convex/server";
import { v } from "convex/values";
import { PLAN_IDS } from "../../src/shared/plans.ts";

export const vPlanId = v.union(...PLAN_IDS.map((id) => v.literal(id)));

/** How the processor says a subscription item stands, in the order of its life. */
export const ITEM_STATUSES = [
  "upcoming",
  "incomplete",
  "active",
  "past_due",
  "canceled",
  "ended",
  "expired",
  "abandoned",
] as const;

/** One plan a person subscribed to, as the processor last told. */
export const vSubscriptionItem = v.object({
  /** The processor's id. */
  itemId: v.string(),
  plan: vPlanId,
  status: v.union(...ITEM_STATUSES.map((status) => v.literal(status))),
  periodStartAt: v.number(),
  periodEndAt: v.number(),
  /** Since when a payment is missing. */
  pastDueSinceAt: v.optional(v.number()),
  /** The time of the newest event about it: older ones change nothing. */
  eventAt: v.number(),
});

/** Credits that were bought once. */
export const vTopUp = v.object({ itemId: v.string(), credits: v.number() });

/** The newest attempt to pay. */
export const vPayment = v.object({
  /** The processor's id. */
  paymentId: v.string(),
  status: v.union(v.literal("pending"), v.literal("paid"), v.literal("failed")),
  eventAt: v.number(),
});

/** The month whose credits a person has. See [Note: Months of credits]. */
export const vCreditPeriod = v.object({
  plan: vPlanId,
  /** The end of the month before: what was paid for until then has been granted and has expired. */
  fromAt: v.number(),
  startAt: v.number(),
  endAt: v.number(),
  /** Credits granted for it so far. */
  granted: v.number(),
});

export const billingTables = {
  // The mirror of a person's subscription at the billing processor: plan, status, period and the processor's opaque
  // references, and nothing else. Kept by the identity provider's user id, because the first webhook may be faster than
  // the first sign-in. Written by the webhook inbox and where a month begins, read wherever credits are spent and shown.
  // A billing record: kept for seven years.
  subscriptions: defineTable({
    identityId: v.string(),
    items: v.array(vSubscriptionItem),
    /** Bought and not granted yet, because the account has not been made. */
    topUps: v.array(vTopUp),
    payment: v.optional(vPayment),
    /** Absent until the account is made; from then on its first month's start, from which free months are counted. */
    anchorAt: v.optional(v.number()),
    period: v.optional(vCreditPeriod),
  }).index("by_identity", ["identityId"]),
};
