import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Crew } from "./crew.ts";
import { PLANTED_BUGS } from "./plantedBugs.ts";

/** Seeds until one shows a bug. */
const MOST_SEEDS = 60;
const LONGEST_MS = 3 * 60_000;

describe("The oracles", () => {
  let crew: Crew;

  beforeAll(() => {
    crew = new Crew(1);
  });

  afterAll(() => crew.close());

  it.each(PLANTED_BUGS)(
    "notice where $name",
    async ({ name: bug }) => {
      const found: string[] = [];
      const orders = Array.from({ length: MOST_SEEDS }, (_, index) => ({
        seed: index + 1,
        course: "chaos" as const,
        bug,
      }));
      await crew.run(orders, ({ findings }) => {
        found.push(...findings);
        return findings.length === 0;
      });
      expect(found.length).toBeGreaterThan(0);
    },
    LONGEST_MS,
  );
});
