import { Webhook } from "svix";

/** The secret of the webhooks that tests send, in Svix's form. */
export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(24, 5).toString("base64")}`;

/** A subscription item as Clerk's webhooks carry it, with all that must not be kept. */
export function itemJson(given: {
  id: string;
  slug: string;
  status?: string;
  startAt: number;
  endAt: number;
  pastDueAt?: number;
}) {
  const { id, slug, status = "active", startAt, endAt, pastDueAt } = given;
  return {
    object: "commerce_subscription_item",
    id,
    status,
    plan_period: "month",
    period_start: startAt,
    period_end: endAt,
    past_due_at: pastDueAt,
    lifetime_paid: 1_000,
    amount: { amount: 1_000, amount_formatted: "10.00", currency: "USD", currency_symbol: "$" },
    plan: {
      id: `cplan_${slug}`,
      name: slug,
      slug,
      is_default: slug === "free_user",
      is_recurring: true,
      amount: 1_000,
    },
    plan_id: `cplan_${slug}`,
  };
}

/** A payer as Clerk's webhooks carry it. */
export function payerJson(identityId: string) {
  return {
    object: "commerce_payer",
    id: "cpayer_1",
    instance_id: "ins_1",
    user_id: identityId,
    first_name: "Ada",
    last_name: "Lovelace",
    email: "ada.lovelace@mail.test",
    image_url: "https://img.test/ada.png",
    created_at: 1,
    updated_at: 1,
  };
}

/** A webhook's body and headers as Svix sends them. */
export function signed(
  event: object | string,
  { id = `msg_${crypto.randomUUID()}`, secret = WEBHOOK_SECRET, atMs = Date.now() } = {},
): { method: "POST"; body: string; headers: Record<string, string> } {
  const body = typeof event === "string" ? event : JSON.stringify(event);
  const sentAt = new Date(atMs);
  return {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "svix-id": id,
      "svix-timestamp": String(Math.floor(atMs / 1000)),
      "svix-signature": new Webhook(secret).sign(id, sentAt, body),
    },
  };
}

/** The envelope of an event. */
export function eventJson(type: string, data: object, timestamp = Date.now()) {
  return { object: "event", type, data, timestamp, instance_id: "ins_1" };
}
