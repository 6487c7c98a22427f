/**
 * Fills tables with documents that bring their ids along, as imports do.
 *
 * [Note: Tables filled aside]
 * An import must show all of itself or nothing, but is too large for one transaction. So its documents go into new
 * tables aside, in as many small commits as it takes, and one last commit lets these take the places of the tables
 * in service. What is left aside, by a crash or by that last commit, is swept away.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { DeveloperError } from "../errors.ts";
import type { ComponentPath } from "../types.ts";
import type { JsonObject } from "../values/encoded.ts";
import { decodeId, encodeId } from "../values/ids.ts";
import { keyToBlob } from "../values/indexKey.ts";
import { validate } from "../values/validate.ts";
import { ASIDE, INSERT_ENTRY, keysOf, type SqliteCatalog, type TableDefinition } from "./catalog.ts";
import type { Connection } from "./connection.ts";
import { type BuiltDocument, contentOf, newDocument } from "./document.ts";

const SWEEP_ENTRIES = 1_000;

export interface TableTarget {
  component: ComponentPath;
  name: string;
  /** The table number that the documents' ids carry; null: whatever the table has. */
  number: number | null;
}

/** What a load needs from the store. */
export interface LoadHost {
  readonly connection: Connection;
  readonly catalog: SqliteCatalog;
  newInternalId(): Uint8Array;
  newCreationTime(): number;
  /** Called before each write. */
  beforeWrite(): void;
}

interface Staged {
  readonly target: TableTarget;
  readonly number: number;
  readonly table: TableDefinition;
  documentCount: number;
}

export class TableLoad {
  readonly #host: LoadHost;
  readonly #staged: Map<TableTarget, Staged>;

  constructor(host: LoadHost, targets: readonly TableTarget[]) {
    this.#host = host;
    this.#staged = new Map(targets.map((target) => [target, stage(host, target)]));
    this.#write(() => {
      for (const { table } of this.#staged.values())
        host.catalog.store({ ...table, namespace: ASIDE, name: String(table.id), number: table.id });
    });
  }

  /** Adds documents to a table; `_id` and `_creationTime` are made up where missing. Throws `DeveloperError`. */
  add(target: TableTarget, documents: readonly JsonObject[]): void {
    const staged = this.#staged.get(target) as Staged;
    const built = documents.map((document) => this.#built(staged, document));
    this.#write(() => {
      for (const document of built) insert(this.#host.connection, staged.table, document);
    });
    staged.documentCount += built.length;
  }

  /** Lets the filled tables take their places. Throws `DeveloperError` when ids of other tables stand in the way. */
  async finish(): Promise<void> {
    const { connection, catalog } = this.#host;
    this.#write(() => {
      for (const { target } of this.#staged.values()) moveAside(connection, target);
      const highest = Math.max(0, ...[...this.#staged.values()].map(({ number }) => number));
      for (const staged of this.#staged.values()) makeRoom(connection, staged, highest);
      for (const staged of this.#staged.values()) takePlace(connection, staged);
    });
    catalog.reload();
    await this.sweep();
  }

  /** Removes what is aside, a little at a time. */
  async sweep(): Promise<void> {
    while (this.#write(() => sweepSome(this.#host.connection))) await nextTurn();
  }

  #built({ target, number, table }: Staged, document: JsonObject): BuiltDocument {
    const { newInternalId, newCreationTime, catalog } = this.#host;
    const { _id = encodeId(number, newInternalId()), _creationTime = newCreationTime() } = document;
    if (typeof _id !== "string" || decodeId(_id)?.tableNumber !== number)
      throw new DeveloperError("InvalidId", `"${String(_id)}" is not an id of the table "${target.name}".`);
    if (typeof _creationTime !== "number")
      throw new DeveloperError("InvalidCreationTime", `The _creationTime of ${_id} must be a number.`);
    const built = newDocument(contentOf(document), _id, _creationTime);
    const tableNameOf = (tableNumber: number) => this.#nameOf(target.component, tableNumber, catalog);
    const problem = table.validator && validate(table.validator, contentOf(built.object), tableNameOf);
    if (problem)
      throw new DeveloperError(
        "SchemaEnforcementError",
        `The document ${_id} for the table "${target.name}" does not match the schema: ${problem}`,
      );
    return built;
  }

  #nameOf(component: ComponentPath, number: number, catalog: SqliteCatalog): string | null {
    const staged = [...this.#staged.values()].find(
      (each) => each.target.component === component && each.number === number,
    );
    return staged?.target.name ?? catalog.tableNameOf(component, number);
  }

  #write<Result>(work: () => Result): Result {
    this.#host.beforeWrite();
    return this.#host.connection.write(work);
  }
}

/** Removes what an import left aside that ended with its process. */
export function sweepAside(connection: Connection): void {
  while (connection.write(() => sweepSome(connection)));
}

function stage({ catalog }: LoadHost, target: TableTarget): Staged {
  const current = catalog.table(target.component, target.name);
  const table = catalog.withNewIds(current);
  return { target, number: target.number ?? current.number, table, documentCount: 0 };
}

function insert(connection: Connection, table: TableDefinition, { object, json, sizeBytes }: BuiltDocument): void {
  const inserted = connection.run("INSERT INTO documents (json, size) VALUES (?, ?)", json, sizeBytes);
  const rowId = Number(inserted.lastInsertRowid);
  keysOf(table, object).forEach((key, position) => {
    connection.run(INSERT_ENTRY, (table.indexes[position] as TableDefinition["byId"]).id, keyToBlob(key), rowId);
  });
}

function moveAside(connection: Connection, { component, name }: TableTarget): void {
  const sql = "UPDATE tables SET namespace = ?, name = id, number = id WHERE namespace = ? AND name = ?";
  connection.run(sql, ASIDE, component, name);
}

/** Gives an empty table that has the number another one, above all others: nothing refers to it. */
function makeRoom(connection: Connection, { target, number }: Staged, highest: number): void {
  type Row = [id: number, name: string, documentCount: number];
  const sql = "SELECT id, name, document_count FROM tables WHERE namespace = ? AND number = ?";
  const holder = connection.first<Row>(sql, target.component, number);
  if (!holder) return;
  const [id, name, documentCount] = holder;
  if (documentCount > 0)
    throw new DeveloperError(
      "TableConflict",
      `The ids of "${target.name}" in this import are ids of "${name}" here, which is not empty. Import both, or clear "${name}".`,
    );
  const next = "(SELECT max(max(number), ?1) + 1 FROM tables WHERE namespace = ?2)";
  connection.run(`UPDATE tables SET number = ${next} WHERE id = ?3`, highest, target.component, id);
}

function takePlace(connection: Connection, { target, number, table, documentCount }: Staged): void {
  connection.run(
    "UPDATE tables SET namespace = ?, name = ?, number = ?, document_count = ? WHERE id = ?",
    target.component,
    target.name,
    number,
    documentCount,
    table.id,
  );
}

/** False when nothing is left aside. */
function sweepSome(connection: Connection): boolean {
  const [tableId] = connection.first<[number]>("SELECT id FROM tables WHERE namespace = ?", ASIDE) ?? [];
  if (tableId === undefined) return false;
  const sql = "SELECT id FROM indexes WHERE table_id = ? ORDER BY id";
  for (const [indexId] of connection.all<[number]>(sql, tableId)) if (sweepIndex(connection, indexId)) return true;
  connection.run("DELETE FROM indexes WHERE table_id = ?", tableId);
  connection.run("DELETE FROM tables WHERE id = ?", tableId);
  return true;
}

/** Removes some entries of an index, and the documents they lead to unless another index led there before. */
function sweepIndex(connection: Connection, indexId: number): boolean {
  type Row = [key: Uint8Array, documentId: number];
  const sql = "SELECT key, document_id FROM index_entries WHERE index_id = ? LIMIT ?";
  const entries = connection.all<Row>(sql, indexId, SWEEP_ENTRIES);
  for (const [key, documentId] of entries) {
    connection.run("DELETE FROM documents WHERE id = ?", documentId);
    connection.run("DELETE FROM index_entries WHERE index_id = ? AND key = ?", indexId, key);
  }
  return entries.length > 0;
}
