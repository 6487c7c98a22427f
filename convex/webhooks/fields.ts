import { holdsCardNumber } from "../../src/shared/cardNumbers.ts";

/*
 * [Note: Webhook fields]
 * A webhook of the billing processor carries names, mail addresses and parts of card numbers. What is kept is told by
 * name: a field that is not listed here does not exist for us, whatever the processor adds tomorrow. Events are read from
 * the kept fields alone, so that what is applied today and what is replayed later is the same.
 */

/** Fields of an event that are kept: opaque ids, states, plans and times. */
const KEPT = new Set([
  ...["type", "timestamp", "data", "id", "object", "status", "deleted"],
  ...["user_id", "organization_id", "payer", "items", "subscription_items", "payment_id", "charge_type"],
  ...["plan", "plan_id", "slug", "is_default", "is_recurring", "plan_period"],
  ...["period_start", "period_end", "past_due_at", "canceled_at", "ended_at", "created_at", "updated_at"],
]);
/** Longest text that can be an id, a state or a slug. */
const MOST_CHARACTERS = 128;
/** Most entries of a list, and most levels. */
const MOST_ITEMS = 50;
const MOST_LEVELS = 6;

/** The fields of an event that may be kept. Pure. */
export function keptFields(value: unknown, level = 0): unknown {
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((each) => keptFields(each, level + 1));
  if (typeof value === "object" && value !== null) {
    if (level === MOST_LEVELS) return null;
    const kept = Object.entries(value).filter(([name]) => KEPT.has(name));
    return Object.fromEntries(kept.map(([name, each]) => [name, keptFields(each, level + 1)]));
  }
  return typeof value === "string" && (value.length > MOST_CHARACTERS || holdsCardNumber(value)) ? null : value;
}

/** The kinds of events that tell about a person's identity. */
export function isUserType(type: string): boolean {
  return type === "user.created" || type === "user.updated" || type === "user.deleted";
}

/** The identity that an event is about, from its kept fields; undefined where they do not say. Pure. */
export function identityOf(type: string, data: unknown): string | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { id, user_id: userId, payer } = data as Record<string, unknown>;
  const payerId = typeof payer === "object" && payer !== null ? (payer as Record<string, unknown>).user_id : undefined;
  const identityId = type.startsWith("user.") ? id : (userId ?? payerId);
  return typeof identityId === "string" && identityId !== "" ? identityId : undefined;
}
