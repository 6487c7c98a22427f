import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import { type Signs, silentSince } from "../../convex/webhooks/silence.ts";
import { PLANS } from "../../src/shared/plans.ts";
import {
  type Backend,
  type Person,
  readMessages,
  refusalOf,
  signedIn,
  startBackend,
  useBackendEnvironment,
} from "../support/backend.ts";
import { say, send } from "../support/chats.ts";
import { eventJson, itemJson, payerJson, signed, WEBHOOK_SECRET } from "../support/clerkEvents.ts";

useBackendEnvironment();

const DAY_MS = 24 * 60 * 60_000;
let backend: Backend;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv("CLERK_WEBHOOK_SECRET", WEBHOOK_SECRET);
  backend = startBackend();
});

const deliver = (message: ReturnType<typeof signed>) => backend.fetch("/webhooks/clerk", message);
const inbox = () => backend.run((ctx) => ctx.db.query("webhookInbox").collect());
const refusals = () => backend.run((ctx) => ctx.db.query("webhookRefusals").collect());

function itemEvent(type: string, given: Partial<Parameters<typeof itemJson>[0]> = {}, timestamp = Date.now()) {
  const startAt = given.startAt ?? Date.now();
  const item = itemJson({ id: "csubi_1", slug: "plus", startAt, endAt: startAt + 31 * DAY_MS, ...given });
  return eventJson(type, { ...item, payer: payerJson("user_ada") }, timestamp);
}

describe("a webhook that is not genuine", () => {
  it.each([
    ["forged", 401, () => signed(itemEvent("subscriptionItem.active"), { secret: "whsec_AAAA" })],
    ["stale", 401, () => signed(itemEvent("subscriptionItem.active"), { atMs: Date.now() - 301_000 })],
    ["from the future", 401, () => signed(itemEvent("subscriptionItem.active"), { atMs: Date.now() + 301_000 })],
    ["changed", 401, () => ({ ...signed(itemEvent("subscriptionItem.active")), body: '{"type":"user.deleted"}' })],
    ["unsigned", 401, () => ({ method: "POST" as const, body: "{}", headers: {} })],
    ["no JSON", 400, () => signed("not json")],
    ["a list", 400, () => signed("[]")],
    ["oversized", 413, () => signed({ type: "user.created", data: "x".repeat(256 * 1024) })],
  ])("(%s) is answered with %i and counted, and leaves nothing else", async (_kind, status, message) => {
    expect((await deliver(message())).status).toBe(status);
    expect(await inbox()).toEqual([]);
    expect(await backend.run((ctx) => ctx.db.query("subscriptions").collect())).toEqual([]);
    expect(await refusals()).toMatchObject([{ count: 1 }]);
  });

  it("is accepted under any secret while they are rotated, and under none where none is set", async () => {
    const old = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
    vi.stubEnv("CLERK_WEBHOOK_SECRET", `${WEBHOOK_SECRET}, ${old}`);
    expect((await deliver(signed(itemEvent("subscriptionItem.active"), { secret: old }))).status).toBe(200);
    expect((await deliver(signed(itemEvent("subscriptionItem.active")))).status).toBe(200);
    vi.stubEnv("CLERK_WEBHOOK_SECRET", "");
    expect((await deliver(signed(itemEvent("subscriptionItem.active")))).status).toBe(503);
  });
});

describe("a genuine webhook", () => {
  let ada: Person;

  beforeEach(async () => {
    ada = await signedIn(backend);
  });

  const me = () => ada.query(api.account.me, {});

  it("has one effect, delivered a hundred times at once", async () => {
    const message = signed(itemEvent("subscriptionItem.active"));
    const answers = await Promise.all(Array.from({ length: 100 }, () => deliver(message)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await inbox()).toHaveLength(1);
    expect(await me()).toMatchObject({
      plan: "plus",
      credits: { balance: PLANS.free.monthlyCredits + PLANS.plus.monthlyCredits },
    });
  });

  it("grants once, however many events tell of the same month", async () => {
    const item = itemEvent("subscriptionItem.active").data;
    const payer = payerJson("user_ada");
    await deliver(signed(itemEvent("subscriptionItem.created")));
    await deliver(signed(eventJson("subscription.active", { id: "csub_1", status: "active", payer, items: [item] })));
    const paid = { id: "cpay_1", status: "paid", charge_type: "checkout", payer, subscription_items: [item] };
    await deliver(signed(eventJson("paymentAttempt.updated", paid)));
    expect(await me()).toMatchObject({
      credits: { balance: PLANS.free.monthlyCredits + PLANS.plus.monthlyCredits },
    });
    expect(await ada.query(api.billing.subscription, {})).toMatchObject({ plan: "plus", payment: { status: "paid" } });
  });

  it("that is older than what is known changes nothing", async () => {
    const nowMs = Date.now();
    await deliver(signed(itemEvent("subscriptionItem.canceled", { status: "canceled" }, nowMs)));
    await deliver(signed(itemEvent("subscriptionItem.active", {}, nowMs - 1_000)));
    const rows = await backend.run((ctx) => ctx.db.query("subscriptions").collect());
    expect(rows[0]?.items).toMatchObject([{ status: "canceled", eventAt: nowMs }]);
  });

  it("that comes before the first sign-in is applied with it", async () => {
    const startAt = Date.now();
    const data = itemJson({ id: "csubi_2", slug: "pro", startAt, endAt: startAt + 31 * DAY_MS });
    await deliver(signed(eventJson("subscriptionItem.active", { ...data, payer: payerJson("user_bob") })));
    const bob = await signedIn(backend, "Bob");
    expect(await bob.query(api.account.me, {})).toMatchObject({
      plan: "pro",
      credits: { balance: expect.any(Number) },
    });
  });

  it("of a missing payment lets credits be spent for a week, then only read, until it is paid", async () => {
    const startAt = Date.now();
    const { threadId } = await say(ada, "Before");
    await deliver(signed(itemEvent("subscriptionItem.active", { startAt })));
    vi.setSystemTime(startAt + DAY_MS);
    const pastDue = { startAt, status: "past_due", pastDueAt: Date.now() };
    await deliver(signed(itemEvent("subscriptionItem.pastDue", pastDue)));
    await say(ada, "In the days of grace", threadId);
    vi.setSystemTime(startAt + 9 * DAY_MS);
    expect(await refusalOf(send(ada, "Too late", threadId))).toBe("restricted");
    expect(await readMessages(ada, threadId)).toHaveLength(4);
    expect(await ada.query(api.billing.subscription, {})).toMatchObject({ plan: "plus", status: "past_due" });
    await deliver(signed(itemEvent("subscriptionItem.active", { startAt })));
    await say(ada, "Paid", threadId);
  });

  it("that tells of a payment counts although a deletion was told of that is still to be confirmed", async () => {
    await deliver(signed(eventJson("user.deleted", { id: "user_ada", deleted: true, object: "user" })));
    expect(await backend.run((ctx) => ctx.db.query("erasureJobs").first())).toMatchObject({ state: "confirming" });
    await deliver(signed(itemEvent("subscriptionItem.active", { id: "csubi_top", slug: "credits-10000" })));
    // The identity provider says that the person is there: the fence is taken away again.
    await backend.run(async ({ db }) => {
      const [job, user] = [await db.query("erasureJobs").first(), await db.query("users").first()];
      await db.delete("erasureJobs", job!._id);
      await db.patch("users", user!._id, { state: "live" });
    });
    await ada.action(api.account.signIn, {});
    expect(await me()).toMatchObject({ credits: { balance: PLANS.free.monthlyCredits + 10_000 } });
  });

  it("that tells of a name counts although a deletion was told of that is still to be confirmed", async () => {
    await deliver(signed(eventJson("user.deleted", { id: "user_ada", deleted: true, object: "user" })));
    const told = { id: "user_ada", first_name: "Augusta", last_name: "King", updated_at: Date.now() };
    await deliver(signed(eventJson("user.updated", told)));
    expect(await backend.run(({ db }) => db.query("users").first())).toMatchObject({
      state: "erasing",
      name: "Augusta King",
    });
  });

  it("adds what was bought once, and it does not expire", async () => {
    const item = itemEvent("subscriptionItem.active", { id: "csubi_top", slug: "credits-10000" });
    await deliver(signed(item));
    await deliver(signed(item));
    expect(await me()).toMatchObject({ plan: "free", credits: { balance: PLANS.free.monthlyCredits + 10_000 } });
    vi.setSystemTime(Date.now() + 32 * DAY_MS);
    await ada.action(api.account.signIn, {});
    const history = await ada.query(api.usage.history, { paginationOpts: { numItems: 10, cursor: null } });
    expect(history.page.map(({ kind, credits }) => ({ kind, credits }))).toEqual([
      { kind: "grant", credits: PLANS.free.monthlyCredits },
      { kind: "expire", credits: -PLANS.free.monthlyCredits },
      { kind: "grant", credits: 10_000 },
      { kind: "grant", credits: PLANS.free.monthlyCredits },
    ]);
  });

  it.each([
    ["of an unknown type", () => eventJson("session.created", { id: "sess_1" })],
    ["with an unknown plan", () => itemEvent("subscriptionItem.active", { slug: "platinum" })],
    ["whose shape has drifted", () => eventJson("subscriptionItem.active", { itemId: 7 })],
    ["whose times are no times", () => itemEvent("subscriptionItem.active", { startAt: -1, endAt: 0.5 })],
    ["whose period ends before it starts", () => itemEvent("subscriptionItem.active", { startAt: 5, endAt: 4 })],
    ["of an organization", () => eventJson("subscription.active", { payer: { organization_id: "org_1" }, items: [] })],
  ])("%s is kept, parked and shown to operators", async (_kind, event) => {
    const before = await me();
    const answer = await deliver(signed(event(), { id: "msg_odd" }));
    expect([answer.status, await answer.json()]).toEqual([200, { state: "parked" }]);
    expect(await inbox()).toMatchObject([{ messageId: "msg_odd", state: "parked", reason: expect.any(String) }]);
    const { parked } = await backend.query(internal.webhooks.inbox.overview, {});
    expect(parked).toMatchObject([{ messageId: "msg_odd" }]);
    expect(await me()).toEqual(before);
  });

  it("that was parked can be applied again once it is understood", async () => {
    await deliver(signed(itemEvent("subscriptionItem.active"), { id: "msg_1" }));
    await backend.run(async (ctx) => {
      const [row] = await ctx.db.query("webhookInbox").collect();
      if (row) await ctx.db.patch("webhookInbox", row._id, { state: "parked", reason: "The plan is unknown" });
    });
    const replay = (apply: boolean) => backend.mutation(internal.webhooks.inbox.replay, { messageId: "msg_1", apply });
    expect(await replay(false)).toMatchObject({ state: "parked" });
    expect(await replay(true)).toMatchObject({ state: "applied" });
    expect(await inbox()).toMatchObject([{ state: "applied" }]);
    expect((await inbox())[0]).not.toHaveProperty("reason");
  });

  it("[A1] [B3] leaves neither names, addresses nor cards in the inbox", async () => {
    const data = {
      ...itemEvent("subscriptionItem.active").data,
      payment_source: { card_type: "visa", last4: "4242", number: "4242 4242 4242 4242" },
      status: "4242424242424242",
    };
    await deliver(signed(eventJson("subscriptionItem.active", data)));
    await deliver(
      signed(eventJson("user.created", { id: "user_ada", email_addresses: [{ email_address: "a@b.test" }] })),
    );
    const kept = JSON.stringify(await inbox());
    // A few digits alone may be part of a time.
    const paid = ['"4242"', "4242 4242", "42424242", "visa", '"10.00"'];
    for (const word of ["Ada", "Lovelace", "mail.test", "img.test", "b.test", ...paid]) {
      expect(kept).not.toContain(word);
    }
    expect(kept).toContain("csubi_1");
  });

  it("is deleted thirty days after it came", async () => {
    await deliver(signed(itemEvent("subscriptionItem.active")));
    await deliver(signed("[]"));
    await backend.mutation(internal.webhooks.inbox.sweep, {});
    expect(await inbox()).toHaveLength(1);
    vi.setSystemTime(Date.now() + 32 * DAY_MS);
    await backend.mutation(internal.webhooks.inbox.sweep, {});
    expect([await inbox(), await refusals()]).toEqual([[], []]);
  });
});

describe("a sender that falls silent", () => {
  const MINUTE_MS = 60_000;
  const nowMs = 100 * DAY_MS;
  const known = (signs: Partial<Signs>) => ({
    lastReceivedAt: nowMs,
    newestAccountAt: null,
    newestUseAt: nowMs,
    ...signs,
  });
  const ago = (ms: number) => nowMs - ms;

  it.each<[string, Partial<Signs>, number | null]>([
    ["nobody is here", { lastReceivedAt: null, newestUseAt: null }, null],
    ["it has just been heard", {}, null],
    ["it was heard within five days of the last use", { lastReceivedAt: ago(5 * DAY_MS) }, null],
    ["people use their accounts five days later", { lastReceivedAt: ago(5 * DAY_MS + 1) }, ago(5 * DAY_MS + 1)],
    ["nobody has used theirs since", { lastReceivedAt: ago(9 * DAY_MS), newestUseAt: ago(8 * DAY_MS) }, null],
    ["an account is new", { lastReceivedAt: ago(DAY_MS), newestAccountAt: ago(44 * MINUTE_MS) }, null],
    ["it told of the account before", { lastReceivedAt: ago(DAY_MS + MINUTE_MS), newestAccountAt: ago(DAY_MS) }, null],
    ["it told of no sign-up", { lastReceivedAt: ago(DAY_MS), newestAccountAt: ago(45 * MINUTE_MS) }, ago(DAY_MS)],
    ["it was never heard", { lastReceivedAt: null, newestAccountAt: ago(DAY_MS) }, ago(DAY_MS)],
  ])("is noticed as it should be where %s", (_where, signs, since) => {
    expect(silentSince(known(signs), nowMs)).toBe(since);
  });

  it("is dated in an alert within the hour, until it is heard again", async () => {
    const alerts = vi.spyOn(console, "error").mockImplementation(() => {});
    const listen = () => backend.mutation(internal.webhooks.silence.listen, {});
    const madeAt = new Date(Date.now());
    await signedIn(backend);
    await listen();
    expect(alerts).not.toHaveBeenCalled();
    vi.setSystemTime(Date.now() + 46 * MINUTE_MS);
    await listen();
    expect(alerts.mock.calls).toEqual([[expect.stringContaining(`since ${madeAt.toISOString().slice(0, 16)}`)]]);
    await deliver(signed(eventJson("user.updated", { id: "user_ada", updated_at: Date.now() }, Date.now())));
    await listen();
    expect(alerts).toHaveBeenCalledTimes(1);
  });
});
