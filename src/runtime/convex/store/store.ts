/** The store of the embedded Convex runtime: documents, indexes and serializable transactions in one SQLite file. */
import { randomFillSync } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DataFolderError } from "../errors.ts";
import type { Clock, Commit, Store, Transaction } from "../types.ts";
import { SqliteCatalog } from "./catalog.ts";
import { type CommitCounters, Committer } from "./committer.ts";
import type { Connection } from "./connection.ts";
import { CreationTimes } from "./creationTimes.ts";
import { CursorBox } from "./cursor.ts";
import { explainingRefusals, openDatabase } from "./format.ts";
import { holdLock } from "./lock.ts";
import { unusable } from "./refusals.ts";
import { SnapshotPool } from "./snapshots.ts";
import { sweepAside, TableLoad, type TableTarget } from "./tableLoad.ts";
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
  makeFolder(dirname(options.path));
  const releaseLock = holdLock(`${options.path}.lock`);
  try {
    const onDamage = damageReporter(options);
    return explainingRefusals(
      options.path,
      () => new SqliteStore(openDatabase(options.path, { onDamage }), { ...options, onDamage }, releaseLock),
    );
  } catch (error) {
    releaseLock();
    throw error;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unusable(path, cause);
  }
}

/** Says once, and clearly, what SQLite finds at each access. */
function damageReporter({ path, onFatal }: StoreOptions): (error: unknown) => void {
  let isReported = false;
  return (cause) => {
    if (!isReported)
      onFatal?.(new DataFolderError(`${path} is damaged. Stop, and restore it from a backup.`, { cause }));
    isReported = true;
  };
}

/** What an open store needs beside its connection. */
interface StoreEnvironment extends Pick<StoreOptions, "path" | "clock"> {
  readonly onDamage: (error: unknown) => void;
}

export class SqliteStore implements Store {
  readonly catalog: SqliteCatalog;
  readonly #connection: Connection;
  readonly #environment: StoreEnvironment;
  readonly #releaseLock: () => void;
  readonly #snapshots: SnapshotPool;
  readonly #committer: Committer;
  readonly #transactionHost: TransactionHost;
  readonly #listeners = new Set<(commit: Commit) => void>();
  #truncation: NodeJS.Timeout | null = null;
  #isOpen = true;

  constructor(connection: Connection, environment: StoreEnvironment, releaseLock: () => void) {
    this.#connection = connection;
    this.#environment = environment;
    this.#releaseLock = releaseLock;
    sweepAside(connection);
    this.#snapshots = new SnapshotPool(environment.path, environment);
    this.catalog = new SqliteCatalog(connection, { onSchemaChange: () => this.#snapshots.supersede() });
    this.#committer = this.#newCommitter();
    this.#transactionHost = this.#newTransactionHost();
  }

  /** Begins to fill tables that will take the place of those in service; see [Note: Tables filled aside]. */
  loadTables(targets: readonly TableTarget[]): TableLoad {
    const { newInternalId, newCreationTime } = this.#transactionHost;
    const beforeWrite = () => this.#snapshots.supersede();
    const { catalog } = this;
    return new TableLoad(
      { connection: this.#connection, catalog, newInternalId, newCreationTime, beforeWrite },
      targets,
    );
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
      nowNs: () => BigInt(Math.floor(this.#environment.clock.nowMs() * 1000)) * 1000n,
      beforeWrite: () => this.#snapshots.supersede(),
      oldestOpenTs: () => this.#snapshots.oldestTs(),
      onDurable: (commit) => this.#announce(commit),
    });
  }

  #newTransactionHost(): TransactionHost {
    const creationTimes = new CreationTimes();
    return {
      catalog: this.catalog,
      cursors: new CursorBox(readCursorKey(this.#connection)),
      newInternalId: () => randomFillSync(new Uint8Array(16)),
      newCreationTime: () => creationTimes.next(this.#environment.clock.nowMs()),
      begin: (atTs) => this.begin(atTs),
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
      const [isBusy] = this.#connection.first<[number]>("PRAGMA wal_checkpoint(TRUNCATE)") ?? [1];
      if (isBusy) this.#truncateLogSoon();
    } catch {
      this.#truncateLogSoon(); // Nothing is lost, and a disk that stays full will make commits fail.
    }
  }
}

function readCursorKey(connection: Connection): Uint8Array {
  const row = connection.first<[Uint8Array]>("SELECT value FROM meta WHERE name = 'cursor_key'");
  if (!row) throw new DataFolderError("The database is damaged: its cursor key is missing. Restore it from a backup.");
  return row[0];
}

/** As text, since nanoseconds since the epoch are beyond the integers a JavaScript number can hold. */
function readLatestTs(connection: Connection): bigint {
  const sql = "SELECT CAST(value AS TEXT) FROM meta WHERE name = 'latest_ts'";
  return BigInt(connection.first<[string]>(sql)?.[0] ?? "0");
}
