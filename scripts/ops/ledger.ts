/** The copy of the erasure ledger that operators keep apart: a file with one entry a line, as JSON, the oldest first. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { internal } from "../../convex/_generated/api.js";
import type { Forgotten } from "../../convex/erasure/ledger.ts";
import { Progress } from "../progress.ts";
import type { Deployment } from "./deployment.ts";

export interface LedgerEntry {
  what: Forgotten;
  /** The keyed pseudonym of what was deleted. */
  subject: string;
  at: number;
}

/** Entries that were committed late may be older than the newest in the file, but not by more than this. */
const OVERLAP_MS = 10 * 60_000;
/** What one transaction of a replay forgets at most. */
const FORGOTTEN_AT_ONCE = 20;

/** Appends to a file what the deployment has entered since; gives how many entries that were. */
export async function copyLedger(deployment: Deployment, file: string): Promise<number> {
  const known = existsSync(file) ? readLedger(file) : [];
  const subjects = new Set(known.map(({ subject }) => subject));
  const fromAt = Math.max(0, (known.at(-1)?.at ?? 0) - OVERLAP_MS);
  let copied = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await deployment.call(internal.erasure.ledger.page, { fromAt, cursor: cursor ?? null });
    const fresh = page.entries.filter(({ subject }) => !subjects.has(subject));
    appendFileSync(file, fresh.map((entry) => `${JSON.stringify(entry)}\n`).join(""), { mode: 0o600 });
    copied += fresh.length;
    cursor = page.cursor;
  }
  return copied;
}

/** The entries in a file. Throws an Error that names the line that is none; the last may be cut short by a crash. */
export function readLedger(file: string): LedgerEntry[] {
  const lines = readFileSync(file, "utf8").split("\n");
  const whole = lines.slice(0, -1);
  return whole.map((line, index) => parseEntry(line) ?? raise(`${file}: line ${index + 1} is no entry of a ledger.`));
}

/** What of a ledger a deployment still has or has again. */
export type Found = Record<Forgotten, number>;

/** Finds what a ledger says was deleted, and chats without a key; with `apply` has it deleted again. */
export async function replayLedger(deployment: Deployment, file: string, apply: boolean): Promise<Found> {
  const subjects = new Set(readLedger(file).map(({ subject }) => subject));
  const found: Found = { account: 0, chat: 0, file: 0 };
  for (const what of ["account", "chat", "file"] as const) {
    const ids = await findDeleted(deployment, what, subjects);
    found[what] = ids.length;
    for (let at = 0; apply && at < ids.length; at += FORGOTTEN_AT_ONCE) {
      const some = ids.slice(at, at + FORGOTTEN_AT_ONCE);
      await deployment.call(internal.erasure.replaying.forget, { what, ids: some });
    }
  }
  return found;
}

async function findDeleted(deployment: Deployment, what: Forgotten, subjects: ReadonlySet<string>): Promise<string[]> {
  const progress = new Progress(`rows compared (${what})`);
  const ids: string[] = [];
  let compared = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await deployment.call(internal.erasure.replaying.rows, { what, cursor: cursor ?? null });
    for (const { id, subject, isKeyless } of page.rows) if (isKeyless || subjects.has(subject)) ids.push(id);
    compared += page.rows.length;
    cursor = page.cursor;
    progress.reached(compared);
  }
  progress.end();
  return ids;
}

function parseEntry(line: string): LedgerEntry | null {
  try {
    const { what, subject, at } = JSON.parse(line) as Partial<LedgerEntry>;
    const isEntry = what !== undefined && typeof subject === "string" && typeof at === "number";
    return isEntry ? { what, subject, at } : null;
  } catch {
    return null;
  }
}

function raise(message: string): never {
  throw new Error(message);
}
