import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addMonths, type Item, nextOpening, type Period, unpaidSince, withItem } from "../../convex/billing/periods.ts";
import { PLANS } from "../../src/shared/plans.ts";

const DAY_MS = 24 * 60 * 60_000;
const at = (date: string) => Date.parse(`${date}T00:00:00Z`);
const anchorAt = at("2026-01-01");

function item(given: Partial<Item>): Item {
  const periodStartAt = given.periodStartAt ?? anchorAt;
  const periodEndAt = addMonths(periodStartAt, 1);
  return { itemId: "i1", plan: "plus", status: "active", periodStartAt, periodEndAt, eventAt: periodStartAt, ...given };
}

/** Opens months as events arrive and time goes on; gives what was granted by each opening. */
function open(state: { items: Item[]; period: Period | null }, nowMs: number) {
  const opening = nextOpening({ ...state, anchorAt }, nowMs);
  return { items: state.items, period: opening?.period ?? state.period, opening };
}

describe("months of credits", () => {
  it.each([
    ["2026-01-31", 1, "2026-02-28"],
    ["2024-01-31", 1, "2024-02-29"],
    ["2026-01-31", 2, "2026-03-31"],
    ["2026-12-15", 1, "2027-01-15"],
    ["2026-03-29", 12, "2027-03-29"],
  ])("%s and %i months is %s", (from, count, to) => {
    expect(addMonths(at(from), count)).toBe(at(to));
  });

  it("are free without a subscription, and begin anew when one is over", () => {
    const first = open({ items: [], period: null }, anchorAt);
    expect(first.opening).toMatchObject({ credits: PLANS.free.monthlyCredits, isNew: true });
    expect(nextOpening({ ...first, anchorAt }, at("2026-01-31"))).toBeNull();
    const later = open(first, at("2026-05-10"));
    expect(later.opening).toMatchObject({ credits: PLANS.free.monthlyCredits, isNew: true });
    expect(later.period).toMatchObject({ startAt: at("2026-05-01"), endAt: at("2026-06-01") });
  });

  it("of a paid plan come on top of the free ones", () => {
    const free = open({ items: [], period: null }, anchorAt);
    const nowMs = at("2026-01-16");
    const plus = open({ ...free, items: [item({ periodStartAt: nowMs })] }, nowMs);
    expect(plus.opening).toMatchObject({ credits: PLANS.plus.monthlyCredits, isNew: false });
    expect(plus.period).toMatchObject({ plan: "plus", endAt: at("2026-02-16") });
  });

  it("grant an upgrade the difference for the time that was paid for twice", () => {
    const plus = open({ items: [item({})], period: null }, anchorAt);
    const nowMs = at("2026-01-16");
    const pro = item({ itemId: "i2", plan: "pro", periodStartAt: nowMs, periodEndAt: at("2026-02-01") });
    const { opening } = open({ ...plus, items: [item({}), pro] }, nowMs);
    const share = 16 / 31;
    const difference = PLANS.pro.monthlyCredits * share - PLANS.plus.monthlyCredits * share;
    expect(opening?.isNew).toBe(false);
    // The part of a month that begins on 16 January is measured by that month, which has 31 days too.
    expect(opening?.credits).toBeCloseTo(difference, -1);
  });

  it("keep a plan that was cancelled until the end of what was paid for, and are free after", () => {
    const plus = open({ items: [item({})], period: null }, anchorAt);
    const cancelled = { ...plus, items: [item({ status: "canceled", eventAt: anchorAt + 1 })] };
    expect(nextOpening({ ...cancelled, anchorAt }, at("2026-01-20"))).toBeNull();
    expect(open(cancelled, at("2026-02-01")).period).toMatchObject({ plan: "free", startAt: at("2026-02-01") });
  });

  it("of a smaller plan begin when those of the larger one are over", () => {
    const pro = open({ items: [item({ plan: "pro" })], period: null }, anchorAt);
    const items = [
      item({ plan: "pro", status: "canceled" }),
      item({ itemId: "i2", status: "upcoming", periodStartAt: at("2026-02-01") }),
    ];
    expect(nextOpening({ ...pro, items, anchorAt }, at("2026-01-20"))).toBeNull();
    const begun = [items[0] as Item, { ...(items[1] as Item), status: "active" as const }];
    expect(open({ ...pro, items: begun }, at("2026-02-01")).opening).toMatchObject({
      credits: PLANS.plus.monthlyCredits,
      isNew: true,
      period: { plan: "plus" },
    });
  });

  it("of a year that was paid for are twelve", () => {
    const items = [item({ periodEndAt: addMonths(anchorAt, 12) })];
    let state = { items, period: null as Period | null };
    const granted = [];
    for (let nowMs = anchorAt; nowMs < at("2027-01-01"); nowMs += DAY_MS) {
      const { opening, ...next } = open(state, nowMs);
      if (opening) granted.push(opening.credits);
      state = next;
    }
    expect(granted).toEqual(Array.from({ length: 12 }, () => PLANS.plus.monthlyCredits));
  });

  it("wait for a renewal whose webhook is late, and for a payment that is missing", () => {
    const plus = open({ items: [item({})], period: null }, anchorAt);
    expect(nextOpening({ ...plus, anchorAt }, at("2026-02-02"))).toBeNull();
    expect(open(plus, at("2026-02-05")).period).toMatchObject({ plan: "free" });
    const unpaid = item({ status: "past_due", periodStartAt: at("2026-02-01"), pastDueSinceAt: at("2026-02-01") });
    expect(nextOpening({ ...plus, items: [unpaid], anchorAt }, at("2026-02-20"))).toBeNull();
    expect(unpaidSince([unpaid], at("2026-02-07"))).toBeNull();
    expect(unpaidSince([unpaid], at("2026-02-08"))).toBe(at("2026-02-01"));
  });

  describe("in whatever order events arrive, once or often", () => {
    const nowMs = at("2026-01-20");
    const planOf = { a: "plus", b: "pro", c: "plus" } as const;

    /** Events about three items, and the same events twice in another order. An item's time is fixed by its first. */
    function arrivals(statuses: Item["status"][]) {
      const told = fc.record({
        itemId: fc.constantFrom("a", "b", "c"),
        startDay: fc.integer({ min: 0, max: 24 }),
        status: fc.constantFrom(...statuses),
        eventAt: fc.nat(9),
      });
      return fc.tuple(fc.array(told, { maxLength: 8 }), fc.infiniteStream(fc.nat())).map(([drawn, order]) => {
        const startOf = new Map(drawn.map(({ itemId, startDay }) => [itemId, anchorAt + startDay * DAY_MS]));
        const events = drawn.map(({ itemId, status, eventAt }) =>
          item({ itemId, plan: planOf[itemId], status, eventAt, periodStartAt: startOf.get(itemId) }),
        );
        const placed = [...events, ...events].map((event) => ({ event, place: order.next().value }));
        return { events, other: placed.sort((a, b) => a.place - b.place).map(({ event }) => event) };
      });
    }

    function arrive(events: Item[]) {
      const free = { ...open({ items: [], period: null }, nowMs), credits: 0 };
      return events.reduce((state, event) => {
        const next = open({ ...state, items: withItem(state.items, event, nowMs) }, nowMs);
        return { ...next, credits: state.credits + (next.opening?.credits ?? 0) };
      }, free);
    }

    it("the newest word about each item is what is known", () => {
      const property = fc.property(arrivals(["upcoming", "active", "past_due", "canceled", "ended"]), (drawn) => {
        expect(arrive(drawn.other).items).toEqual(arrive(drawn.events).items);
      });
      fc.assert(property, { numRuns: 1_000 });
    });

    it("the month and its credits are the same", () => {
      const property = fc.property(arrivals(["active", "canceled", "ended"]), (drawn) => {
        const [one, other] = [arrive(drawn.events), arrive(drawn.other)];
        expect(other.period).toEqual(one.period);
        expect(other.credits).toBe(one.credits);
      });
      fc.assert(property, { numRuns: 1_000 });
    });
  });
});
