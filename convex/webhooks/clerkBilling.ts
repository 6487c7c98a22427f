import { PLAN_IDS, type PlanId } from "../../src/shared/plans.ts";
import { TOP_UPS } from "../../src/shared/topUps.ts";
import type { Doc } from "../_generated/dataModel.js";
import { type Item } from "../billing/periods.ts";
import { ITEM_STATUSES } from "../billing/schema.ts";

type Subscription = Doc<"subscriptions">;

/** What an event of Clerk's billing tells about one person. */
export interface BillingNews {
  identityId: string;
  items: Item[];
  topUps: Subscription["topUps"];
  payment?: NonNullable<Subscription["payment"]>;
}

/** Why an event is kept and not applied. */
export class ParkedError extends Error {
  override readonly name = "ParkedError";
}

/** The kinds of events that tell about subscriptions. */
export function isBillingType(type: string): boolean {
  return /^(subscription|subscriptionItem|paymentAttempt)\./u.test(type);
}

/**
 * Reads what a billing event tells, from its kept fields: the shapes are Clerk's `BillingSubscriptionWebhookEventJSON`,
 * `BillingSubscriptionItemWebhookEventJSON` and `BillingPaymentAttemptWebhookEventJSON`. Pure. Throws a ParkedError that
 * says which field is not as it should be, or whose plan is unknown.
 */
export function readBillingNews(type: string, data: unknown, eventAt: number): BillingNews {
  const fields = record("data", data);
  const payer = record("data.payer", fields.payer);
  if (payer.user_id === undefined && payer.organization_id !== undefined) {
    throw new ParkedError("The payer is an organization");
  }
  const identityId = text("data.payer.user_id", payer.user_id);
  const sold = soldItems(type, fields).map((item, index) => record(`item ${index}`, item));
  const isPaid = !type.startsWith("paymentAttempt.") || fields.status === "paid";
  return {
    identityId,
    items: sold.flatMap((item) => (isTopUp(item) ? [] : readItem(item, eventAt))),
    topUps: isPaid ? sold.flatMap(readTopUp) : [],
    payment: type.startsWith("paymentAttempt.") ? readPayment(fields, eventAt) : undefined,
  };
}

function soldItems(type: string, fields: Fields): unknown[] {
  if (type.startsWith("subscriptionItem.")) return [fields];
  const [name, value] = type.startsWith("subscription.")
    ? ["data.items", fields.items]
    : ["data.subscription_items", fields.subscription_items];
  if (!Array.isArray(value)) throw new ParkedError(`${name} is no list`);
  return value;
}

/** The default plan is free: it is what applies where no other does, so it needs no item. */
function readItem(item: Fields, eventAt: number): Item[] {
  const plan = record("plan", item.plan);
  if (plan.is_default === true) return [];
  const status = ITEM_STATUSES.find((known) => known === item.status);
  if (!status) throw new ParkedError("The status of an item is unknown");
  const periodStartAt = time("period_start", item.period_start);
  const periodEndAt = time("period_end", item.period_end);
  if (periodEndAt < periodStartAt) throw new ParkedError("The period of an item ends before it starts");
  const pastDueSinceAt = item.past_due_at ? time("past_due_at", item.past_due_at) : undefined;
  const itemId = text("id", item.id);
  return [{ itemId, plan: knownPlan(plan.slug), status, periodStartAt, periodEndAt, pastDueSinceAt, eventAt }];
}

function isTopUp({ plan }: Fields): boolean {
  return typeof plan === "object" && plan !== null && Object.hasOwn(TOP_UPS, String((plan as Fields).slug));
}

function readTopUp(item: Fields): Subscription["topUps"] {
  const topUp = isTopUp(item) ? TOP_UPS[String((item.plan as Fields).slug)] : undefined;
  if (!topUp || item.status !== "active") return [];
  return [{ itemId: text("id", item.id), credits: topUp.credits }];
}

function readPayment(fields: Fields, eventAt: number): NonNullable<Subscription["payment"]> {
  const status = (["pending", "paid", "failed"] as const).find((known) => known === fields.status);
  if (!status) throw new ParkedError("The status of a payment is unknown");
  return { paymentId: text("data.id", fields.id), status, eventAt };
}

function knownPlan(slug: unknown): PlanId {
  const plan = PLAN_IDS.find((id) => id === slug);
  if (!plan) throw new ParkedError("The plan is unknown");
  return plan;
}

type Fields = Record<string, unknown>;

function record(name: string, value: unknown): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new ParkedError(`${name} is no object`);
}

function text(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new ParkedError(`${name} is no text`);
}

/** Milliseconds since the epoch, within the years a Date can be a month of. */
function time(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 253_402_300_800_000) {
    return value as number;
  }
  throw new ParkedError(`${name} is no time`);
}
