import { PLANS, type Plan } from "../../src/shared/plans.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { refusal } from "../lib/errors.ts";
import { enter } from "../usage/entries.ts";
import { nextOpening, type Opening, unpaidSince } from "./periods.ts";

type Subscription = Doc<"subscriptions">;

/** The mirror of a person's subscription, or null before their first month. */
export function loadSubscription(db: QueryCtx["db"], identityId: string): Promise<Subscription | null> {
  return db
    .query("subscriptions")
    .withIndex("by_identity", (q) => q.eq("identityId", identityId))
    .unique();
}

/** The mirror of a person's subscription, made empty where there is none. */
export async function ensureSubscription(ctx: MutationCtx, identityId: string): Promise<Subscription> {
  const found = await loadSubscription(ctx.db, identityId);
  if (found) return found;
  await ctx.db.insert("subscriptions", { identityId, items: [], topUps: [] });
  return ensureSubscription(ctx, identityId);
}

/** How many times as fast as on the free plan a person may do what costs no credits. One read. */
export async function rateFactorOf(db: QueryCtx["db"], identityId: string): Promise<number> {
  const subscription = await loadSubscription(db, identityId);
  return PLANS[subscription?.period?.plan ?? "free"].rateFactor;
}

/** The plan under which a person may spend now. Throws `restricted` where a payment has been missing for too long. */
export async function planToSpendUnder(ctx: MutationCtx, user: Doc<"users">, nowMs: number): Promise<Plan> {
  const { items, period } = await openMonth(ctx, user, nowMs);
  if (unpaidSince(items, nowMs) !== null) {
    throw refusal("restricted", "A payment is missing: your chats can be read, but no credits spent until it is made.");
  }
  return PLANS[period?.plan ?? "free"];
}

/**
 * Makes sure that a person's month of credits is the present one: where another has begun, what is left of the last
 * one's grants expires; what the month is worth and was not granted yet is granted, and so is what was bought. Costs one
 * read where all is as it should be. See [Note: Months of credits].
 */
export async function openMonth(ctx: MutationCtx, user: Doc<"users">, nowMs: number): Promise<Subscription> {
  const subscription = await ensureSubscription(ctx, user.identityId);
  const { items, topUps, period = null, anchorAt = nowMs } = subscription;
  const opening = nextOpening({ items, period, anchorAt }, nowMs);
  if (!opening && topUps.length === 0) return subscription;
  if (opening) await enterMonth(ctx, user, { opening, last: period, nowMs });
  for (const topUp of topUps) await enterTopUp(ctx, user, topUp, nowMs);
  const changed = { topUps: [], anchorAt, period: opening?.period ?? subscription.period };
  await ctx.db.patch("subscriptions", subscription._id, changed);
  return { ...subscription, ...changed };
}

async function enterMonth(
  ctx: MutationCtx,
  { _id: ownerId }: Doc<"users">,
  { opening, last, nowMs }: { opening: Opening; last: Subscription["period"] | null; nowMs: number },
): Promise<void> {
  const { period, credits, isNew } = opening;
  if (last && isNew) {
    const key = `month:${ownerId}:${last.endAt}:end`;
    await enter(ctx, { ownerId, key, reason: "period_end", nowMs }, () => ({ kind: "expire" }));
  }
  if (credits === 0) return;
  const key = `month:${ownerId}:${period.plan}:${period.startAt}:${period.granted}`;
  const reason = last && !isNew ? "upgrade" : "plan";
  await enter(ctx, { ownerId, key, reason, nowMs }, () => ({ kind: "grant", credits, bought: false }));
}

async function enterTopUp(
  ctx: MutationCtx,
  { _id: ownerId }: Doc<"users">,
  { itemId, credits }: Subscription["topUps"][number],
  nowMs: number,
): Promise<void> {
  const occasion = { ownerId, key: `topUp:${itemId}`, reason: "top_up" as const, nowMs };
  await enter(ctx, occasion, () => ({ kind: "grant", credits, bought: true }));
}
