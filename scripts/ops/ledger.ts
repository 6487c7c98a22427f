/** The copy of the erasure ledger that operators keep apart: a file with one entry a line, as JSON, the oldest first. */
import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import type { FunctionReturnType } from "convex/server";
import { internal } from "../../convex/_generated/api.js";
import type { Id } from "../../convex/_generated/dataModel.js";
import type { Entered, Forgotten } from "../../convex/erasure/ledger.ts";
import { Progress } from "../progress.ts";
import type { Deployment } from "./deployment.ts";

const { ledger, replaying } = internal.erasure;

export type LedgerEntry = FunctionReturnType<typeof ledger.page>["entries"][number];

/** Entries that were committed late may be older than the newest in the file, but not by more than this. */
const OVERLAP_MS = 10 * 60_000;
/** What one transaction of a replay forgets or brings into force at most. */
const ROWS_AT_ONCE = 20;

/** Appends to a file what the deployment has entered since; gives how many entries that were. */
export async function copyLedger(deployment: Deployment, file: string): Promise<number> {
  if (existsSync(file)) cutToLines(file);
  const known = existsSync(file) ? readLedger(file) : [];
  const fromAt = Math.max(0, (known.at(-1)?.at ?? 0) - OVERLAP_MS);
  const names = new Set(known.flatMap((entry) => (entry.at >= fromAt ? [nameOf(entry)] : [])));
  let copied = 0;
  for await (const entries of enteredSince(deployment, fromAt)) {
    const fresh = entries.filter((entry) => !names.has(nameOf(entry)));
    appendFileSync(file, fresh.map((entry) => `${JSON.stringify(entry)}\n`).join(""), { mode: 0o600 });
    copied += fresh.length;
  }
  return copied;
}

/** The entries in a file. Throws an Error that names the line that is none; the last may be cut short by a crash. */
export function readLedger(file: string): LedgerEntry[] {
  const lines = readFileSync(file, "utf8").split("\n");
  const whole = lines.slice(0, -1);
  return whole.map((line, index) => parseEntry(line) ?? raise(`${file}: line ${index + 1} is no entry of a ledger.`));
}

/** Of how many accounts, chats and files a deployment has what a ledger says is otherwise, by kind of entry. */
export type Found = Record<Entered, number>;

interface Replay {
  deployment: Deployment;
  entries: LedgerEntry[];
  apply: boolean;
}

/**
 * Finds what a ledger says was deleted, chats without a key, and accounts and chats whose legal holds, decisions and pins are
 * not those of the ledger; with `apply` has it deleted again and brought into force. What the deployment has entered itself
 * counts too, since a backup may be newer than the copy of the ledger.
 */
export async function replayLedger(deployment: Deployment, file: string, apply: boolean): Promise<Found> {
  const entries = readLedger(file);
  for await (const own of enteredSince(deployment, 0)) for (const entry of own) entries.push(entry);
  const replay = { deployment, entries, apply };
  const holds = await replayHolds(replay);
  const deletions = await replayDeletions(replay);
  return { ...holds, ...deletions, choices: await replayChoices(replay), pin: await replayPins(replay) };
}

/** All holds are brought into force before anything that waited for one of them goes on. */
async function replayHolds(replay: Replay): Promise<Pick<Found, "accountHolds" | "chatHolds">> {
  const { deployment, apply } = replay;
  const changed = { accountHolds: [] as Id<"users">[], chatHolds: [] as Id<"users">[] };
  for (const what of ["accountHolds", "chatHolds"] as const) {
    for await (const some of standing(replay, what, ({ holds }) => holds)) {
      const held = some.map(({ id, said }) => ({ id, holds: said }));
      changed[what].push(...(await deployment.call(replaying.hold, { what, held, apply })));
    }
  }
  const ownerIds = [...new Set([...changed.accountHolds, ...changed.chatHolds])];
  for (const some of apply ? inPages(ownerIds, "accounts looked at that were held") : []) {
    await deployment.call(replaying.resume, { ownerIds: some });
  }
  return { accountHolds: changed.accountHolds.length, chatHolds: changed.chatHolds.length };
}

/** All is found before any of it is deleted: an account takes keys of its chats with it. */
async function replayDeletions({ deployment, entries, apply }: Replay): Promise<Record<Forgotten, number>> {
  const deletedAt = firstDeletions(entries);
  const isDeleted = ({ subject, isKeyless }: Row) => isKeyless || deletedAt.has(subject);
  const account = await findRows(deployment, "account", isDeleted);
  const chat = await findRows(deployment, "chat", isDeleted);
  const file = await findRows(deployment, "file", isDeleted);
  for (const [what, rows] of apply ? Object.entries({ account, chat, file }) : []) {
    for (const some of inPages(rows, `deleted again (${what})`)) {
      const forgotten = some.map(({ id, subject }) => ({ id, at: deletedAt.get(subject) }));
      await deployment.call(replaying.forget, { what: what as Forgotten, forgotten });
    }
  }
  return { account: account.length, chat: chat.length, file: file.length };
}

async function replayChoices(replay: Replay): Promise<number> {
  let changed = 0;
  for await (const some of standing(replay, "choices", ({ choices }) => choices)) {
    const decisions = some.map(({ id, said }) => ({ id: id as Id<"users">, choices: said }));
    changed += await replay.deployment.call(replaying.decide, { decisions, apply: replay.apply });
  }
  return changed;
}

async function replayPins(replay: Replay): Promise<number> {
  let changed = 0;
  for await (const some of standing(replay, "pin", ({ pin }) => pin)) {
    const pins = some.map(({ id, said }) => ({ id: id as Id<"threads">, pin: said }));
    changed += await replay.deployment.call(replaying.pin, { pins, apply: replay.apply });
  }
  return changed;
}

/** Pages of what the newest entries of a kind say, of what is in the deployment. */
async function* standing<Said>(
  { deployment, entries }: Replay,
  what: Exclude<Entered, Forgotten>,
  saidBy: (entry: LedgerEntry) => Said | undefined,
): AsyncGenerator<{ id: string; said: Said }[]> {
  const newest = newestOf(entries, saidBy);
  if (newest.size === 0) return;
  const rows = await findRows(deployment, what, ({ subject }) => newest.has(subject));
  for (const some of inPages(rows, `brought into force (${what})`)) {
    yield some.map(({ id, subject }) => ({ id, said: newest.get(subject) as Said }));
  }
}

/** When each thing was first deleted. An erasure that a legal hold had kept waiting is entered once more when it goes on. */
function firstDeletions(entries: LedgerEntry[]): Map<string, number> {
  const deletions = entries.filter(({ what }) => what === "account" || what === "chat" || what === "file");
  const lastFirst = deletions.toSorted((a, b) => b.at - a.at);
  return new Map(lastFirst.map(({ subject, at }) => [subject, at]));
}

/** What entries say last, by what they are of. */
function newestOf<Said>(entries: LedgerEntry[], saidBy: (entry: LedgerEntry) => Said | undefined): Map<string, Said> {
  const newest = new Map<string, Said>();
  for (const entry of entries.toSorted((a, b) => a.at - b.at)) {
    const said = saidBy(entry);
    if (said !== undefined) newest.set(entry.subject, said);
  }
  return newest;
}

/** What a deployment has entered from a time on, by pages, the oldest first. */
async function* enteredSince(deployment: Deployment, fromAt: number): AsyncGenerator<LedgerEntry[]> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await deployment.call(ledger.page, { fromAt, cursor: cursor ?? null });
    yield page.entries;
    cursor = page.cursor;
  }
}

/** A row of the deployment under the pseudonym that it has in the ledger. */
type Row = FunctionReturnType<typeof replaying.rows>["rows"][number];

/** Where what the ledger has entries of is to be found. The account of a person who is being erased may have no other row. */
const TABLES = {
  account: ["users"],
  chat: ["threads"],
  file: ["media"],
  choices: ["users"],
  pin: ["threads"],
  accountHolds: ["users", "erasureJobs"],
  chatHolds: ["threads"],
} as const;

/** The rows that are wanted, each once. */
async function findRows(deployment: Deployment, what: Entered, isWanted: (row: Row) => boolean): Promise<Row[]> {
  const progress = new Progress(`rows compared (${what})`);
  const found = new Map<string, Row>();
  let compared = 0;
  for (const table of TABLES[what]) {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await deployment.call(replaying.rows, { what, table, cursor: cursor ?? null });
      for (const row of page.rows) if (isWanted(row)) found.set(row.id, row);
      compared += page.rows.length;
      cursor = page.cursor;
      progress.reached(compared);
    }
  }
  progress.end();
  return [...found.values()];
}

/** Pages of what one transaction takes. A terminal shows how many are `done`, in the words of that. */
function* inPages<Item>(items: Item[], done: string): Generator<Item[]> {
  const progress = new Progress(done, items.length);
  for (let at = 0; at < items.length; at += ROWS_AT_ONCE) {
    yield items.slice(at, at + ROWS_AT_ONCE);
    progress.reached(Math.min(at + ROWS_AT_ONCE, items.length));
  }
  progress.end();
}

/** Cuts off what a crash left of a line, so that what is appended begins one. */
function cutToLines(file: string): void {
  const bytes = readFileSync(file);
  truncateSync(file, bytes.lastIndexOf("\n") + 1);
}

/** Tells entries apart: each of a subject is later than the one before. */
function nameOf({ subject, at }: LedgerEntry): string {
  return `${subject} ${at}`;
}

function parseEntry(line: string): LedgerEntry | null {
  try {
    const entry = JSON.parse(line) as Partial<LedgerEntry> | null;
    const isEntry = entry?.what !== undefined && typeof entry.subject === "string" && typeof entry.at === "number";
    return isEntry ? (entry as LedgerEntry) : null;
  } catch {
    return null;
  }
}

function raise(message: string): never {
  throw new Error(message);
}
