/** The copy of the erasure ledger that operators keep apart: a file with one entry a line, as JSON, the oldest first. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { FunctionReturnType } from "convex/server";
import type { Infer } from "convex/values";
import { internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import type { Entered } from "../../convex/erasure/ledger.ts";
import type { vPin } from "../../convex/erasure/schema.ts";
import type { Choices } from "../../convex/privacy/choices.ts";
import { Progress } from "../progress.ts";
import type { Deployment } from "./deployment.ts";

export interface LedgerEntry {
  what: Entered;
  /** The keyed pseudonym of what was deleted, or of who decided. */
  subject: string;
  at: number;
  /** What holds since then, of what was decided. */
  choices?: Choices | undefined;
  /** How a chat has been pinned or unpinned. */
  pin?: Pin | undefined;
}

type Pin = Infer<typeof vPin>;

/** Entries that were committed late may be older than the newest in the file, but not by more than this. */
const OVERLAP_MS = 10 * 60_000;
/** What one transaction of a replay forgets or decides at most. */
const ROWS_AT_ONCE = 20;

/** Appends to a file what the deployment has entered since; gives how many entries that were. */
export async function copyLedger(deployment: Deployment, file: string): Promise<number> {
  const known = existsSync(file) ? readLedger(file) : [];
  const names = new Set(known.map(nameOf));
  const fromAt = Math.max(0, (known.at(-1)?.at ?? 0) - OVERLAP_MS);
  let copied = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await deployment.call(internal.erasure.ledger.page, { fromAt, cursor: cursor ?? null });
    const fresh = page.entries.filter((entry) => !names.has(nameOf(entry)));
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

/**
 * What of a ledger a deployment still has or has again, and of how many people and chats it does not know what was decided
 * and pinned.
 */
export type Found = Record<Entered, number>;

/**
 * Finds what a ledger says was deleted, chats without a key, and people and chats whose decisions and pins were forgotten;
 * with `apply` has it deleted again and what was decided brought into force.
 */
export async function replayLedger(deployment: Deployment, file: string, apply: boolean): Promise<Found> {
  const entries = readLedger(file);
  const subjects = new Set(
    entries.flatMap(({ what, subject }) => (what === "choices" || what === "pin" ? [] : [subject])),
  );
  const found: Found = { account: 0, chat: 0, file: 0, choices: 0, pin: 0 };
  for (const what of ["account", "chat", "file"] as const) {
    const isDeleted = ({ subject, isKeyless }: Row) => isKeyless || subjects.has(subject);
    const rows = await findRows(deployment, what, isDeleted);
    found[what] = rows.length;
    if (!apply) continue;
    for (const some of inPages(rows)) {
      await deployment.call(internal.erasure.replaying.forget, { what, ids: some.map(({ id }) => id) });
    }
  }
  const decided = newestOf(entries, ({ choices }) => choices);
  const people = await findRows(deployment, "choices", ({ subject }) => decided.has(subject));
  for (const some of inPages(people)) {
    const decisions = some.map(({ id, subject }) => ({
      id: id as Id<"users">,
      choices: decided.get(subject) as Choices,
    }));
    found.choices += await deployment.call(internal.erasure.replaying.decide, { decisions, apply });
  }
  const pinned = newestOf(entries, ({ pin }) => pin);
  const chats = await findRows(deployment, "pin", ({ subject }) => pinned.has(subject));
  for (const some of inPages(chats)) {
    const pins = some.map(({ id, subject }) => ({ id: id as Id<"threads">, pin: pinned.get(subject) as Pin }));
    found.pin += await deployment.call(internal.erasure.replaying.pin, { pins, apply });
  }
  return found;
}

/** What entries say last, by what they are of. */
function newestOf<Said>(entries: LedgerEntry[], said: (entry: LedgerEntry) => Said | undefined): Map<string, Said> {
  const inOrder = entries.toSorted((a, b) => a.at - b.at);
  return new Map(inOrder.flatMap((entry) => withSubject(entry, said(entry))));
}

function withSubject<Said>({ subject }: LedgerEntry, said: Said | undefined): [string, Said][] {
  return said === undefined ? [] : [[subject, said]];
}

/** A row of the deployment under the pseudonym that it has in the ledger. */
type Row = FunctionReturnType<typeof internal.erasure.replaying.rows>["rows"][number];

async function findRows(deployment: Deployment, what: Entered, isWanted: (row: Row) => boolean): Promise<Row[]> {
  const progress = new Progress(`rows compared (${what})`);
  const found: Row[] = [];
  let compared = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await deployment.call(internal.erasure.replaying.rows, { what, cursor: cursor ?? null });
    found.push(...page.rows.filter(isWanted));
    compared += page.rows.length;
    cursor = page.cursor;
    progress.reached(compared);
  }
  progress.end();
  return found;
}

function* inPages(rows: Row[]): Generator<Row[]> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) yield rows.slice(at, at + ROWS_AT_ONCE);
}

/** Tells entries apart: the same person decides more than once, and the same chat is pinned and unpinned. */
function nameOf({ subject, at, pin }: LedgerEntry): string {
  return `${subject} ${at} ${pin?.pinned ?? ""}`;
}

function parseEntry(line: string): LedgerEntry | null {
  try {
    const { what, subject, at, choices, pin } = JSON.parse(line) as Partial<LedgerEntry>;
    const isEntry = what !== undefined && typeof subject === "string" && typeof at === "number";
    return isEntry ? { what, subject, at, choices, pin } : null;
  } catch {
    return null;
  }
}

function raise(message: string): never {
  throw new Error(message);
}
