import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sweepCrashes } from "./crashes.ts";
import { Crew, type Told } from "./crew.ts";
import { LIFE_NAMES } from "./lives.ts";

const LONGEST_MS = 10 * 60_000;
/** Fewer would mean that the lives have lost what they were about. */
const LEAST_CALLS = 500;

describe("An action that dies", () => {
  let crew: Crew;

  beforeAll(() => {
    crew = new Crew();
  });

  afterAll(() => crew.close());

  it(
    "[A11] [A21] after a call, in whatever life of an account, leaves nothing half done",
    async () => {
      const told: Told[] = [];
      const { calls, kinds, killed } = await sweepCrashes(crew, "a sample", (each) => void told.push(each));
      console.log(
        `${killed} deaths: one for every third of ${kinds} kinds of calls, of ${calls} calls in all; ` +
          "npm run simulate -- --crashes has one for each",
      );
      expect(told.filter(({ findings }) => findings.length > 0).map(({ of, findings }) => ({ of, findings }))).toEqual(
        [],
      );
      expect(calls).toBeGreaterThan(LEAST_CALLS);
      expect(told).toHaveLength(LIFE_NAMES.length + Math.ceil(kinds / 3));
    },
    LONGEST_MS,
  );
});
