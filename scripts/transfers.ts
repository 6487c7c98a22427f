/** What `npm run backup` and `npm run restore` share. */
import { DataFolderError } from "../src/runtime/convex/errors.ts";
import type { Progress as Report } from "../src/runtime/convex/transfer/archive.ts";
import { ImportError } from "../src/runtime/convex/transfer/rows.ts";
import { HomeError } from "../src/runtime/homeError.ts";
import { Progress } from "./progress.ts";

/** Errors whose message says all a person needs. */
const EXPECTED = [HomeError, DataFolderError, ImportError];

/** Runs a command that answers what to print. */
export async function runTransfer(usage: string, command: () => Promise<string>): Promise<void> {
  try {
    console.log(await command());
  } catch (error) {
    const isUsage = (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS") ?? false;
    const isExpected = isUsage || EXPECTED.some((kind) => error instanceof kind);
    console.error(isExpected ? (error as Error).message : error);
    if (isUsage) console.error(usage);
    process.exitCode = 1;
  }
}

/** One line per table that counts, on a terminal. */
export function showProgress(): Report {
  let current: { what: string; line: Progress } | undefined;
  return (what, done, total) => {
    if (current?.what !== what) current = { what, line: new Progress(`documents of ${what}`, total) };
    current.line.reached(done);
    if (done >= total) current.line.end();
  };
}
