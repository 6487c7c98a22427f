/** One transaction: reads of a snapshot, writes in memory, and a record of what was read. */
import { ConflictError, DeveloperError } from "../errors.ts";
import type {
  ComponentPath,
  DocumentStream,
  Json,
  JsonText,
  PageRequest,
  PageResult,
  QueryJson,
  Savepoint,
  Transaction,
  TransactionUsage,
} from "../types.ts";
import type { JsonObject } from "../values/encoded.ts";
import { decodeId, encodeId } from "../values/ids.ts";
import { afterValues, type KeyInterval, keyOfId } from "../values/indexKey.ts";
import { validate } from "../values/validate.ts";
import { isSystemTable, keysOf, type SqliteCatalog, type TableDefinition } from "./catalog.ts";
import type { CursorBox } from "./cursor.ts";
import { type BuiltDocument, contentOf, newDocument, patched, replaced, type StoredDocument } from "./document.ts";
import { WHOLE_INDEX } from "./indexRange.ts";
import { IndexScan } from "./indexScan.ts";
import { readPage } from "./pagination.ts";
import { type DocumentVersion, PendingWrites } from "./pendingWrites.ts";
import { expectedRowsOf, planQuery, QueryStream, readUpTo } from "./query.ts";
import { IntervalReadSet } from "./readSet.ts";
import type { Order, Snapshot } from "./snapshots.ts";
import { TransactionMeter } from "./transactionMeter.ts";

/** What a transaction needs from the store. */
export interface TransactionHost {
  readonly catalog: SqliteCatalog;
  readonly cursors: CursorBox;
  /** 16 random bytes. */
  newInternalId(): Uint8Array;
  /** A creation time, milliseconds: now, or just above the last one given. */
  newCreationTime(): number;
  /** A transaction over the snapshot of a timestamp that another one holds open. */
  begin(atTs: bigint): SqliteTransaction;
  /** Gives the snapshot back. */
  release(snapshot: Snapshot): void;
}

export class SqliteTransaction implements Transaction {
  readonly beginTs: bigint;
  readonly reads = new IntervalReadSet();
  readonly pending = new PendingWrites();
  readonly catalogVersion: number;
  readonly #host: TransactionHost;
  readonly #meter = new TransactionMeter();
  #snapshot: Snapshot | null;

  constructor(host: TransactionHost, snapshot: Snapshot) {
    this.beginTs = snapshot.ts;
    this.catalogVersion = snapshot.catalogVersion;
    this.#host = host;
    this.#snapshot = snapshot;
  }

  get usage(): Readonly<TransactionUsage> {
    return this.#meter;
  }

  get limits(): Readonly<TransactionUsage> {
    return this.#meter.limits;
  }

  get isOpen(): boolean {
    return this.#snapshot !== null;
  }

  get hasWrites(): boolean {
    return !this.pending.isEmpty;
  }

  get(namespace: ComponentPath, id: string, tableName?: string): JsonText | null {
    const table = this.#tableOfId(namespace, id);
    if (!table) return null;
    checkTableName(table, tableName);
    return this.#read(table, id)?.json ?? null;
  }

  query(namespace: ComponentPath, query: QueryJson): DocumentStream {
    const plan = planQuery(this.#host.catalog, namespace, query);
    const { table, index, interval, order } = plan;
    const scan = this.scan(index.id, interval, order, expectedRowsOf(plan));
    return new QueryStream(scan, plan.steps, (entry) => {
      const position = entry ? ({ kind: "after", key: entry.key } as const) : ({ kind: "end" } as const);
      this.recordInterval(index.id, readUpTo(interval, order, position));
      if (entry) this.recordDocument(table, entry.document);
    });
  }

  page(namespace: ComponentPath, request: PageRequest): PageResult {
    return readPage(this, this.#host.cursors, planQuery(this.#host.catalog, namespace, request.query), request);
  }

  count(namespace: ComponentPath, tableName: string): number {
    const table = this.#host.catalog.table(namespace, tableName);
    this.recordInterval(table.byId.id, WHOLE_INDEX);
    return this.#openSnapshot().count(table.id) + this.pending.documentDelta(table.id);
  }

  insert(namespace: ComponentPath, tableName: string, value: Json): string {
    const table = this.#host.catalog.table(namespace, tableName);
    const id = encodeId(table.number, this.#host.newInternalId());
    const ownership = { isSystem: isSystemTable(table) };
    this.#write(table, id, null, newDocument(value, id, this.#host.newCreationTime(), ownership));
    return id;
  }

  patch(namespace: ComponentPath, id: string, value: Json, tableName?: string): JsonText {
    return this.#update(namespace, id, tableName, (current, ownership) => patched(current, value, ownership));
  }

  replace(namespace: ComponentPath, id: string, value: Json, tableName?: string): JsonText {
    return this.#update(namespace, id, tableName, (current, ownership) => replaced(current, value, ownership));
  }

  remove(namespace: ComponentPath, id: string, tableName?: string): JsonText {
    const { table, document } = this.#existing(namespace, id, tableName, "Delete");
    this.#meter.recordWrite(isSystemTable(table), 0);
    this.pending.put(table, id, { document, keys: keysOf(table, JSON.parse(document.json) as JsonObject) }, null);
    return document.json;
  }

  normalizeId(namespace: ComponentPath, tableName: string, id: string): string | null {
    return this.#host.catalog.tableOfId(namespace, id) === tableName ? id : null;
  }

  recordSchedule(argsBytes: number): void {
    this.#meter.recordSchedule(argsBytes);
  }

  tighten(budget: Partial<TransactionUsage>): () => void {
    return this.#meter.tighten(budget);
  }

  asBegun(): SqliteTransaction {
    return this.#host.begin(this.beginTs);
  }

  savepoint(): Savepoint {
    const mark = this.pending.mark();
    const forgetWrites = this.#meter.markWrites();
    const rollback = () => {
      this.pending.rollbackTo(mark);
      forgetWrites();
    };
    // Kept writes need nothing done: they are this transaction's own until it ends.
    return { rollback, release: () => {} };
  }

  close(): void {
    if (this.#snapshot) this.#host.release(this.#snapshot);
    this.#snapshot = null;
  }

  /** Entries of an index interval, own writes included. Records nothing: the caller says what it used. */
  scan(indexId: number, interval: KeyInterval, order: Order, expectedRows?: number): IndexScan {
    const source = { snapshot: this.#openSnapshot(), pending: this.pending };
    return new IndexScan(source, indexId, interval, order, expectedRows);
  }

  /** Adds to the read set. Throws `DeveloperError` when there are too many intervals. */
  recordInterval(indexId: number, interval: KeyInterval): void {
    this.reads.add(indexId, interval);
    this.#meter.recordIntervals(this.reads.intervalCount);
  }

  /** Counts a document as read. Throws `DeveloperError` when there are too many. */
  recordDocument(table: TableDefinition, document: StoredDocument): void {
    this.#meter.recordRead(isSystemTable(table), document.sizeBytes);
  }

  /** A schema change ends every transaction begun before it: its snapshot lacks what new indexes would need. */
  #openSnapshot(): Snapshot {
    if (!this.#snapshot) throw new Error("the transaction has ended");
    if (this.catalogVersion === this.#host.catalog.version) return this.#snapshot;
    throw new ConflictError("The schema changed while this function was running.");
  }

  #tableOfId(namespace: ComponentPath, id: string): TableDefinition | null {
    const table = this.#host.catalog.tableByIdString(namespace, id);
    if (table || decodeId(id)) return table;
    throw new DeveloperError("InvalidId", `Invalid argument \`id\`: Unable to decode ID "${id.slice(0, 64)}".`);
  }

  #read(table: TableDefinition, id: string): StoredDocument | null {
    const key = keyOfId(id);
    this.recordInterval(table.byId.id, { start: key, end: afterValues(key) });
    const change = this.pending.get(id);
    const document = change ? (change.after?.document ?? null) : this.#openSnapshot().get(table.byId.id, key);
    if (document) this.recordDocument(table, document);
    return document;
  }

  #existing(
    namespace: ComponentPath,
    id: string,
    tableName: string | undefined,
    verb: "Update" | "Delete",
  ): { table: TableDefinition; document: StoredDocument } {
    const table = this.#tableOfId(namespace, id);
    if (table) checkTableName(table, tableName);
    const document = table && this.#read(table, id);
    if (document) return { table, document };
    throw new DeveloperError("NonexistentDocument", `${verb} on nonexistent document ID ${id}`);
  }

  #update(
    namespace: ComponentPath,
    id: string,
    tableName: string | undefined,
    change: (current: JsonObject, ownership: { isSystem: boolean }) => BuiltDocument,
  ): JsonText {
    const { table, document } = this.#existing(namespace, id, tableName, "Update");
    const object = JSON.parse(document.json) as JsonObject;
    const built = change(object, { isSystem: isSystemTable(table) });
    this.#write(table, id, { document, keys: keysOf(table, object) }, built);
    return built.json;
  }

  #write(table: TableDefinition, id: string, current: DocumentVersion | null, built: BuiltDocument): void {
    this.#openSnapshot();
    this.#checkSchema(table, built.object);
    this.#meter.recordWrite(isSystemTable(table), built.sizeBytes);
    const document = { rowId: current?.document.rowId ?? null, json: built.json, sizeBytes: built.sizeBytes };
    this.pending.put(table, id, current, { document, keys: keysOf(table, built.object) });
  }

  #checkSchema(table: TableDefinition, document: JsonObject): void {
    if (!table.validator) return;
    const tableNameOf = (number: number) => this.#host.catalog.tableNameOf(table.namespace, number);
    const problem = validate(table.validator, contentOf(document), tableNameOf);
    if (!problem) return;
    throw new DeveloperError(
      "SchemaEnforcementError",
      `Failed to insert or update a document in table "${table.name}" because it does not match the schema: ${problem}`,
    );
  }
}

function checkTableName(table: TableDefinition, expected: string | undefined): void {
  if (expected === undefined || expected === table.name) return;
  throw new DeveloperError(
    "InvalidTable",
    `Invalid argument \`id\`: expected to be an Id<"${expected}">, got Id<"${table.name}"> instead.`,
  );
}
