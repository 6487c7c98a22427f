/** The store of the embedded Convex runtime: documents, indexes and serializable transactions in one SQLite file. */
import { randomFillSync } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DataFolderError } from "../errors.ts";
import type { Clock, Commit, Store, Transaction } from "../types.ts";
import { SqliteCatalog } from "./catalog.ts";
import { type CommitCounters, Committer } from "./committer.ts";
import { type Connection, firstRow, isDamage } from "./connection.ts";
import { CreationTimes } from "./creationTimes.ts";
import { CursorBox } from "./cursor.ts";
import { openDatabase } from "./format.ts";
import { holdLock } from "./lock.ts";
import { SnapshotPool } from "./snapshots.ts";
import { SqliteTransaction, type TransactionHost } from "./transaction.ts";

export interface StoreOptions {
  /** The SQLite file; created, with its folder, when missing. `<path>.lock` is held while the store is open. */
  path: string;
  clock: Pick<Clock, "nowMs">;
  /** The file turned out to be damaged while in use: nothing can be relied on from here. */
  onFatal?: (error: Error) => void;
}

/**
 * How long what was deleted may rest in the write-ahead log.
 *
 * [Note: Deleted bytes]
 * Deleting a person's key makes their content unreadable, so the key's bytes must not stay in the file. SQLite
 * overwrites them in the database itself (`secure_delete`), but earlier versions of the page remain in the log
 * until it is recycled; so within this time of any commit the log is written back and truncated to nothing.
 */
const LOG_TRUNCATED_WITHIN_MS = 30_000;

/** Opens a store. Throws `DataFolderError`, having changed nothing, when the folder cannot be used. */
export function openStore(options: StoreOptions): SqliteStore {
  mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
  const releaseLock = holdLock(`${options.path}.lock`);
  try {
    return new SqliteStore(openDatabase(options.path), options, releaseLock);
  } catch (error) {
    releaseLock();
    throw error;
  }
}

export class SqliteStore implements Store {
  readonly catalog: SqliteCatalog;
  readonly #connection: Connection;
  readonly #options: StoreOptions;
  readonly #releaseLock: () => void;
  readonly #snapshots: SnapshotPool;
  readonly #committer: Committer;
  readonly #transactionHost: TransactionHost;
  readonly #listeners = new Set<(commit: Commit) => void>();
  #truncation: NodeJS.Timeout | null = null;
  #isOpen = true;

  constructor(connection: Connection, options: StoreOptions, releaseLock: () => void) {
    this.#connection = connection;
    this.#options = options;
    this.#releaseLock = releaseLock;
    this.#snapshots = new SnapshotPool(options.path);
    this.catalog = new SqliteCatalog(connection, { onSchemaChange: () => this.#snapshots.supersede() });
    this.#committer = this.#newCommitter();
    this.#transactionHost = this.#newTransactionHost();
  }

  get counters(): Readonly<CommitCounters> {
    return this.#committer.counters;
  }

  latestTs(): bigint {
    return this.#committer.latestTs;
  }

  begin(atTs?: bigint): SqliteTransaction {
    if (!this.#isOpen) throw new Error("the store is closed");
    const latestTs = this.latestTs();
    const isOld = atTs !== undefined && atTs !== latestTs;
    const snapshot = isOld
      ? this.#snapshots.acquireHeld(atTs)
      : this.#snapshots.acquire({ ts: latestTs, catalogVersion: this.catalog.version });
    return new SqliteTransaction(this.#transactionHost, snapshot);
  }

  async commit(transaction: Transaction): Promise<bigint> {
    if (!(transaction as SqliteTransaction).isOpen) throw new Error("the transaction has ended");
    if (transaction.hasWrites) return this.#committer.commit(transaction as SqliteTransaction);
    transaction.close();
    return transaction.beginTs;
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes what is queued, folds the log into the database and lets go of the files. */
  close(): void {
    if (!this.#isOpen) return;
    this.#committer.flush();
    this.#isOpen = false;
    if (this.#truncation) clearTimeout(this.#truncation);
    this.#snapshots.close();
    this.#connection.close();
    this.#releaseLock();
  }

  #newCommitter(): Committer {
    return new Committer({
      connection: this.#connection,
      catalog: this.catalog,
      latestTs: readLatestTs(this.#connection),
      nowNs: () => BigInt(Math.floor(this.#options.clock.nowMs() * 1000)) * 1000n,
      beforeWrite: () => this.#snapshots.supersede(),
      oldestOpenTs: () => this.#snapshots.oldestTs(),
      onDurable: (commit) => this.#announce(commit),
      onFailure: (error) => this.#reportFailure(error),
    });
  }

  #newTransactionHost(): TransactionHost {
    const creationTimes = new CreationTimes();
    const [cursorKey] =
      firstRow<[Uint8Array]>(this.#connection, "SELECT value FROM meta WHERE name = 'cursor_key'") ?? [];
    if (!cursorKey) throw new DataFolderError(`${this.#options.path} is damaged: its cursor key is missing.`);
    return {
      catalog: this.catalog,
      cursors: new CursorBox(cursorKey),
      newInternalId: () => randomFillSync(new Uint8Array(16)),
      newCreationTime: () => creationTimes.next(this.#options.clock.nowMs()),
      release: (snapshot) => this.#snapshots.release(snapshot),
    };
  }

  #announce(commit: Commit): void {
    this.#truncateLogSoon();
    for (const listener of this.#listeners) {
      try {
        listener(commit);
      } catch (error) {
        // The commit is durable whatever a listener makes of it; its mistake must surface, but not here.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #truncateLogSoon(): void {
    this.#truncation ??= setTimeout(() => this.#truncateLog(), LOG_TRUNCATED_WITHIN_MS).unref();
  }

  /** A snapshot in use keeps the log from being emptied, and so may a full disk; then this is tried again. */
  #truncateLog(): void {
    this.#truncation = null;
    this.#snapshots.supersede();
    try {
      const [isBusy] = firstRow<[number]>(this.#connection, "PRAGMA wal_checkpoint(TRUNCATE)") ?? [1];
      if (isBusy) this.#truncateLogSoon();
    } catch (error) {
      this.#reportFailure(error);
      this.#truncateLogSoon();
    }
  }

  #reportFailure(cause: unknown): void {
    if (!isDamage(cause)) return;
    const message = `${this.#options.path} is damaged. Stop and restore it from a backup.`;
    this.#options.onFatal?.(new DataFolderError(message, { cause }));
  }
}

function readLatestTs(connection: Connection): bigint {
  const sql = "SELECT CAST(value AS TEXT) FROM meta WHERE name = 'latest_ts'";
  return BigInt(firstRow<[string]>(connection, sql)?.[0] ?? "0");
}
