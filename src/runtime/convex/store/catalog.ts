/**
 * Which tables and indexes each namespace has.
 *
 * [Note: Tables come into being when mentioned]
 * The first mention of a table name in a namespace reserves its number and index ids in memory; its rows in
 * `tables` and `indexes` are written by the first commit that writes a document to it. So a query on a table that
 * is not there yet records ordinary intervals of ordinary indexes, and the transaction that creates the table
 * conflicts with it like any other write. A reservation that never commits is forgotten with the process.
 */
import { DeveloperError, SchemaError } from "../errors.ts";
import type { Catalog, ComponentPath, Json, SchemaJson, TableJson, ValidatorJson } from "../types.ts";
import { fieldAt, type JsonObject } from "../values/encoded.ts";
import { decodeId } from "../values/ids.ts";
import { type IndexKey, keyOfId, keyOfValue, keyToBlob } from "../values/indexKey.ts";
import { validate } from "../values/validate.ts";
import type { Connection } from "./connection.ts";
import { contentOf } from "./document.ts";
import { checkSchema, isIdentifier } from "./schemaRules.ts";
import { FIRST_USER_TABLE_NUMBER, systemTablesOf } from "./systemTables.ts";

export interface IndexDefinition {
  readonly id: number;
  readonly name: string;
  /** Dot paths, `_creationTime` included where it belongs; the document id that ends every key is not listed. */
  readonly fields: readonly string[];
  readonly paths: readonly (readonly string[])[];
  /** Kept up to date, but not open to queries. */
  readonly staged: boolean;
}

export interface TableDefinition {
  readonly id: number;
  readonly namespace: ComponentPath;
  readonly name: string;
  readonly number: number;
  readonly byId: IndexDefinition;
  /** All indexes, `byId` first. */
  readonly indexes: readonly IndexDefinition[];
  /** What documents must look like, without system fields; null: anything goes. */
  readonly validator: ValidatorJson | null;
}

export function isSystemTable(table: TableDefinition): boolean {
  return table.name.startsWith("_");
}

/** The key of a document in each of the table's indexes, in their order. */
export function keysOf(table: TableDefinition, document: JsonObject): IndexKey[] {
  const idKey = keyOfId(document._id as string);
  return table.indexes.map((index) => index.paths.map((path) => keyOfValue(fieldAt(document, path))).join("") + idKey);
}

/** What `Catalog` needs from the rest of the store. */
interface CatalogHost {
  /** Called when definitions changed, so that snapshots taken before are not used with definitions made after. */
  onSchemaChange(): void;
}

/** The namespace of tables that are not in service; see [Note: Tables filled aside]. No component can be called so. */
export const ASIDE = "~aside";

type IndexPlan = { name: string; fields: readonly string[]; staged: boolean };

interface Namespace {
  readonly byName: Map<string, TableDefinition>;
  readonly byNumber: Map<number, TableDefinition>;
}

/** Documents read at a time while a schema is checked against them. */
const SWEEP_DOCUMENTS = 256;

export class SqliteCatalog implements Catalog {
  readonly #connection: Connection;
  readonly #host: CatalogHost;
  readonly #namespaces = new Map<ComponentPath, Namespace>();
  readonly #stored = new Set<number>();
  #lastTableId: number;
  #lastIndexId: number;
  #version = 0;

  constructor(connection: Connection, host: CatalogHost) {
    this.#connection = connection;
    this.#host = host;
    this.#lastTableId = connection.first<[number]>("SELECT coalesce(max(id), 0) FROM tables")?.[0] ?? 0;
    this.#lastIndexId = connection.first<[number]>("SELECT coalesce(max(id), 0) FROM indexes")?.[0] ?? 0;
    this.#load();
  }

  /** Changes whenever a schema was applied; a transaction from before must not go on. */
  get version(): number {
    return this.#version;
  }

  applySchema(namespace: ComponentPath, schema: SchemaJson | null): void {
    if (schema) checkSchema(schema);
    const text = JSON.stringify(schema);
    const [current] = this.#connection.first<[string]>("SELECT json FROM schemas WHERE namespace = ?", namespace) ?? [];
    if (current === text) return;
    const applied = this.#connection.write(() => {
      const tables = this.#planTables(namespace, schema);
      for (const table of tables) this.#migrateTable(table);
      this.#connection.run("INSERT OR REPLACE INTO schemas (namespace, json) VALUES (?, ?)", namespace, text);
      return tables;
    });
    for (const table of applied) this.#define(table);
    this.markStored(applied);
    this.#version++;
    this.#host.onSchemaChange();
  }

  checkSchema(namespace: ComponentPath, schema: SchemaJson | null): void {
    if (schema) checkSchema(schema);
    for (const table of this.#planTables(namespace, schema)) {
      if (!this.#stored.has(table.id) || !this.#mustValidate(table)) continue;
      for (const [, document] of this.#documentsOf(table)) this.#checkExisting(table, document);
    }
  }

  tableNames(namespace: ComponentPath): string[] {
    const tables = [...this.#namespace(namespace).byName.values()];
    return tables.filter((table) => this.#stored.has(table.id) && !isSystemTable(table)).map((table) => table.name);
  }

  count(namespace: ComponentPath, tableName: string): number {
    return countDocuments(this.#connection, this.table(namespace, tableName).id);
  }

  tableOfId(namespace: ComponentPath, id: string): string | null {
    return this.tableByIdString(namespace, id)?.name ?? null;
  }

  /** The table an id belongs to; null when the id is malformed or its table unknown. */
  tableByIdString(namespace: ComponentPath, id: string): TableDefinition | null {
    const decoded = decodeId(id);
    return decoded && (this.#namespace(namespace).byNumber.get(decoded.tableNumber) ?? null);
  }

  /** The table of this name; see [Note: Tables come into being when mentioned]. */
  table(namespace: ComponentPath, name: string): TableDefinition {
    return this.#namespace(namespace).byName.get(name) ?? this.#reserve(namespace, name);
  }

  /** A table like this one, with ids of its own, and known to nobody. */
  withNewIds(table: TableDefinition): TableDefinition {
    const indexes = table.indexes.map((index) => this.#newIndex(index));
    return { ...table, id: ++this.#lastTableId, byId: indexes[0] as IndexDefinition, indexes };
  }

  /** Reads everything anew, after tables changed places; ends every transaction begun before. */
  reload(): void {
    this.#namespaces.clear();
    this.#stored.clear();
    this.#load();
    this.#version++;
    this.#host.onSchemaChange();
  }

  tableNameOf(namespace: ComponentPath, tableNumber: number): string | null {
    return this.#namespace(namespace).byNumber.get(tableNumber)?.name ?? null;
  }

  /** Writes the table's rows unless they are there. To be called within a write, and followed by `markStored`. */
  store(table: TableDefinition): void {
    if (this.#stored.has(table.id)) return;
    this.#connection.run(
      "INSERT INTO tables (id, namespace, name, number, document_count) VALUES (?, ?, ?, ?, 0)",
      table.id,
      table.namespace,
      table.name,
      table.number,
    );
    for (const index of table.indexes) this.#storeIndex(table, index);
  }

  /** The write that called `store` for these tables is durable. */
  markStored(tables: Iterable<TableDefinition>): void {
    for (const table of tables) this.#stored.add(table.id);
  }

  #namespace(namespace: ComponentPath): Namespace {
    const known = this.#namespaces.get(namespace);
    if (known) return known;
    const created: Namespace = { byName: new Map(), byNumber: new Map() };
    this.#namespaces.set(namespace, created);
    for (const system of systemTablesOf(namespace)) {
      this.#define(this.#newTable(namespace, system.name, system.number, system.indexes));
    }
    return created;
  }

  #reserve(namespace: ComponentPath, name: string): TableDefinition {
    if (!isIdentifier(name)) throw new DeveloperError("InvalidTableName", `Invalid table name: "${name}".`);
    const numbers = [...this.#namespace(namespace).byNumber.keys()];
    const number = Math.max(FIRST_USER_TABLE_NUMBER - 1, ...numbers) + 1;
    const table = this.#newTable(namespace, name, number, []);
    this.#define(table);
    return table;
  }

  #newTable(namespace: ComponentPath, name: string, number: number, indexes: readonly IndexPlan[]): TableDefinition {
    const byId = this.#newIndex({ name: "by_id", fields: [], staged: false });
    const byCreationTime = this.#newIndex({ name: "by_creation_time", fields: ["_creationTime"], staged: false });
    const others = indexes.map((index) => this.#newIndex(index));
    const all = [byId, byCreationTime, ...others];
    return { id: ++this.#lastTableId, namespace, name, number, byId, indexes: all, validator: null };
  }

  #newIndex({ name, fields, staged }: IndexPlan): IndexDefinition {
    return indexDefinition(++this.#lastIndexId, name, fields, staged);
  }

  #define(table: TableDefinition): void {
    const { byName, byNumber } = this.#namespace(table.namespace);
    byName.set(table.name, table);
    byNumber.set(table.number, table);
  }

  #load(): void {
    type TableRow = [id: number, namespace: string, name: string, number: number];
    const schemas = new Map(this.#connection.all<[string, string]>("SELECT namespace, json FROM schemas"));
    const sql = "SELECT id, namespace, name, number FROM tables WHERE namespace <> ?";
    for (const row of this.#connection.all<TableRow>(sql, ASIDE)) {
      const [id, namespace, name, number] = row;
      const schema = JSON.parse(schemas.get(namespace) ?? "null") as SchemaJson | null;
      const indexes = this.#loadIndexes(id);
      const [byId] = indexes as [IndexDefinition];
      this.#define({ id, namespace, name, number, byId, indexes, validator: validatorOf(schema, name) });
      this.#stored.add(id);
    }
  }

  #loadIndexes(tableId: number): IndexDefinition[] {
    type IndexRow = [id: number, name: string, fields: string, staged: number];
    const sql = "SELECT id, name, fields, staged FROM indexes WHERE table_id = ? ORDER BY name <> 'by_id', id";
    return this.#connection
      .all<IndexRow>(sql, tableId)
      .map(([id, name, fields, staged]) => indexDefinition(id, name, JSON.parse(fields) as string[], staged === 1));
  }

  /** Every user table of the namespace as the schema wants it; tables it no longer names keep their documents. */
  #planTables(namespace: ComponentPath, schema: SchemaJson | null): TableDefinition[] {
    const named = new Map((schema?.tables ?? []).map((table) => [table.tableName, table]));
    for (const name of named.keys()) this.table(namespace, name);
    return [...this.#namespace(namespace).byName.values()]
      .filter((table) => !isSystemTable(table) && (named.has(table.name) || this.#stored.has(table.id)))
      .map((table) => ({
        ...table,
        indexes: this.#planIndexes(table, named.get(table.name)),
        validator: validatorOf(schema, table.name),
      }));
  }

  #planIndexes(table: TableDefinition, wanted: TableJson | undefined): IndexDefinition[] {
    const system = table.indexes.filter((index) => SYSTEM_INDEXES.has(index.name));
    const planned = wanted ? plannedIndexes(wanted) : [];
    const others = planned.map((plan) => {
      const existing = table.indexes.find((index) => index.name === plan.name && sameFields(index, plan));
      return existing ? { ...existing, staged: plan.staged } : this.#newIndex(plan);
    });
    return [...system, ...others];
  }

  /** Brings the stored table to `next`, checking its documents and filling new indexes. Within a write. */
  #migrateTable(next: TableDefinition): void {
    if (!this.#stored.has(next.id)) return this.store(next);
    const current = this.table(next.namespace, next.name);
    const currentIds = new Set(current.indexes.map((index) => index.id));
    const nextIds = new Set(next.indexes.map((index) => index.id));
    const added = next.indexes.filter((index) => !currentIds.has(index.id));
    const mustValidate = this.#mustValidate(next);
    for (const index of current.indexes) if (!nextIds.has(index.id)) this.#dropIndex(index);
    for (const index of next.indexes) this.#storeIndex(next, index);
    if (added.length > 0 || mustValidate) this.#sweep(next, added, mustValidate);
  }

  /** Whether documents that fitted the table's validator so far might not fit that of `next`. */
  #mustValidate({ namespace, name, validator }: TableDefinition): boolean {
    return validator !== null && JSON.stringify(validator) !== JSON.stringify(this.table(namespace, name).validator);
  }

  #storeIndex(table: TableDefinition, index: IndexDefinition): void {
    this.#connection.run(
      "INSERT OR REPLACE INTO indexes (id, table_id, name, fields, staged) VALUES (?, ?, ?, ?, ?)",
      index.id,
      table.id,
      index.name,
      JSON.stringify(index.fields),
      index.staged ? 1 : 0,
    );
  }

  #dropIndex(index: IndexDefinition): void {
    this.#connection.run("DELETE FROM index_entries WHERE index_id = ?", index.id);
    this.#connection.run("DELETE FROM indexes WHERE id = ?", index.id);
  }

  #sweep(table: TableDefinition, added: readonly IndexDefinition[], mustValidate: boolean): void {
    const addition = { ...table, indexes: added };
    for (const [documentId, document] of this.#documentsOf(table)) {
      if (mustValidate) this.#checkExisting(table, document);
      keysOf(addition, document).forEach((key, position) => {
        this.#connection.run(INSERT_ENTRY, (added[position] as IndexDefinition).id, keyToBlob(key), documentId);
      });
    }
  }

  *#documentsOf(table: TableDefinition): Generator<[documentId: number, document: JsonObject]> {
    const sql = `SELECT e.key, d.id, d.json FROM index_entries e CROSS JOIN documents d ON d.id = e.document_id
      WHERE e.index_id = ? AND e.key > ? ORDER BY e.key LIMIT ${SWEEP_DOCUMENTS}`;
    let position: Uint8Array = new Uint8Array(0);
    for (;;) {
      const rows = this.#connection.all<[Uint8Array, number, string]>(sql, table.byId.id, position);
      for (const [key, documentId, json] of rows) {
        position = key;
        yield [documentId, JSON.parse(json) as JsonObject];
      }
      if (rows.length < SWEEP_DOCUMENTS) return;
    }
  }

  #checkExisting(table: TableDefinition, document: JsonObject): void {
    const tableNameOf = (number: number) => this.tableNameOf(table.namespace, number);
    const problem = table.validator && validate(table.validator, contentOf(document) as Json, tableNameOf);
    if (!problem) return;
    throw new SchemaError(
      `Document with ID "${document._id}" in table "${table.name}" does not match the schema: ${problem}`,
      table.name,
    );
  }
}

/** Documents in a table, as the connection sees them. */
export function countDocuments(connection: Connection, tableId: number): number {
  return connection.first<[number]>("SELECT document_count FROM tables WHERE id = ?", tableId)?.[0] ?? 0;
}

/** Shared by commits and backfills. */
export const INSERT_ENTRY = "INSERT INTO index_entries (index_id, key, document_id) VALUES (?, ?, ?)";

const SYSTEM_INDEXES: ReadonlySet<string> = new Set(["by_id", "by_creation_time"]);

function indexDefinition(id: number, name: string, fields: readonly string[], staged: boolean): IndexDefinition {
  return { id, name, fields, paths: fields.map((field) => field.split(".")), staged };
}

function plannedIndexes(table: TableJson): IndexPlan[] {
  const live = table.indexes.map((index) => ({ ...index, staged: false }));
  const staged = (table.stagedDbIndexes ?? []).map((index) => ({ ...index, staged: true }));
  return [...live, ...staged].map(({ indexDescriptor, fields, staged }) => ({
    name: indexDescriptor,
    fields: [...fields, "_creationTime"],
    staged,
  }));
}

function sameFields(left: IndexPlan | IndexDefinition, right: IndexPlan): boolean {
  return JSON.stringify(left.fields) === JSON.stringify(right.fields);
}

function validatorOf(schema: SchemaJson | null, tableName: string): ValidatorJson | null {
  if (!schema?.schemaValidation) return null;
  return schema.tables.find((table) => table.tableName === tableName)?.documentType ?? null;
}
