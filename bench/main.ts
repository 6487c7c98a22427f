/**
 * `npm run bench`: measures side by side in one run, prints a table and writes `bench/results.json`. Exits 1 when a
 * target is missed or something could not be measured. Progress is shown on a terminal only.
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { showLine } from "../scripts/progress.ts";
import { browserOrReason } from "../test/support/browser.ts";
import { measureDurability } from "./durability.ts";
import { measureFirstToken } from "./firstToken.ts";
import { measureLongThread } from "./longThread.ts";
import { formatTable, isReached, type Measurement } from "./measurement.ts";
import { writeNotes } from "./notesServer.ts";
import { measurePages } from "./pages.ts";
import { measurePictures } from "./pictures.ts";
import { measureScale } from "./scale.ts";
import { measureSealing } from "./sealing.ts";
import { measureStart } from "./startTime.ts";
import { measureSubscribers } from "./subscribers.ts";

const RESULTS = "bench/results.json";
const MANY_NOTES = 1_000_000;

const measurements: Measurement[] = [];
/** What could not be measured, and why. It does not keep the rest from being measured. */
const failures: string[] = [];
const startedMs = performance.now();

await measure("starting homes", measureStart);
await measure("writing notes", measureDurability);
await measure("following notes", measureSubscribers);
await measure("reading many notes", measureManyNotes);
await measure("sealing objects", measureSealing);
await measure("making pictures", async () => [await measurePictures()]);
const browser = browserOrReason();
if ("executablePath" in browser) {
  await measure("asking in a browser", () => measureFirstToken((turn) => showLine(`turn ${turn} in the browser …`)));
  await measure("opening long chats in a browser", measureLongThread);
}
showLine("");

const seconds = Math.round((performance.now() - startedMs) / 1_000);
console.log(formatTable(measurements));
if ("reason" in browser) console.log(`Left out: what is measured in a browser (${browser.reason}).`);
for (const failure of failures) console.log(`Not measured: ${failure}`);
console.log(`Took ${seconds} s.`);
const machine = { node: process.version, cores: cpus().length, cpu: cpus()[0]?.model ?? "unknown" };
const results = { measuredAt: new Date().toISOString(), seconds, machine, measurements, failures };
writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
process.exitCode = measurements.every(isReached) && failures.length === 0 ? 0 : 1;

async function measure(doing: string, measureAll: () => Promise<Measurement[]>): Promise<void> {
  showLine(`${doing} …`);
  try {
    measurements.push(...(await measureAll()));
  } catch (error) {
    // A browser's error goes on with its whole log.
    failures.push(`${doing}: ${(error as Error).message.split("\n")[0]}`);
  }
}

async function measureManyNotes(): Promise<Measurement[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "noruxa-bench-"));
  try {
    await writeNotes(folder, MANY_NOTES, (written) => showLine(`${written.toLocaleString("en")} notes written …`));
    showLine("reading pages of notes …");
    const pages = await measurePages(folder, MANY_NOTES);
    showLine("starting with many notes …");
    return [...pages, ...(await measureScale(folder, MANY_NOTES))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
