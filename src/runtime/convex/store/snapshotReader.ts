/**
 * Reads a whole database as it is at one moment, beside whoever writes to it, in this process or in another
 * ([Note: A snapshot is a SQLite read transaction]). For exports and backups.
 */
import type { ComponentPath, JsonText } from "../types.ts";
import { ASIDE } from "./catalog.ts";
import { Connection } from "./connection.ts";
import { checkFormat } from "./format.ts";

/** Documents read at a time. */
const BATCH_DOCUMENTS = 256;

export interface SnapshotTable {
  readonly id: number;
  readonly component: ComponentPath;
  readonly name: string;
  readonly number: number;
  readonly documentCount: number;
}

export class SnapshotReader {
  /** Of the newest commit it sees. */
  readonly ts: bigint;
  readonly #connection: Connection;

  /** Throws `DataFolderError` when there is no database of this version's format at `path`. */
  constructor(path: string) {
    checkFormat(path);
    this.#connection = new Connection(path, { readOnly: true });
    this.#connection.run("BEGIN");
    const [ts] = this.#connection.first<[string]>("SELECT CAST(value AS TEXT) FROM meta WHERE name = 'latest_ts'") ?? [
      "0",
    ];
    this.ts = BigInt(ts);
  }

  /** By component and name; system tables included. */
  tables(): SnapshotTable[] {
    type Row = [id: number, component: string, name: string, number: number, documentCount: number];
    const rows = this.#connection.all<Row>(
      "SELECT id, namespace, name, number, document_count FROM tables WHERE namespace <> ? ORDER BY namespace, name",
      ASIDE,
    );
    return rows.map(([id, component, name, number, documentCount]) => ({ id, component, name, number, documentCount }));
  }

  /** A table's documents in the order of their creation, in batches. */
  *documents({ id }: SnapshotTable): Generator<JsonText[]> {
    const [indexId] =
      this.#connection.first<[number]>("SELECT id FROM indexes WHERE table_id = ? AND name = 'by_creation_time'", id) ??
      [];
    if (indexId === undefined) return;
    const sql = `SELECT e.key, d.json FROM index_entries e CROSS JOIN documents d ON d.id = e.document_id
      WHERE e.index_id = ? AND e.key > ? ORDER BY e.key LIMIT ${BATCH_DOCUMENTS}`;
    let position: Uint8Array = new Uint8Array(0);
    for (;;) {
      const rows = this.#connection.all<[Uint8Array, string]>(sql, indexId, position);
      const last = rows.at(-1);
      if (!last) return;
      [position] = last;
      yield rows.map(([, json]) => json);
    }
  }

  close(): void {
    this.#connection.close();
  }
}
