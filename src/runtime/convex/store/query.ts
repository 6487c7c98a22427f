/** Queries: from the AST the client library builds to a stream of documents. */
import { DeveloperError } from "../errors.ts";
import type { ComponentPath, JsonText, QueryJson } from "../types.ts";
import type { JsonObject } from "../values/encoded.ts";
import { afterValues, type KeyInterval } from "../values/indexKey.ts";
import { QUERY_OPERATORS_MAX } from "../values/limits.ts";
import type { IndexDefinition, SqliteCatalog, TableDefinition } from "./catalog.ts";
import type { Position } from "./cursor.ts";
import { compileFilter, type Predicate } from "./filter.ts";
import { intervalOfRange, WHOLE_INDEX } from "./indexRange.ts";
import type { IndexScan } from "./indexScan.ts";
import type { IndexEntry, Order } from "./snapshots.ts";

/** A query resolved against the catalogue: which interval of which index, and what happens to its documents. */
export interface QueryPlan {
  readonly table: TableDefinition;
  readonly index: IndexDefinition;
  readonly interval: KeyInterval;
  readonly order: Order;
  readonly steps: readonly QueryStep[];
}

type QueryStep = { kind: "filter"; passes: Predicate } | { kind: "limit"; count: number };

/** Resolves a query. Throws `DeveloperError` for indexes, ranges or expressions that do not exist or make no sense. */
export function planQuery(catalog: SqliteCatalog, namespace: ComponentPath, query: QueryJson): QueryPlan {
  return { ...planSource(catalog, namespace, query.source), steps: planSteps(query.operators) };
}

function planSource(
  catalog: SqliteCatalog,
  namespace: ComponentPath,
  source: QueryJson["source"],
): Omit<QueryPlan, "steps"> {
  switch (source.type) {
    case "FullTableScan": {
      const table = catalog.table(namespace, source.tableName);
      const index = indexNamed(table, "by_creation_time");
      return { table, index, interval: WHOLE_INDEX, order: source.order ?? "asc" };
    }
    case "IndexRange": {
      const [tableName, indexName] = source.indexName.split(".", 2) as [string, string];
      const table = catalog.table(namespace, tableName);
      const index = indexNamed(table, indexName);
      const interval = intervalOfRange(index, source.indexName, source.range);
      return { table, index, interval, order: source.order ?? "asc" };
    }
    default:
      throw new DeveloperError(
        "SearchUnsupported",
        "Text search is not available in the embedded runtime; deploy to Convex to use search indexes.",
      );
  }
}

function indexNamed(table: TableDefinition, name: string): IndexDefinition {
  const index = table.indexes.find((candidate) => candidate.name === name);
  if (!index) throw new DeveloperError("IndexNotFoundError", `Index ${table.name}.${name} not found.`);
  if (!index.staged) return index;
  throw new DeveloperError("StagedIndex", `Index ${table.name}.${name} is staged, so it cannot be queried yet.`);
}

function planSteps(operators: QueryJson["operators"]): QueryStep[] {
  if (operators.length > QUERY_OPERATORS_MAX) {
    throw new DeveloperError("TooManyOperators", `A query cannot have more than ${QUERY_OPERATORS_MAX} operators.`);
  }
  return operators.map((operator) =>
    "filter" in operator
      ? { kind: "filter", passes: compileFilter(operator.filter) }
      : { kind: "limit", count: operator.limit },
  );
}

/** How many index entries a query will read at most, when no filter comes before its first limit. */
export function expectedRowsOf(plan: QueryPlan): number | undefined {
  const [first] = plan.steps;
  return first?.kind === "limit" ? first.count : undefined;
}

/** The part of `interval` after `start`, up to and with `end`, in the query's order. */
export function intervalBetween(
  interval: KeyInterval,
  order: Order,
  start: Position | null,
  end: Position | null,
): KeyInterval {
  const afterStart = start ? splitAt(interval, order, start).after : interval;
  return end ? splitAt(afterStart, order, end).upTo : afterStart;
}

/** What a scan has read once it stands at `position`: everything from its beginning up to there. */
export function readUpTo(interval: KeyInterval, order: Order, position: Position): KeyInterval {
  return splitAt(interval, order, position).upTo;
}

function splitAt(
  { start, end }: KeyInterval,
  order: Order,
  position: Position,
): { upTo: KeyInterval; after: KeyInterval } {
  const nothing = { start: end, end: end };
  if (position.kind === "end") return { upTo: { start, end }, after: nothing };
  if (order === "asc") {
    const border = clamp(afterValues(position.key), start, end);
    return { upTo: { start, end: border }, after: { start: border, end } };
  }
  const border = clamp(position.key, start, end);
  return { upTo: { start: border, end }, after: { start, end: border } };
}

function clamp(key: string, low: string, high: string): string {
  if (key < low) return low;
  return key > high ? high : key;
}

/** Runs a plan's steps over a scan. */
export class QueryStream {
  readonly #scan: IndexScan;
  readonly #steps: readonly QueryStep[];
  /** Documents each limit has let through so far, by its position in `#steps`. */
  readonly #passed: number[];
  readonly #onRead: (entry: IndexEntry | null) => void;
  #isDone = false;

  /** `onRead` is told each entry before it is used, and null once at the end of the scan; it may throw. */
  constructor(scan: IndexScan, steps: readonly QueryStep[], onRead: (entry: IndexEntry | null) => void) {
    this.#scan = scan;
    this.#steps = steps;
    this.#passed = steps.map(() => 0);
    this.#onRead = onRead;
  }

  next(): JsonText | null {
    while (!this.#isDone && !this.#isLimitReached()) {
      const entry = this.#scan.next();
      this.#onRead(entry);
      if (!entry) this.close();
      else if (this.#passes(entry.document.json)) return entry.document.json;
    }
    return null;
  }

  close(): void {
    this.#isDone = true;
  }

  #isLimitReached(): boolean {
    return this.#steps.some(
      (step, position) => step.kind === "limit" && (this.#passed[position] as number) >= step.count,
    );
  }

  #passes(json: JsonText): boolean {
    let document: JsonObject | null = null;
    for (const [position, step] of this.#steps.entries()) {
      if (step.kind === "limit") {
        this.#passed[position] = (this.#passed[position] as number) + 1;
      } else {
        document ??= JSON.parse(json) as JsonObject;
        if (!step.passes(document)) return false;
      }
    }
    return true;
  }
}
