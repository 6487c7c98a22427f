import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY, type Hold, type Posting, post, type Standing, spentOn } from "../../convex/usage/ledger.ts";

const SEQUENCES = 2_000;
const amount = fc.integer({ min: 0, max: 500 });
const use = fc.constantFrom("chat" as const, "image" as const, "video" as const);

/** What may happen to an account. Holds are ended by their place among those that are open. */
type Step =
  | Exclude<Posting, { kind: "settle" | "release" }>
  | { kind: "settle"; place: number; cost: number }
  | { kind: "release"; place: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("grant" as const), credits: amount, bought: fc.boolean() }),
  fc.record({ kind: fc.constant("hold" as const), credits: amount, use }),
  fc.record({ kind: fc.constant("settle" as const), place: fc.nat(), cost: fc.integer({ min: 0, max: 900 }) }),
  fc.record({ kind: fc.constant("release" as const), place: fc.nat() }),
  fc.record({ kind: fc.constant("refund" as const), credits: amount, use }),
  fc.constant({ kind: "expire" as const }),
  fc.record({ kind: fc.constant("adjust" as const), credits: fc.integer({ min: -500, max: 500 }) }),
);

/** The posting of a step, and the holds open after it. */
function postingOf(step: Step, open: Hold[]): { posting: Posting; open: Hold[] } | null {
  if (step.kind === "hold") return { posting: step, open: [...open, { credits: step.credits, use: step.use }] };
  if (step.kind !== "settle" && step.kind !== "release") return { posting: step, open };
  const hold = open[step.place % Math.max(1, open.length)];
  if (!hold) return null;
  const posting: Posting =
    step.kind === "settle" ? { kind: "settle", hold, cost: step.cost } : { kind: "release", hold };
  return { posting, open: open.filter((each) => each !== hold) };
}

/** Plays steps, leaving out what the ledger refuses, and checks the account after each. */
function play(steps: Step[]): { standing: Standing; credits: number; refused: number } {
  let state = { standing: EMPTY, open: [] as Hold[], credits: 0, held: 0, refused: 0 };
  for (const each of steps) {
    const next = postingOf(each, state.open);
    if (!next) continue;
    try {
      const { credits, held, after } = post(state.standing, next.posting);
      state = { ...state, standing: after, open: next.open, credits: state.credits + credits, held: state.held + held };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      state.refused += 1;
    }
    expect(state.standing).toMatchObject({ balance: state.credits, held: state.held });
    expectSound(state.standing, state.open);
  }
  return state;
}

function expectSound(standing: Standing, open: Hold[]): void {
  const { balance, held, bought, spent } = standing;
  const parts = Object.values(spentOn(standing));
  expect(Math.min(held, balance - held, bought, balance - bought, ...parts)).toBeGreaterThanOrEqual(0);
  expect(spent).toBe(parts.reduce((sum, part) => sum + part, 0));
  expect(held).toBe(open.reduce((sum, { credits }) => sum + credits, 0));
  expect(standing.openReplies + standing.openJobs).toBe(open.length);
}

describe("the ledger", () => {
  it("adds up after any sequence of entries, and neither balance nor holds are ever negative", () => {
    let refused = 0;
    const sequences = fc.array(step, { maxLength: 40 });
    fc.assert(
      fc.property(sequences, (steps) => {
        refused += play(steps).refused;
      }),
      { numRuns: SEQUENCES },
    );
    expect(refused).toBeGreaterThan(SEQUENCES);
  });

  it.each([
    [{ kind: "grant", credits: -1, bought: false }],
    [{ kind: "grant", credits: 0.5, bought: false }],
    [{ kind: "grant", credits: Number.NaN, bought: true }],
    [{ kind: "grant", credits: Number.MAX_SAFE_INTEGER, bought: true }],
    [{ kind: "hold", credits: -5, use: "chat" }],
    [{ kind: "hold", credits: 101, use: "chat" }],
    [{ kind: "settle", hold: { credits: 0, use: "chat" }, cost: -3 }],
    [{ kind: "settle", hold: { credits: 10, use: "chat" }, cost: 1 }],
    [{ kind: "refund", credits: 1, use: "chat" }],
    [{ kind: "adjust", credits: 1.5 }],
  ] satisfies [Posting][])("refuses %j", (posting) => {
    const { after } = post(EMPTY, { kind: "grant", credits: 100, bought: false });
    expect(() => post(after, posting)).toThrow(RangeError);
  });

  it("spends what expires before what was bought", () => {
    const granted = post(EMPTY, { kind: "grant", credits: 100, bought: false }).after;
    const both = post(granted, { kind: "grant", credits: 50, bought: true }).after;
    const held = post(both, { kind: "hold", credits: 120, use: "video" }).after;
    const settled = post(held, { kind: "settle", hold: { credits: 120, use: "video" }, cost: 120 }).after;
    expect(settled).toMatchObject({ balance: 30, bought: 30, held: 0, spent: 120 });
    expect(post(settled, { kind: "expire" }).after).toMatchObject({ balance: 30 });
  });

  it("lets nothing expire that a hold has set aside", () => {
    const granted = post(EMPTY, { kind: "grant", credits: 100, bought: false }).after;
    const held = post(granted, { kind: "hold", credits: 60, use: "chat" }).after;
    expect(post(held, { kind: "expire" })).toMatchObject({ credits: -40, after: { balance: 60, held: 60 } });
  });

  it("charges more than was held where there is more, and never what other holds have set aside", () => {
    const granted = post(EMPTY, { kind: "grant", credits: 100, bought: false }).after;
    const one = post(granted, { kind: "hold", credits: 10, use: "chat" }).after;
    const two = post(one, { kind: "hold", credits: 70, use: "video" }).after;
    const settled = post(two, { kind: "settle", hold: { credits: 10, use: "chat" }, cost: 500 });
    expect(settled).toMatchObject({ credits: -30, held: -10, after: { balance: 70, held: 70 } });
  });

  it("gives nothing back that was not spent on the same", () => {
    const granted = post(EMPTY, { kind: "grant", credits: 100, bought: false }).after;
    const held = post(granted, { kind: "hold", credits: 40, use: "image" }).after;
    const settled = post(held, { kind: "settle", hold: { credits: 40, use: "image" }, cost: 40 }).after;
    expect(() => post(settled, { kind: "refund", credits: 40, use: "video" })).toThrow(RangeError);
    const refunded = post(settled, { kind: "refund", credits: 40, use: "image" }).after;
    expect(spentOn(refunded)).toEqual({ chat: 0, image: 0, video: 0 });
  });
});
