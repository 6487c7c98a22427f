/** A store in a folder of its own, and short ways to say what the tests say often. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { openStore, type SqliteStore } from "../../../src/runtime/convex/store/store.ts";
import type {
  DocumentStream,
  Json,
  QueryJson,
  RangeJson,
  SchemaJson,
  TableJson,
  Transaction,
  ValidatorJson,
} from "../../../src/runtime/convex/types.ts";

export type Document = { _id: string; _creationTime: number } & Record<string, Json>;

const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A folder that is removed after the test. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "store-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A store that is closed after the test. Its clock stands still, so that nothing depends on the time. */
export async function tempStore(...tables: TableJson[]): Promise<SqliteStore> {
  const store = openAt(join(await tempFolder(), "convex.sqlite"));
  cleanups.push(() => store.close());
  store.catalog.applySchema("", schema(...tables));
  return store;
}

export function openAt(path: string, nowMs = 1_700_000_000_000): SqliteStore {
  return openStore({ path, clock: { nowMs: () => nowMs } });
}

export function schema(...tables: TableJson[]): SchemaJson {
  return { tables, schemaValidation: true };
}

/** `indexes`: name → fields. */
export function table(
  tableName: string,
  indexes: Record<string, string[]> = {},
  documentType?: ValidatorJson,
): TableJson {
  return {
    tableName,
    indexes: Object.entries(indexes).map(([indexDescriptor, fields]) => ({ indexDescriptor, fields })),
    documentType,
  };
}

export function scanOf(tableName: string, order: "asc" | "desc" | null = null): QueryJson {
  return { source: { type: "FullTableScan", tableName, order }, operators: [] };
}

export function rangeOf(indexName: string, range: RangeJson[], order: "asc" | "desc" | null = null): QueryJson {
  return { source: { type: "IndexRange", indexName, range, order }, operators: [] };
}

/** `where("a", "Eq", 1)` is `{ type: "Eq", fieldPath: "a", value: 1 }`. */
export function where(fieldPath: string, type: RangeJson["type"], value: Json): RangeJson {
  return { type, fieldPath, value };
}

export function withOperators(query: QueryJson, ...operators: QueryJson["operators"]): QueryJson {
  return { ...query, operators };
}

export function all(tx: Transaction, query: QueryJson): Document[] {
  return drain(tx.query("", query));
}

export function drain(stream: DocumentStream): Document[] {
  const documents: Document[] = [];
  for (let json = stream.next(); json !== null; json = stream.next()) documents.push(JSON.parse(json) as Document);
  return documents;
}

/** The values of one field, in the query's order. */
export function fieldOf(name: string, documents: Document[]): (Json | undefined)[] {
  return documents.map((document) => document[name]);
}

/** Runs `work` in a transaction and commits it. */
export async function commit<Result>(store: SqliteStore, work: (tx: Transaction) => Result): Promise<Result> {
  const tx = store.begin();
  const result = work(tx);
  await store.commit(tx);
  return result;
}

/** Reads in a transaction that is closed at once. */
export function read<Result>(store: SqliteStore, work: (tx: Transaction) => Result): Result {
  const tx = store.begin();
  try {
    return work(tx);
  } finally {
    tx.close();
  }
}
