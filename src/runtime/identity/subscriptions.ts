/** The subscriptions of the billing stand-in, decided without effects, and how Clerk's webhooks show them. */
import { PLANS, type PlanId } from "../../shared/plans.ts";
import { TOP_UPS } from "../../shared/topUps.ts";
import { fullName, type User } from "./users.ts";

export type ItemStatus = "upcoming" | "active" | "past_due" | "canceled" | "ended";

/** One plan, or one purchase, of one person. */
export interface SubscriptionItem {
  id: string;
  userId: string;
  slug: string;
  status: ItemStatus;
  periodStartMs: number;
  periodEndMs: number;
  pastDueAtMs: number | null;
  createdAtMs: number;
}

/** What a person can do on the billing page. */
export type BillingChange = PlanId | "failPayment" | "pay" | keyof typeof TOP_UPS;

/** The items after a change, those it touched, and whether it was paid for. */
export interface Changed {
  items: SubscriptionItem[];
  touched: SubscriptionItem[];
  payment: "paid" | "failed" | null;
}

interface Circumstances {
  userId: string;
  nowMs: number;
  newId: () => string;
}

/** Decides what a change does: upgrades and purchases at once, everything smaller at the end of the period. */
export function applyChange(items: SubscriptionItem[], change: BillingChange, here: Circumstances): Changed {
  const running = items.find(({ status }) => status === "active" || status === "past_due");
  if (change === "failPayment") return touch(items, [running && overdue(running, here.nowMs)], "failed");
  if (change === "pay") return touch(items, [running && { ...running, status: "active", pastDueAtMs: null }], "paid");
  if (!(change in PLANS)) return touch(items, [newItem(change, here.nowMs, here)], "paid");
  const rank = (slug: string) => PLANS[slug as PlanId].rank;
  if (running?.slug === change) return touch(items, [], null);
  if (!running || rank(change) > rank(running.slug)) {
    return touch(items, [running && { ...running, status: "ended" }, newItem(change, here.nowMs, here)], "paid");
  }
  const next: SubscriptionItem | undefined =
    change === "free" ? undefined : { ...newItem(change, running.periodEndMs, here), status: "upcoming" };
  return touch(items, [{ ...running, status: "canceled" }, next], null);
}

/** What the end of an item's period does to it; null while it runs. An active one is renewed. */
export function atPeriodEnd(item: SubscriptionItem, nowMs: number): SubscriptionItem | null {
  if (item.status === "upcoming") return item.periodStartMs <= nowMs ? { ...item, status: "active" } : null;
  if (item.periodEndMs > nowMs) return null;
  if (item.status === "canceled") return { ...item, status: "ended" };
  if (item.status !== "active") return null;
  if (item.slug in TOP_UPS) return { ...item, status: "ended" };
  return { ...item, periodStartMs: item.periodEndMs, periodEndMs: monthLater(item.periodEndMs) };
}

/** When time will next change an item, or null where it never does. */
export function nextTurnMs({ status, periodStartMs, periodEndMs }: SubscriptionItem): number | null {
  if (status === "upcoming") return periodStartMs;
  return status === "active" || status === "canceled" ? periodEndMs : null;
}

function touch(
  items: SubscriptionItem[],
  touched: (SubscriptionItem | undefined)[],
  payment: Changed["payment"],
): Changed {
  const changed = touched.filter((item) => item !== undefined);
  const untouched = items.filter(({ id }) => !changed.some((item) => item.id === id));
  return { items: [...untouched, ...changed], touched: changed, payment: changed.length > 0 ? payment : null };
}

function overdue(item: SubscriptionItem, nowMs: number): SubscriptionItem {
  return { ...item, status: "past_due", pastDueAtMs: nowMs };
}

function newItem(slug: string, periodStartMs: number, { userId, nowMs, newId }: Circumstances): SubscriptionItem {
  const periodEndMs = monthLater(periodStartMs);
  return {
    id: newId(),
    userId,
    slug,
    status: "active",
    periodStartMs,
    periodEndMs,
    pastDueAtMs: null,
    createdAtMs: nowMs,
  };
}

function monthLater(atMs: number): number {
  const at = new Date(atMs);
  const day = at.getUTCDate();
  at.setUTCMonth(at.getUTCMonth() + 1);
  if (at.getUTCDate() !== day) at.setUTCDate(0);
  return at.getTime();
}

/** The event that tells of an item's present state, such as `subscriptionItem.active`. */
export function itemEvent({ status }: SubscriptionItem): string {
  return `subscriptionItem.${status === "past_due" ? "pastDue" : status}`;
}

/** An item as Clerk's webhooks carry it. */
export function itemJson(item: SubscriptionItem) {
  const amount = money(centsOf(item.slug));
  return {
    object: "commerce_subscription_item",
    id: item.id,
    status: item.status,
    plan_period: "month",
    period_start: item.periodStartMs,
    period_end: item.periodEndMs,
    past_due_at: item.pastDueAtMs ?? undefined,
    amount,
    plan_id: `cplan_${item.slug}`,
    plan: {
      id: `cplan_${item.slug}`,
      name: item.slug,
      slug: item.slug,
      is_default: false,
      is_recurring: !(item.slug in TOP_UPS),
      amount: amount.amount,
      currency: "USD",
      period: "month",
    },
  };
}

/** Who pays, as Clerk's webhooks carry it. */
export function payerJson(user: User) {
  const { id, email, firstName, lastName, createdAtMs } = user;
  return {
    object: "commerce_payer",
    id: `cpayer_${id}`,
    user_id: id,
    first_name: firstName,
    last_name: lastName,
    name: fullName(user),
    email,
    created_at: createdAtMs,
  };
}

/** A payment attempt as Clerk's webhooks carry it. */
export function paymentJson(id: string, user: User, status: "paid" | "failed", items: SubscriptionItem[]) {
  const cents = items.reduce((sum, { slug }) => sum + centsOf(slug), 0);
  return {
    object: "commerce_payment_attempt",
    id,
    payment_id: id.replace("cpatt_", "cpay_"),
    status,
    charge_type: "checkout",
    payer: payerJson(user),
    totals: { subtotal: money(cents), tax_total: money(0), grand_total: money(cents) },
    payment_source: { id: "cpsrc_demo", gateway: "stand-in", payment_method: "card", status: "active" },
    subscription_items: items.map(itemJson),
  };
}

function centsOf(slug: string): number {
  return TOP_UPS[slug]?.cents ?? PLANS[slug as PlanId].monthlyCents;
}

function money(cents: number) {
  return { amount: cents, amount_formatted: (cents / 100).toFixed(2), currency: "USD", currency_symbol: "$" };
}
