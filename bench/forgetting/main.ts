/**
 * `npm run bench:forgetting`: how soon somebody who left is gone, and what it takes to erase accounts, to sweep among chats
 * of which none is due, and to write an archive, however much there is. Prints a table; exits 1 when a target is missed. As
 * large as the promises are made for, it takes an hour; `--messages`, `--objects`, `--chats` and `--media-mib` make it
 * smaller, and `--only leaving`, `erasing`, `sweeping` or `exporting` does one of the four.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { formatTable, isReached, type Measurement } from "../measurement.ts";
import { measureErasures } from "./erasing.ts";
import { measureExport } from "./exporting.ts";
import { measureLeaving } from "./leaving.ts";
import { measureIdleSweeps } from "./sweeping.ts";

const { values: asked } = parseArgs({
  options: {
    only: { type: "string" },
    messages: { type: "string", default: "1000000" },
    objects: { type: "string", default: "10000" },
    chats: { type: "string", default: "1000000" },
    "exported-messages": { type: "string", default: "100000" },
    "media-mib": { type: "string", default: "2048" },
  },
});
const messages = Number(asked.messages);
const objects = Number(asked.objects);

const MEASURES: Record<string, () => Promise<Measurement[]>> = {
  leaving: () => measureLeaving(progress),
  sweeping: () => measureIdleSweeps([1_000, Number(asked.chats)], progress),
  exporting: () => {
    const size = { messages: Number(asked["exported-messages"]), mediaMib: Number(asked["media-mib"]) };
    return measureExport(size, progress);
  },
  erasing: () => {
    const sizes = [100, 10, 1].map((part) => ({ messages: messages / part, objects: objects / part }));
    return measureErasures(sizes, progress);
  },
};

const measurements: Measurement[] = [];
for (const [name, measure] of Object.entries(MEASURES)) {
  if (asked.only && asked.only !== name) continue;
  measurements.push(...(await measure()));
}
progress("");
console.log(formatTable(measurements));
console.log(`${cpus().length} cores of ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`);
process.exitCode = measurements.every(isReached) ? 0 : 1;

/** Shown on a terminal only. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`);
}
