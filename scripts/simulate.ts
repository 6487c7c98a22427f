/**
 * `npm run simulate -- --seeds 10000 [--from N]`: runs that many seeds of the simulation over all cores, and says which
 * faults they reached. `-- --seed S` runs one seed again and prints what happened; `-- --crashes` lives lives again for
 * each call of an action in them, which dies after that call; `-- --planted` plants one bug after another in the sources,
 * each of which has to be found. Exits 1 where something was wrong.
 */
import { parseArgs } from "node:util";
import { sweepCrashes } from "../test/simulation/crashes.ts";
import { Crew, type Told } from "../test/simulation/crew.ts";
import { FAULTS, FAULTS_ELSEWHERE, type FaultName } from "../test/simulation/faults.ts";
import { hunt, MOST_SEEDS } from "../test/simulation/hunting.ts";
import { PLANTED_BUGS } from "../test/simulation/plantedBugs.ts";
import { Progress } from "./progress.ts";

const options = { seeds: { type: "string", default: "10000" }, from: { type: "string", default: "1" } } as const;
const { values } = parseArgs({
  options: { ...options, seed: { type: "string" }, crashes: { type: "boolean" }, planted: { type: "boolean" } },
});
const crew = new Crew(values.seed === undefined ? undefined : 1);
const isWell = await run();
crew.close();
// What was printed may still be on its way through a pipe, so this ends by itself.
process.exitCode = isWell ? 0 : 1;

function run(): Promise<boolean> {
  if (values.crashes) return crash();
  if (values.planted) return findPlanted();
  if (values.seed !== undefined) return replay(Number(values.seed));
  return runMany(Number(values.from), Number(values.seeds));
}

async function crash(): Promise<boolean> {
  let failed = 0;
  const { killed, kinds } = await sweepCrashes(crew, "each", ({ of: { course, killAfter }, findings }) => {
    if (findings.length === 0) return;
    failed += 1;
    console.log(`${course}, killed after call ${killAfter ?? "none"}: ${findings.join("\n")}\n`);
  });
  console.log(`${killed} calls of ${kinds} kinds after which an action died: ${failed} with something wrong.`);
  return failed === 0;
}

async function findPlanted(): Promise<boolean> {
  let missed = 0;
  for (const bug of PLANTED_BUGS) {
    const found = await hunt(crew, bug);
    if (!found) missed += 1;
    const how = found ? `seed ${found.seed}: ${found.findings[0]}` : `NOT FOUND in ${MOST_SEEDS} seeds`;
    console.log(`${bug.area}: ${bug.name}\n    ${how}`);
  }
  console.log(`${PLANTED_BUGS.length - missed} of ${PLANTED_BUGS.length} planted bugs were found.`);
  return missed === 0;
}

async function replay(seed: number): Promise<boolean> {
  let findings: string[] = [];
  await crew.run([{ seed, course: "chaos", withCourse: true }], (told) => {
    findings = told.findings;
    console.log([...(told.log ?? []), "", ...(told.said ?? []), "", ...findings].join("\n"));
    return false;
  });
  console.log(findings.length === 0 ? `Nothing was wrong (seed ${seed}).` : `Something was wrong (seed ${seed}).`);
  return findings.length === 0;
}

async function runMany(from: number, count: number): Promise<boolean> {
  const progress = new Progress("seeds", count);
  const reached = new Map<FaultName, number>();
  let done = 0;
  let failed = 0;
  await crew.run(seedsFrom(from, count), (told) => {
    for (const [name, times] of told.reached) reached.set(name, (reached.get(name) ?? 0) + times);
    progress.reached(++done);
    if (told.findings.length === 0) return true;
    failed += 1;
    progress.end();
    tell(told);
    return true;
  });
  progress.end();
  const missed = tellFaults(reached);
  console.log(`${done} seeds from ${from}: ${failed} with something wrong, ${missed} faults never reached.`);
  return failed === 0 && missed === 0;
}

function* seedsFrom(from: number, count: number) {
  for (let seed = from; seed < from + count; seed++) yield { seed, course: "chaos" as const };
}

function tell({ of: { seed }, findings }: Told): void {
  console.log(`${findings.join("\n")}\nAgain with: npm run simulate -- --seed ${seed}\n`);
}

/** Prints how often each fault was reached, and what stands those that are not there; gives how many were not. */
function tellFaults(reached: Map<FaultName, number>): number {
  const names = Object.keys(FAULTS) as FaultName[];
  for (const name of names) {
    const { number, title }: { number?: number; title: string } = FAULTS[name];
    console.log(`${String(reached.get(name) ?? 0).padStart(8)}  ${number ? `${number} ` : ""}${title}`);
  }
  for (const [number, { why, stoodBy }] of Object.entries(FAULTS_ELSEWHERE)) {
    const files = new Set(stoodBy.map(([file]) => file));
    console.log(`       –  ${number} ${[why, ...files].join("; ")}`);
  }
  return names.filter((name) => !reached.has(name)).length;
}
