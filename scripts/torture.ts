/**
 * `npm run torture -- --rounds 500 [--seed N]`: kills the embedded runtime again and again while 16 clients work, and
 * judges the database after each kill. Exits 1 at the first thing that is wrong. The seed fixes when kills are sent;
 * what they meet depends on the machine.
 */
import { parseArgs } from "node:util";
import { runEpisode } from "../test/runtime/torture/torture.ts";
import { Progress } from "./progress.ts";

/** A data folder of its own every so many rounds, since judging takes longer the more there is. */
const ROUNDS_PER_FOLDER = 20;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "500" }, seed: { type: "string" } } });
const rounds = Number(values.rounds);
const seed = values.seed === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(values.seed);
const random = mulberry32(seed);
const progress = new Progress("rounds", rounds);

let done = 0;
let acknowledged = 0;
const findings: string[] = [];
while (done < rounds && findings.length === 0) {
  const onRound = () => progress.reached(++done);
  const episode = await runEpisode({ rounds: Math.min(ROUNDS_PER_FOLDER, rounds - done), random, onRound });
  acknowledged += episode.acknowledged;
  findings.push(...episode.findings);
}
progress.end();
if (findings.length > 0) console.log(findings.join("\n"));
const verdict = findings.length === 0 ? "Nothing was lost, doubled or left half done" : "Something was wrong";
console.log(`${verdict}: ${done} kills, ${acknowledged} acknowledged mutations (seed ${seed}).`);
process.exit(findings.length === 0 ? 0 : 1);

/** A generator of numbers from 0 to 1 that a seed determines (mulberry32, by Tommy Ettinger, public domain). */
function mulberry32(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
