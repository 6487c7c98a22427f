/**
 * `npm run differential -- --programs 10000 [--seed N]`: runs random programs on convex-test and on the embedded
 * runtime and compares every answer. On a difference prints the seed, and the smallest program that shows it.
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { compareCourses } from "../test/runtime/differential/compare.ts";
import { ConvexTestEngine, type Engine, RuntimeEngine } from "../test/runtime/differential/engines.ts";
import { programs } from "../test/runtime/differential/program.ts";
import { Progress } from "./progress.ts";

const { values } = parseArgs({ options: { programs: { type: "string", default: "10000" }, seed: { type: "string" } } });
const numRuns = Number(values.programs);
const seed = values.seed === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(values.seed);

const engines: [Engine, Engine] = [new ConvexTestEngine(), await RuntimeEngine.start()];
const progress = new Progress("programs", numRuns);
let number = 0;
const property = fc.asyncProperty(programs, async (program) => {
  number += 1;
  await compareCourses(engines, program, number);
  progress.reached(number);
});
const found = await fc.check(property, { numRuns, seed, includeErrorInReport: true });
progress.end();
console.log(
  found.failed ? await fc.asyncDefaultReportMessage(found) : `${found.numRuns} programs agree (seed ${seed}).`,
);
await Promise.all(engines.map((engine) => engine.close()));
// Jobs that a program left for later keep timers of convex-test alive.
process.exit(found.failed ? 1 : 0);
