import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../../convex/_generated/api.js";
import { placeHold, releaseHold, type Subject, settleHold } from "../../convex/usage/holds.ts";
import { type Backend, type Person, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { send } from "../support/chats.ts";
import { eventJson, itemJson, payerJson, signed, WEBHOOK_SECRET } from "../support/clerkEvents.ts";
import { ownerOf, readEntries, readStanding } from "../support/credits.ts";

useBackendEnvironment();

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const SEQUENCES = 2_000;

let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.stubEnv("CLERK_WEBHOOK_SECRET", WEBHOOK_SECRET);
  backend = startBackend();
  ada = await signedIn(backend);
});

const used = (credits: number) => ({ model: "m", amounts: { images: 1 }, source: "provider" as const, credits });

/** Where a call crashes, nothing of it may remain. */
class Crash extends Error {}

async function place(subject: Subject, credits: number, use: "chat" | "image" = "chat", crash = false) {
  const ownerId = await ownerOf(backend);
  return backend.run(async (ctx) => {
    const user = await ctx.db.get("users", ownerId);
    if (user) await placeHold(ctx, { user, subject, use, credits, nowMs: Date.now() });
    if (crash) throw new Crash();
  });
}

const settle = (subject: Subject, credits: number, crash = false) =>
  backend.run(async (ctx) => {
    const settled = await settleHold(ctx, { subject, used: used(credits), nowMs: Date.now() });
    if (crash) throw new Crash();
    return settled;
  });
const release = (subject: Subject, crash = false) =>
  backend.run(async (ctx) => {
    await releaseHold(ctx, { subject, reason: "cancelled", nowMs: Date.now() });
    if (crash) throw new Crash();
  });
const sweep = () => backend.mutation(internal.usage.holds.sweep, {});
const ends = async () => (await readEntries(backend)).filter(({ key }) => key.endsWith(":end"));

describe("a hold", () => {
  it("ends once: a settle after a release changes nothing, nor does a release after a settle", async () => {
    await place("job:1", 50, "image");
    await release("job:1");
    expect(await settle("job:1", 50)).toBeNull();
    await place("job:2", 50, "image");
    expect(await settle("job:2", 30)).toEqual({ credits: 30 });
    await release("job:2");
    expect(await settle("job:2", 30)).toBeNull();
    expect(await readStanding(backend)).toMatchObject({ balance: 1_970, held: 0, spent: 30, openJobs: 0 });
    expect(await ends()).toHaveLength(2);
  });

  it("of a subject that has none can be neither settled nor released", async () => {
    expect(await settle("job:none", 5)).toBeNull();
    await release("job:none");
    expect(await readStanding(backend)).toMatchObject({ balance: 2_000, held: 0 });
  });

  it("that nobody ends is released after the longest time of its work, and looked at once", async () => {
    await place("reply:lost" as Subject, 10);
    await place("job:slow", 20, "image");
    vi.setSystemTime(Date.now() + 14 * MINUTE_MS);
    await sweep();
    expect(await readStanding(backend)).toMatchObject({ held: 30 });
    vi.setSystemTime(Date.now() + 2 * MINUTE_MS);
    await sweep();
    expect(await readStanding(backend)).toMatchObject({ held: 20, openReplies: 0, openJobs: 1 });
    vi.setSystemTime(Date.now() + 120 * MINUTE_MS);
    await sweep();
    await sweep();
    expect(await readStanding(backend)).toMatchObject({ balance: 2_000, held: 0 });
    expect((await ends()).map(({ reason }) => reason)).toEqual(["unsettled", "unsettled"]);
  });

  it("of a reply that is still being written is left to the reply's own end", async () => {
    await send(ada, "Hi");
    const { held } = await readStanding(backend);
    vi.setSystemTime(Date.now() + 20 * MINUTE_MS);
    await sweep();
    expect(await readStanding(backend)).toMatchObject({ held, openReplies: 1 });
    await backend.mutation(internal.messages.leases.endAbandoned, {});
    expect(await readStanding(backend)).toMatchObject({ held: 0, openReplies: 0 });
    expect((await ends()).map(({ kind, reason }) => [kind, reason])).toEqual([["release", "failed"]]);
  });

  it("is found by the sweep although the clock has moved backwards", async () => {
    await place("job:before", 20, "image");
    vi.setSystemTime(Date.now() + 200 * MINUTE_MS);
    await sweep();
    vi.setSystemTime(Date.now() - 190 * MINUTE_MS);
    await place("job:after", 20, "image");
    await sweep();
    vi.setSystemTime(Date.now() + 121 * MINUTE_MS);
    await sweep();
    expect(await readStanding(backend)).toMatchObject({ balance: 2_000, held: 0 });
  });
});

type Step =
  | { do: "hold" | "settle" | "release"; job: number; credits: number; fate: "done" | "twice" | "crash" }
  | { do: "wait"; days: number }
  | { do: "plan"; plan: "plus" | "pro"; again: boolean }
  | { do: "top up"; again: boolean }
  | { do: "refund"; job: number }
  | { do: "adjust"; credits: number }
  | { do: "sweep" }
  | { do: "sign in" };

const job = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("hold" as const, "settle" as const, "release" as const),
      job,
      credits: fc.integer({ min: 0, max: 1_500 }),
      fate: fc.constantFrom("done" as const, "done" as const, "twice" as const, "crash" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), days: fc.integer({ min: -3, max: 40 }) }) },
  fc.record({
    do: fc.constant("plan" as const),
    plan: fc.constantFrom("plus" as const, "pro" as const),
    again: fc.boolean(),
  }),
  fc.record({ do: fc.constant("top up" as const), again: fc.boolean() }),
  fc.record({ do: fc.constant("refund" as const), job }),
  fc.record({ do: fc.constant("adjust" as const), credits: fc.integer({ min: -900, max: 900 }) }),
  fc.constant({ do: "sweep" as const }),
  fc.constant({ do: "sign in" as const }),
);

/** Plays steps against a backend of their own, as their callers would; every step may be refused, none may fail. */
async function play(steps: Step[]): Promise<{ applied: Set<string>; refused: number }> {
  backend = startBackend();
  const ada = await signedIn(backend);
  const applied = new Set<string>();
  let refused = 0;
  const webhook = async (id: string, slug: string, again: boolean) => {
    const startAt = Date.now();
    const item = itemJson({ id, slug, startAt, endAt: startAt + 31 * DAY_MS });
    const message = signed(eventJson("subscriptionItem.active", { ...item, payer: payerJson("user_ada") }), { id });
    applied.add(id);
    const answers = [await backend.fetch("/webhooks/clerk", message)];
    if (again) answers.push(await backend.fetch("/webhooks/clerk", message));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  };
  const work = async ({ do: what, job, credits, fate }: Extract<Step, { fate: string }>) => {
    const once = () => {
      if (what === "hold") return place(`job:${job}`, credits, job % 2 ? "image" : "chat", fate === "crash");
      return what === "settle"
        ? settle(`job:${job}`, credits, fate === "crash")
        : release(`job:${job}`, fate === "crash");
    };
    if (fate !== "crash") return fate === "twice" ? Promise.all([once(), once()]) : once();
    const before = await readEntries(backend);
    await once().catch(() => undefined);
    expect(await readEntries(backend)).toEqual(before);
  };
  const act = async (each: Step, index: number): Promise<unknown> => {
    if (each.do === "hold" || each.do === "settle" || each.do === "release") return work(each);
    if (each.do === "wait") return vi.setSystemTime(Date.now() + each.days * DAY_MS);
    if (each.do === "plan") return webhook(`item-${index}`, each.plan, each.again);
    if (each.do === "top up") return webhook(`item-${index}`, "credits-10000", each.again);
    if (each.do === "sweep") return sweep();
    if (each.do === "sign in") return ada.action(api.account.signIn, {});
    if (each.do === "refund") {
      return backend.mutation(internal.usage.corrections.refund, { subject: `job:${each.job}`, apply: true });
    }
    const given = { identityId: "user_ada", credits: each.credits, requestId: `adjust-${index}`, apply: true };
    return backend.mutation(internal.usage.corrections.adjust, given);
  };
  for (const [index, each] of steps.entries()) {
    try {
      await act(each, index);
    } catch (error) {
      if (!(error as { data?: unknown }).data) throw error;
      refused += 1;
    }
    await readStanding(backend);
  }
  return { applied, refused };
}

describe("whatever happens in whatever order", () => {
  it("entries add up, nothing is negative, holds end once and events count once", async () => {
    let refused = 0;
    const property = fc.asyncProperty(fc.array(step, { maxLength: 16 }), async (steps) => {
      vi.setSystemTime(Date.parse("2027-05-01T00:00:00Z"));
      const played = await play(steps);
      refused += played.refused;
      const entries = await readEntries(backend);
      for (const { after } of entries) {
        const { balance, held, bought, spent, openReplies, openJobs } = after;
        const least = Math.min(balance, held, balance - held, bought, balance - bought, spent, openReplies, openJobs);
        expect(least).toBeGreaterThanOrEqual(0);
      }
      expect(new Set(entries.map(({ key }) => key)).size).toBe(entries.length);
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
      const inbox = await backend.run((ctx) => ctx.db.query("webhookInbox").collect());
      expect(new Set(inbox.map(({ messageId }) => messageId))).toEqual(played.applied);
      expect(inbox).toHaveLength(played.applied.size);
      vi.setSystemTime(Date.parse("2032-01-01T00:00:00Z"));
      await sweep();
      expect(await readStanding(backend)).toMatchObject({ held: 0, openReplies: 0, openJobs: 0 });
    });
    await fc.assert(property, { numRuns: SEQUENCES });
    expect(refused).toBeGreaterThan(0);
  }, 120_000);
});
