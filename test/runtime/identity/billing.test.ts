import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { isBillingType, readBillingNews } from "../../../convex/webhooks/clerkBilling.ts";
import { keptFields } from "../../../convex/webhooks/fields.ts";
import { MovableClock } from "../../../src/runtime/clock.ts";
import { APP_ORIGIN, startTestIdentity, startWebhookEndpoint, tempFolder } from "./support.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const email = "ada@example.com";

async function startBilling(given: { dir?: string; clock?: MovableClock } = {}) {
  const home = await startTestIdentity(given);
  const endpoint = await startWebhookEndpoint();
  home.identity.deliverWebhooksTo(endpoint.url);
  await home.post("/dev/token", { email });
  const events = () => endpoint.received.map(({ text }) => JSON.parse(text)).filter(({ type }) => isBillingType(type));
  const change = async (what: string) => {
    const { body } = await home.post("/dev/billing", { email, change: what });
    return body.items.map(({ plan, status }: { plan: { slug: string }; status: string }) => `${plan.slug} ${status}`);
  };
  return { ...home, change, events };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 400) throw new Error("It did not come to hold");
    await sleep(10);
  }
}

test("an upgrade begins at once, a downgrade at the end of the period", async () => {
  const { change } = await startBilling();
  expect(await change("plus")).toEqual(["plus active"]);
  expect(await change("pro")).toEqual(["plus ended", "pro active"]);
  expect(await change("plus")).toEqual(["plus ended", "pro canceled", "plus upcoming"]);
});

test("every change sends webhooks in which the backend finds what it needs", async () => {
  const { change, events } = await startBilling();
  await change("plus");
  await change("credits-10000");
  await until(() => events().length === 6);
  for (const event of events()) {
    const { type, data, timestamp } = keptFields(event) as { type: string; data: unknown; timestamp: number };
    expect(readBillingNews(type, data, timestamp).identityId).toMatch(/^user_/);
  }
  const types = events().map(({ type }) => type);
  expect(new Set(types)).toEqual(
    new Set(["subscriptionItem.active", "paymentAttempt.updated", "subscription.updated"]),
  );
});

test("periods end by the clock, and those that ended meanwhile are made up for after a restart", async () => {
  const dir = await tempFolder();
  const clock = new MovableClock();
  const before = await startBilling({ dir, clock });
  await before.change("plus");
  await before.identity.close();
  clock.advance(40 * DAY_MS);
  const after = await startBilling({ dir, clock });
  const renewed = () => after.events().find(({ data }) => data.period_start > clock.nowMs() - 15 * DAY_MS);
  await until(() => renewed() !== undefined);
  expect(renewed()).toMatchObject({ type: "subscriptionItem.active", data: { status: "active" } });
});

test("a payment that fails makes the plan past due until it is paid", async () => {
  const { change } = await startBilling();
  await change("plus");
  expect(await change("failPayment")).toEqual(["plus past_due"]);
  expect(await change("pay")).toEqual(["plus active"]);
});

test("the page changes a plan, and pages of others may not", async () => {
  const { identity } = await startBilling();
  const send = (origin: string | null) =>
    fetch(`${identity.url}/billing`, {
      method: "POST",
      headers: origin ? { origin } : {},
      body: new URLSearchParams({ email, change: "plus" }),
    });
  const page = await send(identity.url);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("plus: active")]);
  expect((await send("http://elsewhere.test")).status).toBe(403);
  const script = (origin: string) =>
    fetch(`${identity.url}/dev/billing`, {
      method: "POST",
      headers: { origin, "content-type": "application/json" },
      body: JSON.stringify({ email, change: "pro" }),
    });
  expect((await script("http://elsewhere.test")).status).toBe(403);
  expect((await script(APP_ORIGIN)).status).toBe(200);
});
