import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareCourses } from "./compare.ts";
import { ConvexTestEngine, type Engine, RuntimeEngine } from "./engines.ts";
import { programs } from "./program.ts";

/** `npm run differential` runs as many more as it is told. */
const PROGRAMS = 300;

let engines: [Engine, Engine];
beforeAll(async () => {
  engines = [new ConvexTestEngine(), await RuntimeEngine.start()];
});
afterAll(() => Promise.all(engines.map((engine) => engine.close())));

test(`${PROGRAMS} random programs come to the same on convex-test and on the embedded runtime`, async () => {
  let number = 0;
  const property = fc.asyncProperty(programs, (program) => compareCourses(engines, program, ++number));
  const found = await fc.check(property, { numRuns: PROGRAMS, includeErrorInReport: true });
  // The report holds the seed and the smallest program that shows the difference.
  expect(found.failed ? await fc.asyncDefaultReportMessage(found) : "").toBe("");
}, 240_000);
