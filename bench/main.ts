/**
 * `npm run bench`: measures side by side in one run, prints a table and writes `bench/results.json`. Exits 1 when a
 * target is missed. Progress is shown on a terminal only.
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { browserOrReason } from "../test/support/browser.ts";
import { measureDurability } from "./durability.ts";
import { measureFirstToken } from "./firstToken.ts";
import { formatTable, isReached, type Measurement } from "./measurement.ts";
import { writeNotes } from "./notesServer.ts";
import { measurePages } from "./pages.ts";
import { measureScale } from "./scale.ts";
import { measureSealing } from "./sealing.ts";
import { measureStart } from "./startTime.ts";
import { measureSubscribers } from "./subscribers.ts";

const RESULTS = "bench/results.json";
const MANY_NOTES = 1_000_000;

const browser = browserOrReason();
const measurements: Measurement[] = [];
progress("starting homes …");
measurements.push(...(await measureStart()));
progress("writing notes …");
measurements.push(...(await measureDurability()));
progress("following notes …");
measurements.push(...(await measureSubscribers()));
measurements.push(...(await measureManyNotes()));
progress("sealing objects …");
measurements.push(...(await measureSealing()));
if ("executablePath" in browser) {
  measurements.push(...(await measureFirstToken((turn) => progress(`turn ${turn} in the browser …`))));
}
progress("");

console.log(formatTable(measurements));
if ("reason" in browser) console.log(`Left out: the first words in a browser (${browser.reason}).`);
const machine = { node: process.version, cores: cpus().length, cpu: cpus()[0]?.model ?? "unknown" };
writeFileSync(RESULTS, `${JSON.stringify({ measuredAt: new Date().toISOString(), machine, measurements }, null, 2)}\n`);
process.exitCode = measurements.every(isReached) ? 0 : 1;

async function measureManyNotes(): Promise<Measurement[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "noruxa-bench-"));
  try {
    await writeNotes(folder, MANY_NOTES, (written) => progress(`${written.toLocaleString("en")} notes written …`));
    progress("reading pages of notes …");
    const pages = await measurePages(folder, MANY_NOTES);
    progress("starting with many notes …");
    return [...pages, ...(await measureScale(folder, MANY_NOTES))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`);
}
