/** An indexed page of 50 notes: next to convex-test, and of few notes next to many. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference, type PaginationOptions, type PaginationResult } from "convex/server";
import { convexTest } from "convex-test";
import schema from "./fixture/convex/schema.ts";
import { type Measurement, median } from "./measurement.ts";
import { authorCount, authorNumber, noteNumber, startNotesServer, writeNotes } from "./notesServer.ts";

const FEW = 1_000;
const SOME = 100_000;
const PAGES = 150;
/** A server runs for days: what is asked often has long been compiled. */
const WARM_UP = 300;
const PAGES_OF_CONVEX_TEST = 5;
/** Below the number of writes that convex-test allows a transaction. */
const NOTES_A_TRANSACTION = 2_000;

const page = makeFunctionReference<
  "query",
  { author: string; paginationOpts: PaginationOptions },
  PaginationResult<unknown>
>("notes:page");

/** Reads one page and resolves to how long that took. No two pages have the same arguments, so none is remembered. */
type ReadPage = (number: number) => Promise<number>;

/** `manyFolder` holds `many` notes. */
export async function measurePages(manyFolder: string, many: number): Promise<Measurement[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "noruxa-bench-"));
  await using closing = new AsyncDisposableStack();
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const few = await servePages(closing, await filled(path.join(folder, "few"), FEW), FEW);
  const some = await servePages(closing, await filled(path.join(folder, "some"), SOME), SOME);
  const readers = [few, some, await servePages(closing, manyFolder, many)];
  const [ofFew, ofSome, ofMany] = await readInTurns(readers);
  return [
    {
      name: `indexed page of 50 out of ${inWords(SOME)} in convex-test`,
      value: await measureConvexTest(),
      unit: "ms",
      against: { name: "in the embedded runtime, over HTTP", value: ofSome ?? Number.NaN },
      target: { of: "ratio", atLeast: 50 },
    },
    {
      name: `indexed page of 50 out of ${inWords(many)}`,
      value: ofMany ?? Number.NaN,
      unit: "ms",
      against: { name: `out of ${inWords(FEW)}`, value: ofFew ?? Number.NaN },
      target: { of: "ratio", atMost: 1.3 },
    },
  ];
}

async function filled(folder: string, count: number): Promise<string> {
  await mkdir(folder);
  await writeNotes(folder, count);
  return folder;
}

async function servePages(closing: AsyncDisposableStack, folder: string, count: number): Promise<ReadPage> {
  const server = await startNotesServer(folder);
  closing.defer(() => server.stop());
  const client = new ConvexHttpClient(server.url);
  return async (number) => {
    const startedMs = performance.now();
    const { page: notes } = await client.query(page, pageNumber(number, count));
    if (notes.length !== 50) throw new Error(`A page of 50 came with ${notes.length}`);
    return performance.now() - startedMs;
  };
}

function pageNumber(number: number, count: number) {
  return {
    author: authorNumber(number % authorCount(count)),
    paginationOpts: { numItems: 50, cursor: null, id: number },
  };
}

/** The median time of each reader; they take turns, so that whatever else the machine does meets all alike. */
async function readInTurns(readers: ReadPage[]): Promise<number[]> {
  const times: number[][] = readers.map(() => []);
  for (let number = 0; number < WARM_UP + PAGES; number += 1) {
    for (const [index, read] of readers.entries()) {
      const time = await read(number);
      if (number >= WARM_UP) times[index]?.push(time);
    }
  }
  return times.map(median);
}

/** The same function on the same notes. */
async function measureConvexTest(): Promise<number> {
  const modules = { "./notes.ts": () => import("./fixture/convex/notes.ts"), "./_generated/api.js": async () => ({}) };
  const backend = convexTest({ schema, modules });
  for (let start = 0; start < SOME; start += NOTES_A_TRANSACTION) {
    await backend.run(async ({ db }) => {
      for (let index = start; index < start + NOTES_A_TRANSACTION; index += 1)
        await db.insert("notes", noteNumber(index, SOME));
    });
  }
  const times: number[] = [];
  for (let number = 0; number < PAGES_OF_CONVEX_TEST; number += 1) {
    const startedMs = performance.now();
    await backend.query(page, pageNumber(number, SOME));
    times.push(performance.now() - startedMs);
  }
  return median(times);
}

function inWords(count: number): string {
  return count.toLocaleString("en");
}
