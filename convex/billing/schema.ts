import { defineTable } from "convex/server";
import { v } from "convex/values";
import { PLAN_IDS } from "../../src/shared/plans.ts";

export const vPlanId = v.union(...PLAN_IDS.map((id) => v.literal(id)));

/** How the processor says a subscription item stands. */
export const vItemStatus = v.union(
  v.literal("active"),
  v.literal("canceled"),
  v.literal("past_due"),
  v.literal("upcoming"),
  v.literal("ended"),
  v.literal("free_trial"),
  v.literal("incomplete"),
  v.literal("abandoned"),
);

/** One plan a person subscribed to, as the processor last told. */
export const vSubscriptionItem = v.object({
  /** The processor's id. */
  itemId: v.string(),
  plan: vPlanId,
  status: vItemStatus,
  periodStartAt: v.number(),
  periodEndAt: v.number(),
  /** Since when a payment is missing. */
  pastDueSinceAt: v.optional(v.number()),
  /** The time of the newest event that was applied: older ones change nothing. */
  eventAt: v.number(),
});

/** The month whose credits a person has. */
export const vCreditPeriod = v.object({
  plan: vPlanId,
  startAt: v.number(),
  endAt: v.number(),
  /** Credits granted for it. */
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
    /** Absent until the person's first month of credits. */
    period: v.optional(vCreditPeriod),
  }).index("by_identity", ["identityId"]),
};
