/** What must hold for a database after a kill, whatever was under way. */
import { DatabaseSync } from "node:sqlite";
import type { MovableClock } from "../../../src/runtime/clock.ts";
import { keysOf } from "../../../src/runtime/convex/store/catalog.ts";
import { openStore, type SqliteStore } from "../../../src/runtime/convex/store/store.ts";
import type { Json } from "../../../src/runtime/convex/types.ts";
import { keyToBlob } from "../../../src/runtime/convex/values/indexKey.ts";
import type { Testimony } from "./clients.ts";

type Row = Record<string, Json> & { _id: string };
interface Entry extends Row {
  writer: string;
  sequence: number;
  count: number;
  schedules: "mutation" | "action" | null;
}

const TABLES = ["entries", "totals", "runs", "drifting"];

/** Everything that is wrong with the database at `path` in the light of what clients were told; empty when all is well. */
export function judge(
  path: string,
  clock: MovableClock,
  testimonies: Testimony[],
  { isOver }: { isOver: boolean },
): string[] {
  const store = openStore({ path, clock });
  try {
    const rows = readRows(store);
    return [
      ...testimonies.flatMap(({ complaints }) => complaints),
      ...testimonies.flatMap((testimony) => judgeEntries(testimony, rows.entries as Entry[], rows.totals, isOver)),
      ...judgeRuns(rows.entries as Entry[], rows.runs, isOver),
      ...judgeTime(store, testimonies),
      ...judgeIndexes(store, path),
    ];
  } finally {
    store.close();
  }
}

interface Rows {
  entries: Row[];
  totals: Row[];
  runs: Row[];
}

function readRows(store: SqliteStore): Rows {
  return { entries: readTable(store, "entries"), totals: readTable(store, "totals"), runs: readTable(store, "runs") };
}

function readTable(store: SqliteStore, tableName: string): Row[] {
  const tx = store.begin();
  const stream = tx.query("", { source: { type: "FullTableScan", tableName, order: null }, operators: [] });
  const rows: Row[] = [];
  for (let text = stream.next(); text !== null; text = stream.next()) rows.push(JSON.parse(text));
  stream.close();
  tx.close();
  return rows;
}

/** No acknowledged entry is lost, none is there twice, and each was counted in the transaction that wrote it. */
function judgeEntries(testimony: Testimony, entries: Entry[], totals: Row[], isOver: boolean): string[] {
  const { writer, acknowledged, sent, isExactlyOnce } = testimony;
  const own = entries.filter((entry) => entry.writer === writer);
  const sequences = own.map(({ sequence }) => sequence);
  const present = new Set(sequences);
  const wanted = isOver && isExactlyOnce ? Array.from({ length: sent }, (_, sequence) => sequence) : [...acknowledged];
  const lost = wanted.filter((sequence) => !present.has(sequence));
  const counts = own.map(({ count }) => count).toSorted((a, b) => a - b);
  const total = totals.find((row) => row.writer === writer)?.count ?? 0;
  return [
    ...lost.map((sequence) => `${writer}: entry ${sequence} is lost`),
    ...(present.size === sequences.length ? [] : [`${writer}: an entry is there twice`]),
    ...(counts.every((count, index) => count === index + 1) ? [] : [`${writer}: the counts have gaps`]),
    ...(total === own.length ? [] : [`${writer}: ${own.length} entries, but a total of ${String(total)}`]),
  ];
}

/** Scheduled mutations ran at most once, and in the end exactly once; actions at most once at any time. */
function judgeRuns(entries: Entry[], runs: Row[], isOver: boolean): string[] {
  const scheduled = new Map(entries.map((entry) => [`${entry.writer}/${entry.sequence}`, entry.schedules]));
  const ran = new Map<string, number>();
  for (const { key, kind } of runs) ran.set(`${key} ${kind}`, (ran.get(`${key} ${kind}`) ?? 0) + 1);
  const twice = [...ran].filter(([, times]) => times > 1).map(([run, times]) => `${run} ran ${times} times`);
  const uncalled = runs.filter(({ key }) => !scheduled.get(String(key))).map(({ key }) => `${key} ran unscheduled`);
  const due = [...scheduled].filter(([key, kind]) => kind === "mutation" && !ran.has(`${key} mutation`));
  return [...twice, ...uncalled, ...(isOver ? due.map(([key]) => `${key} never ran`) : [])];
}

function judgeTime(store: SqliteStore, testimonies: Testimony[]): string[] {
  const ahead = testimonies.filter(({ latestTs }) => latestTs > store.latestTs());
  return ahead.map(({ writer }) => `${writer} saw a timestamp that is not in the database`);
}

/** No index entry without its document, and none missing. */
function judgeIndexes(store: SqliteStore, path: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const documents = database.prepare("SELECT id, json FROM documents").all() as { id: number; json: string }[];
    const wanted = new Set(documents.flatMap(({ id, json }) => entriesOf(store, id, JSON.parse(json) as Row)));
    const entries = database
      .prepare("SELECT index_id || ' ' || hex(key) || ' ' || document_id AS entry FROM index_entries")
      .all() as { entry: string }[];
    const found = new Set(entries.map(({ entry }) => entry));
    const stray = found.difference(wanted).size;
    const missing = wanted.difference(found).size;
    const counted = TABLES.filter((table) => store.catalog.count("", table) !== readTable(store, table).length);
    return [
      ...(stray ? [`${stray} index entries without a document`] : []),
      ...(missing ? [`${missing} index entries are missing`] : []),
      ...counted.map((table) => `${table} has another number of rows than its counter says`),
    ];
  } finally {
    database.close();
  }
}

function entriesOf({ catalog }: SqliteStore, rowId: number, document: Row): string[] {
  const table = catalog.tableByIdString("", document._id);
  if (!table) return [`document ${rowId} of no table`];
  return keysOf(table, document).map((key, position) => {
    const bytes = Buffer.from(keyToBlob(key)).toString("hex").toUpperCase();
    return `${table.indexes[position]?.id} ${bytes} ${rowId}`;
  });
}
