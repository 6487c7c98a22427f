/** Puts the documents of an import into the database, in one of the CLI's four modes. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { SqliteStore } from "../store/store.ts";
import type { TableTarget } from "../store/tableLoad.ts";
import type { ComponentPath, Json, Transaction } from "../types.ts";
import type { JsonObject } from "../values/encoded.ts";
import { decodeId } from "../values/ids.ts";
import { nameOf, type Progress } from "./archive.ts";
import { ImportError } from "./rows.ts";

/** What the tables in the import are to become; only `append` shows parts of an import that fails. */
export type ImportMode = "requireEmpty" | "append" | "replace" | "replaceAll";

/** Documents written at a time, between which others are served. */
const BATCH_DOCUMENTS = 500;

/** A table of an import; `documents` can be read more than once. */
export interface ImportedTable {
  component: ComponentPath;
  name: string;
  number: number | null;
  documents: () => AsyncIterable<JsonObject>;
}

export interface TableChange {
  component: ComponentPath;
  name: string;
  added: number;
  deleted: number;
  existing: number;
}

/** What the import would do. Throws `ImportError` when the mode forbids it. */
export async function plannedChanges(
  store: SqliteStore,
  tables: ImportedTable[],
  mode: ImportMode,
  components: readonly ComponentPath[],
): Promise<TableChange[]> {
  const changes: TableChange[] = [];
  for (const { component, name, documents } of tables) {
    if (!components.includes(component)) throw new ImportError(`There is no component "${component}" here.`);
    let added = 0;
    for await (const _ of documents()) added += 1;
    const existing = store.catalog.count(component, name);
    if (mode === "requireEmpty" && existing > 0)
      throw new ImportError(
        `Table "${nameOf({ component, name })}" is not empty. Import with --append to add to it, or --replace to replace it.`,
      );
    changes.push({ component, name, added, deleted: mode === "append" ? 0 : existing, existing });
  }
  return mode === "replaceAll" ? [...changes, ...clearedTables(store, tables, components)] : changes;
}

/** Performs the import. Returns how many documents it wrote. Throws `ImportError` or `DeveloperError`. */
export async function performImport(
  parts: { store: SqliteStore; transact: Transact; progress?: Progress },
  { tables, mode, changes }: { tables: ImportedTable[]; mode: ImportMode; changes: TableChange[] },
): Promise<number> {
  const totals = new Map(changes.map((change) => [nameOf(change), change.added]));
  const report = (table: ImportedTable, done: number) =>
    parts.progress?.(nameOf(table), done, totals.get(nameOf(table)) ?? 0);
  if (mode === "append") return append(parts.transact, tables, report);
  return replace(parts.store, { tables, report, cleared: changes.filter((change) => isCleared(change, tables)) });
}

type Transact = (write: (tx: Transaction) => void) => Promise<void>;
type Report = (table: ImportedTable, done: number) => void;

async function replace(
  store: SqliteStore,
  { tables, report, cleared }: { tables: ImportedTable[]; report: Report; cleared: TableChange[] },
): Promise<number> {
  const numbered = await Promise.all(tables.map(withNumber));
  const load = store.loadTables([
    ...numbered,
    ...cleared.map(({ component, name }) => ({ component, name, number: null })),
  ]);
  let written = 0;
  try {
    for (const table of numbered) {
      let done = 0;
      for await (const batch of inBatches(table.documents())) {
        load.add(table, batch);
        done += batch.length;
        report(table, done);
        await nextTurn();
      }
      written += done;
    }
    await load.finish();
    return written;
  } catch (error) {
    await load.sweep();
    throw error;
  }
}

async function append(transact: Transact, tables: ImportedTable[], report: Report): Promise<number> {
  let written = 0;
  for (const table of tables) {
    let done = 0;
    for await (const batch of inBatches(table.documents())) {
      await transact((tx) => {
        for (const document of batch) tx.insert(table.component, table.name, document as Json);
      });
      done += batch.length;
      report(table, done);
    }
    written += done;
  }
  return written;
}

/** Files that do not name table numbers tell them by their documents' ids. */
async function withNumber(table: ImportedTable): Promise<ImportedTable & TableTarget> {
  if (table.number !== null) return table;
  for await (const { _id } of table.documents())
    return { ...table, number: (typeof _id === "string" && decodeId(_id)?.tableNumber) || null };
  return table;
}

function clearedTables(
  store: SqliteStore,
  tables: ImportedTable[],
  components: readonly ComponentPath[],
): TableChange[] {
  return components.flatMap((component) =>
    store.catalog
      .tableNames(component)
      .map((name) => ({ component, name, existing: store.catalog.count(component, name) }))
      .filter((table) => isCleared(table, tables))
      .map((table) => ({ ...table, added: 0, deleted: table.existing })),
  );
}

function isCleared(table: { component: ComponentPath; name: string }, tables: ImportedTable[]): boolean {
  return !tables.some(({ component, name }) => component === table.component && name === table.name);
}

async function* inBatches(documents: AsyncIterable<JsonObject>): AsyncGenerator<JsonObject[]> {
  let batch: JsonObject[] = [];
  for await (const document of documents) {
    batch.push(document);
    if (batch.length < BATCH_DOCUMENTS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
