import { PLANS, type Plan } from "../../src/shared/plans.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { enter } from "../usage/entries.ts";
import { currentMonth } from "./periods.ts";

/**
 * Makes sure that a person's month of credits is the present one: where another has begun, what is left of the last one's
 * grant expires and the new one is granted. Gives the plan that applies.
 */
export async function openMonth(ctx: MutationCtx, user: Doc<"users">, nowMs: number): Promise<Plan> {
  const subscription = await loadSubscription(ctx.db, user.identityId);
  const period = subscription?.period;
  if (period && period.startAt <= nowMs && nowMs < period.endAt) return PLANS[period.plan];
  const next = currentMonth(subscription?.items ?? [], nowMs);
  const { identityId, _id: ownerId } = user;
  const occasion = { ownerId, nowMs };
  const name = `${ownerId}:month:${next.startAt}`;
  await enter(ctx, { ...occasion, key: `${name}:expire`, reason: "period_end" }, () => ({ kind: "expire" }));
  await enter(ctx, { ...occasion, key: `${name}:grant`, reason: "plan" }, () => ({
    kind: "grant",
    credits: next.granted,
    bought: false,
  }));
  if (subscription) await ctx.db.patch("subscriptions", subscription._id, { period: next });
  else await ctx.db.insert("subscriptions", { identityId, items: [], period: next });
  return PLANS[next.plan];
}

/** The mirror of a person's subscription, or null before their first month. */
export function loadSubscription(db: QueryCtx["db"], identityId: string): Promise<Doc<"subscriptions"> | null> {
  return db
    .query("subscriptions")
    .withIndex("by_identity", (q) => q.eq("identityId", identityId))
    .unique();
}
