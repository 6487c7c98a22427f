/**
 * `npm run bench`: measures side by side in one run, prints a table and writes `bench/results.json`. Exits 1 when a
 * target is missed. Progress is shown on a terminal only.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { browserOrReason } from "../test/support/browser.ts";
import { measureDurability } from "./durability.ts";
import { measureFirstToken } from "./firstToken.ts";
import { formatTable, type Measurement } from "./measurement.ts";
import { measureStart } from "./startTime.ts";

const RESULTS = "bench/results.json";

const browser = browserOrReason();
const measurements: Measurement[] = [];
progress("starting homes …");
measurements.push(...(await measureStart()));
progress("writing notes …");
measurements.push(...(await measureDurability()));
if ("executablePath" in browser) {
  measurements.push(...(await measureFirstToken((turn) => progress(`turn ${turn} in the browser …`))));
}
progress("");

console.log(formatTable(measurements));
if ("reason" in browser) console.log(`Left out: the first words in a browser (${browser.reason}).`);
const machine = { node: process.version, cores: cpus().length, cpu: cpus()[0]?.model ?? "unknown" };
writeFileSync(RESULTS, `${JSON.stringify({ measuredAt: new Date().toISOString(), machine, measurements }, null, 2)}\n`);
process.exitCode = measurements.some(({ value, target }) => target !== undefined && value > target) ? 1 : 0;

function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`);
}
