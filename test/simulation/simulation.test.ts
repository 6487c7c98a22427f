import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Crew, type Told } from "./crew.ts";
import { FAULTS, FAULTS_ELSEWHERE, type FaultName } from "./faults.ts";

/** Seeds of each run of the tests; `npm run simulate` runs as many as one likes. */
const SEEDS = 200;
/** The list of faults that forgetting must stand. */
const LISTED_FAULTS = 54;
const LONGEST_MS = 10 * 60_000;

describe("People, services and crashes that a seed determines", () => {
  let crew: Crew;
  const told: Told[] = [];

  beforeAll(async () => {
    crew = new Crew();
    const orders = Array.from({ length: SEEDS }, (_, index) => ({ seed: index + 1, course: "chaos" as const }));
    await crew.run(orders, (outcome) => told.push(outcome) > 0);
  }, LONGEST_MS);

  afterAll(() => crew.close());

  it("[A6] [A7] [A11] [A18] [A19] [A21] leave nothing behind that should go, and lose nothing that should stay", () => {
    const wrong = told.filter(({ findings }) => findings.length > 0);
    const shown = wrong.map(({ of, findings }) => ({ again: `npm run simulate -- --seed ${of.seed}`, findings }));
    expect(shown).toEqual([]);
    expect(told).toHaveLength(SEEDS);
  });

  it("reach every fault there is at least once", () => {
    const reached = new Set(told.flatMap((outcome) => outcome.reached.map(([name]) => name)));
    expect((Object.keys(FAULTS) as FaultName[]).filter((name) => !reached.has(name))).toEqual([]);
  });

  it(
    "take the same course again for the same seed, in another process and after other seeds",
    async () => {
      const seeds = [SEEDS, 17, 3];
      const again = new Map<number, string>();
      await crew.run(
        seeds.map((seed) => ({ seed, course: "chaos" as const })),
        ({ of, digest }) => again.set(of.seed, digest).size > 0,
      );
      const before = new Map(
        told.filter(({ of }) => seeds.includes(of.seed)).map(({ of, digest }) => [of.seed, digest]),
      );
      expect([...again].sort()).toEqual([...before].sort());
    },
    LONGEST_MS,
  );

  it("stand each listed fault, or say which test stands it", async () => {
    const here = Object.values(FAULTS).flatMap((fault) => ("number" in fault ? fault.number : []));
    const elsewhere = Object.keys(FAULTS_ELSEWHERE).map(Number);
    const all = Array.from({ length: LISTED_FAULTS }, (_, index) => index + 1);
    expect([...here, ...elsewhere].sort((a, b) => a - b)).toEqual(all);
    for (const [file, title] of Object.values(FAULTS_ELSEWHERE).flatMap(({ stoodBy }) => stoodBy)) {
      expect(await readFile(file, "utf8"), `${file} has no test that ${title}`).toContain(title);
    }
  });
});
