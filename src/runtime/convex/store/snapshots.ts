/**
 * Read snapshots.
 *
 * [Note: A snapshot is a SQLite read transaction]
 * In WAL mode a read transaction keeps seeing the database as it was when it began, at no cost but that the log
 * cannot be recycled past it. Commits happen on this thread only, so a read transaction begun after the commit
 * with timestamp T and before the next one sees exactly T. All transactions that begin in between share one
 * connection; the last to leave ends it, unless it is still the newest, which waits for the next to begin.
 * Before each write the newest, if unused, is ended too, so that an idle snapshot never holds back the log.
 */
import { type IndexKey, type KeyInterval, keyFromBlob, keyToBlob } from "../values/indexKey.ts";
import { countDocuments } from "./catalog.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import type { StoredDocument } from "./document.ts";

export type Order = "asc" | "desc";

export interface IndexEntry {
  readonly key: IndexKey;
  readonly document: StoredDocument;
}

/** Connections kept open for the next snapshot. Rarely are more than two snapshots alive at once. */
const SPARE_CONNECTIONS_MAX = 4;

type DocumentRow = [id: number, json: string, size: number];

const GET = `SELECT d.id, d.json, d.size FROM index_entries e CROSS JOIN documents d ON d.id = e.document_id
  WHERE e.index_id = ? AND e.key = ?`;

const SCAN = `SELECT d.id, d.json, d.size, e.key FROM index_entries e CROSS JOIN documents d ON d.id = e.document_id
  WHERE e.index_id = ? AND e.key >= ? AND e.key < ?`;

const SCAN_IN_ORDER = {
  asc: `${SCAN} ORDER BY e.key ASC LIMIT ?`,
  desc: `${SCAN} ORDER BY e.key DESC LIMIT ?`,
} as const;

/** What makes a snapshot the current one. */
interface SnapshotTime {
  /** Of the newest commit. */
  readonly ts: bigint;
  readonly catalogVersion: number;
}

export class Snapshot {
  readonly ts: bigint;
  /** Which definitions of tables and indexes fit this snapshot. */
  readonly catalogVersion: number;
  readonly #connection: Connection;

  constructor({ ts, catalogVersion }: SnapshotTime, connection: Connection) {
    this.ts = ts;
    this.catalogVersion = catalogVersion;
    this.#connection = connection;
  }

  /** The document at exactly this key. */
  get(indexId: number, key: IndexKey): StoredDocument | null {
    const row = this.#connection.first<DocumentRow>(GET, indexId, keyToBlob(key));
    return row ? storedDocument(row) : null;
  }

  /** The first entries of the interval in the given order, at most `limit`. */
  scan(indexId: number, { start, end }: KeyInterval, order: Order, limit: number): IndexEntry[] {
    const sql = SCAN_IN_ORDER[order];
    type Row = [...DocumentRow, key: Uint8Array];
    const rows = this.#connection.all<Row>(sql, indexId, keyToBlob(start), keyToBlob(end), limit);
    return rows.map(([id, json, size, key]) => ({ key: keyFromBlob(key), document: storedDocument([id, json, size]) }));
  }

  count(tableId: number): number {
    return countDocuments(this.#connection, tableId);
  }
}

function storedDocument([rowId, json, sizeBytes]: DocumentRow): StoredDocument {
  return { rowId, json, sizeBytes };
}

interface Lease {
  readonly snapshot: Snapshot;
  readonly connection: Connection;
  users: number;
}

export class SnapshotPool {
  readonly #path: string;
  readonly #options: Pick<ConnectionOptions, "onDamage">;
  readonly #spare: Connection[] = [];
  readonly #leases = new Map<Snapshot, Lease>();
  #newest: Lease | null = null;

  constructor(path: string, options: Pick<ConnectionOptions, "onDamage">) {
    this.#path = path;
    this.#options = options;
  }

  /** The snapshot of the database as it is at `now`. To be given back by `release`. */
  acquire(now: SnapshotTime): Snapshot {
    const lease = this.#newest ?? this.#open(now);
    lease.users++;
    return lease.snapshot;
  }

  /** An earlier snapshot that somebody still holds; throws `RangeError` when nobody does. */
  acquireHeld(ts: bigint): Snapshot {
    for (const lease of this.#leases.values()) {
      if (lease.snapshot.ts !== ts || lease.users === 0) continue;
      lease.users++;
      return lease.snapshot;
    }
    throw new RangeError(`No snapshot at ${ts} is open any more`);
  }

  release(snapshot: Snapshot): void {
    const lease = this.#leases.get(snapshot);
    if (!lease) return;
    lease.users--;
    if (lease.users === 0 && lease !== this.#newest) this.#end(lease);
  }

  /** The database is about to change: whoever begins from now on must not share what was the newest. */
  supersede(): void {
    const lease = this.#newest;
    this.#newest = null;
    if (lease?.users === 0) this.#end(lease);
  }

  /** Timestamp of the oldest snapshot in use, or null. */
  oldestTs(): bigint | null {
    for (const lease of this.#leases.values()) if (lease.users > 0) return lease.snapshot.ts;
    return null;
  }

  close(): void {
    this.#newest = null;
    for (const lease of this.#leases.values()) this.#end(lease);
    for (const connection of this.#spare.splice(0)) connection.close();
  }

  #open(now: SnapshotTime): Lease {
    const connection = this.#spare.pop() ?? new Connection(this.#path, { ...this.#options, readOnly: true });
    connection.run("BEGIN");
    // BEGIN alone takes no snapshot; the first read does.
    connection.first("SELECT 1 FROM meta LIMIT 1");
    const lease = { snapshot: new Snapshot(now, connection), connection, users: 0 };
    this.#leases.set(lease.snapshot, lease);
    this.#newest = lease;
    return lease;
  }

  #end(lease: Lease): void {
    this.#leases.delete(lease.snapshot);
    lease.connection.run("ROLLBACK");
    if (this.#spare.length < SPARE_CONNECTIONS_MAX) this.#spare.push(lease.connection);
    else lease.connection.close();
  }
}
