import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sweepCrashes } from "./crashes.ts";
import { Crew, type Told } from "./crew.ts";

const LONGEST_MS = 10 * 60_000;
/** Fewer calls would mean that the life has lost what it was about. */
const LEAST_CALLS = 100;

describe("An action that dies", () => {
  let crew: Crew;

  beforeAll(() => {
    crew = new Crew();
  });

  afterAll(() => crew.close());

  it(
    "[A11] [A21] after any of its calls, from the first day of an account to its erasure, leaves nothing half done",
    async () => {
      const told: Told[] = [];
      const calls = await sweepCrashes(crew, (each) => void told.push(each));
      const wrong = told.filter(({ findings }) => findings.length > 0);
      expect(wrong.map(({ killedAfter, findings }) => ({ killedAfter, findings }))).toEqual([]);
      expect(calls).toBeGreaterThan(LEAST_CALLS);
      expect(told).toHaveLength(calls + 1);
    },
    LONGEST_MS,
  );
});
