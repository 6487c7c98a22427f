import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sweepCrashes } from "./crashes.ts";
import { Crew, type Told } from "./crew.ts";

const LONGEST_MS = 10 * 60_000;
/** Fewer calls would mean that the life has lost what it was about. */
const LEAST_CALLS = 100;
/** Every fourth call, for the sake of time; `npm run simulate -- --crashes` takes all of them. */
const STRIDE = 4;

describe("An action that dies", () => {
  let crew: Crew;

  beforeAll(() => {
    crew = new Crew();
  });

  afterAll(() => crew.close());

  it(
    "[A11] [A21] after a call, from the first day of an account to its erasure, leaves nothing half done",
    async () => {
      const told: Told[] = [];
      const calls = await sweepCrashes(crew, STRIDE, (each) => void told.push(each));
      const wrong = told.filter(({ findings }) => findings.length > 0);
      expect(wrong.map(({ killedAfter, findings }) => ({ killedAfter, findings }))).toEqual([]);
      expect(calls).toBeGreaterThan(LEAST_CALLS);
      expect(told).toHaveLength(Math.ceil(calls / STRIDE) + 1);
    },
    LONGEST_MS,
  );
});
