import { v } from "convex/values";
import { PLANS } from "../src/shared/plans.ts";
import { loadSubscription } from "./billing/months.ts";
import { PAST_DUE_GRACE_MS, runningItem } from "./billing/periods.ts";
import { vPayment, vPlanId, vSubscriptionItem } from "./billing/schema.ts";
import { viewerQuery } from "./lib/functions.ts";

/** The plans there are, the free one first. */
export const plans = viewerQuery({
  args: {},
  returns: v.array(
    v.object({
      id: vPlanId,
      label: v.string(),
      monthlyCredits: v.number(),
      monthlyCents: v.number(),
      openReplies: v.number(),
      openJobs: v.number(),
    }),
  ),
  handler: async () =>
    Object.values(PLANS).map(({ id, label, monthlyCredits, monthlyCents, openReplies, openJobs }) => ({
      id,
      label,
      monthlyCredits,
      monthlyCents,
      openReplies,
      openJobs,
    })),
});

/** The caller's plan as the billing processor last told it. A person who never paid is on the free one. */
export const subscription = viewerQuery({
  args: {},
  returns: v.object({
    plan: vPlanId,
    /** How the item of that plan stands; null on the free plan. */
    status: v.union(vSubscriptionItem.fields.status, v.null()),
    periodStartAt: v.union(v.number(), v.null()),
    periodEndAt: v.union(v.number(), v.null()),
    /** Until when credits can be spent although a payment is missing; null where none is. */
    graceEndsAt: v.union(v.number(), v.null()),
    payment: v.union(v.object({ status: vPayment.fields.status, at: v.number() }), v.null()),
  }),
  handler: async (ctx) => {
    const row = await loadSubscription(ctx.db, ctx.viewer.user.identityId);
    const plan = row?.period?.plan ?? "free";
    const item = runningItem(row?.items ?? [], plan);
    return {
      plan,
      status: item?.status ?? null,
      periodStartAt: row?.period?.startAt ?? null,
      periodEndAt: row?.period?.endAt ?? null,
      graceEndsAt: item?.status === "past_due" ? (item.pastDueSinceAt ?? item.eventAt) + PAST_DUE_GRACE_MS : null,
      payment: row?.payment ? { status: row.payment.status, at: row.payment.eventAt } : null,
    };
  },
});
