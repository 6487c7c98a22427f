/** What it costs to erase accounts of several sizes, each in one run that nobody attends to. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { api } from "../../convex/_generated/api.js";
import { type Home, startHome } from "../../test/support/home.ts";
import { openDatabase, receiptsIn } from "../../test/support/insideHomes.ts";
import { readMetrics } from "../../test/support/people.ts";
import type { Measurement } from "../measurement.ts";
import { firstRow, makeAccount, type OnProgress } from "./account.ts";

const OBJECT_BYTES = 1_000;
const LOOK_EVERY_MS = 500;
/** Linux counts the processor's time in hundredths of a second. */
const MS_A_TICK = 10;

export interface ErasedSize {
  messages: number;
  objects: number;
}

/** What one erasure took. */
interface Erasure {
  rows: number;
  documentsRead: number;
  documentsWritten: number;
  transactions: number;
  /** What the person waits for: the keys are gone when it is over. */
  answerMs: number;
  /** Until the receipt. */
  wholeMs: number;
  processorMs: number;
}

/** Erases an account of each size, the smallest first, with which the others are compared. */
export async function measureErasures(sizes: ErasedSize[], onProgress: OnProgress): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  let smallest: Erasure | undefined;
  for (const size of sizes) {
    const erasure = await erase(size, (done) => onProgress(`${nameOf(size)}: ${done}`));
    measurements.push(...tell(size, erasure, smallest));
    smallest ??= erasure;
  }
  return measurements;
}

function tell(size: ErasedSize, erasure: Erasure, smallest: Erasure | undefined): Measurement[] {
  const name = `erasing ${nameOf(size)}`;
  const against = (of: (erasure: Erasure) => number) =>
    smallest && {
      against: { name: "of the smallest", value: of(smallest) },
      target: { of: "ratio", atMost: 1.1 } as const,
    };
  const perRow = (of: keyof Erasure) => (one: Erasure) => one[of] / one.rows;
  const read = perRow("documentsRead");
  const written = perRow("documentsWritten");
  const processor = perRow("processorMs");
  return [
    { name: `${name}: until nothing can be read any more`, value: erasure.answerMs, unit: "ms" },
    { name: `${name}: until the receipt`, value: erasure.wholeMs, unit: "ms" },
    { name: `${name}: transactions`, value: erasure.transactions, unit: "transactions" },
    { name: `${name}: documents read a row`, value: read(erasure), unit: "documents", ...against(read) },
    { name: `${name}: documents written a row`, value: written(erasure), unit: "documents", ...against(written) },
    { name: `${name}: processor time a row`, value: processor(erasure), unit: "ms", ...against(processor) },
  ];
}

function nameOf({ messages, objects }: ErasedSize): string {
  return `${messages.toLocaleString("en")} messages and ${objects.toLocaleString("en")} objects`;
}

async function erase({ messages, objects }: ErasedSize, onProgress: OnProgress): Promise<Erasure> {
  const home = await startHome();
  try {
    const size = { messages, objects, objectBytes: OBJECT_BYTES };
    const person = await makeAccount(home, size, onProgress);
    const client = await person.http();
    await readMetrics(home, { reset: true });
    const [startedMs, usedMs] = [performance.now(), processorMs(home)];
    await client.action(api.account.erase, { confirm: "erase" });
    const answerMs = performance.now() - startedMs;
    await receiptWritten(home, () => onProgress(`${seconds(performance.now() - startedMs)} s of erasing`));
    const wholeMs = performance.now() - startedMs;
    const used = processorMs(home) - usedMs;
    const { functions } = await readMetrics(home);
    const steps = Object.entries(functions).filter(([name, { kind }]) => kind === "mutation" && isOfErasure(name));
    const sum = (of: "calls" | "documentsRead" | "documentsWritten") =>
      steps.reduce((total, [, metrics]) => total + metrics[of], 0);
    return {
      rows: await rowsErased(home),
      documentsRead: sum("documentsRead"),
      documentsWritten: sum("documentsWritten"),
      transactions: sum("calls"),
      answerMs,
      wholeMs,
      processorMs: used,
    };
  } finally {
    await home.dispose();
  }
}

const isOfErasure = (name: string) => name.includes("erasure/") || name.includes("media/deletes");

const seconds = (ms: number) => Math.round(ms / 1_000).toLocaleString("en");

/** Waits for the receipt. Throws where the home has ended. */
async function receiptWritten(home: Home, onLook: () => void): Promise<void> {
  for (;;) {
    // A home that is busy may let go of a connection that rested.
    const receipts = await receiptsIn(home).catch(() => []);
    if (receipts.length > 0) return;
    process.kill(home.pid, 0);
    onLook();
    await sleep(LOOK_EVERY_MS);
  }
}

/** How many rows the receipt says went. Stops the home. */
async function rowsErased(home: Home): Promise<number> {
  await home.stop();
  const store = openDatabase(home);
  const { counts } = firstRow(store, "erasureReceipts");
  store.close();
  return Object.values(counts).reduce((total, rows) => total + rows, 0);
}

/** The processor's time that a home has used since it started. */
function processorMs({ pid }: Home): number {
  const [, user = 0, system = 0] = /\) (?:\S+ ){11}(\d+) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
  return (Number(user) + Number(system)) * MS_A_TICK;
}
