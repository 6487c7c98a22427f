/**
 * Commits: validates what transactions read, makes what they wrote durable, several at a time.
 *
 * [Note: Group commit]
 * The cost of a commit is its fsync. Commits asked for within one turn of the event loop are written in one SQLite
 * transaction with one fsync, each validated against all before it, its own group included. When SQLite refuses
 * (disk full, an I/O error), nothing of the group is written and every commit in it is told so.
 */
import { ConflictError } from "../errors.ts";
import type { Commit, ReadSet } from "../types.ts";
import { keyToBlob } from "../values/indexKey.ts";
import { INSERT_ENTRY, type IndexDefinition, type SqliteCatalog, type TableDefinition } from "./catalog.ts";
import { CommitLog, writtenKeysOf } from "./commitLog.ts";
import { type Connection, remedyFor } from "./connection.ts";
import type { DocumentChange, DocumentVersion } from "./pendingWrites.ts";
import type { IntervalReadSet, WrittenKeys } from "./readSet.ts";
import type { SqliteTransaction } from "./transaction.ts";

/** What the committer needs from the store. */
export interface CommitterHost {
  readonly connection: Connection;
  readonly catalog: SqliteCatalog;
  /** The newest durable timestamp when the store was opened. */
  readonly latestTs: bigint;
  nowNs(): bigint;
  /** The database is about to change; see [Note: A snapshot is a SQLite read transaction]. */
  beforeWrite(): void;
  /** The oldest timestamp an open transaction began at, or null. */
  oldestOpenTs(): bigint | null;
  onDurable(commit: Commit): void;
}

/** Counters for metrics: how many transactions were made durable, in how many SQLite transactions. */
export interface CommitCounters {
  transactions: number;
  groups: number;
  conflicts: number;
}

interface QueuedCommit {
  readonly transaction: SqliteTransaction;
  readonly resolve: (ts: bigint) => void;
  readonly reject: (error: unknown) => void;
}

interface AcceptedCommit extends QueuedCommit {
  readonly ts: bigint;
  readonly written: WrittenKeys;
}

export class Committer {
  readonly counters: CommitCounters = { transactions: 0, groups: 0, conflicts: 0 };
  readonly #host: CommitterHost;
  readonly #log = new CommitLog();
  #queue: QueuedCommit[] = [];
  #latestTs: bigint;

  constructor(host: CommitterHost) {
    this.#host = host;
    this.#latestTs = host.latestTs;
  }

  get latestTs(): bigint {
    return this.#latestTs;
  }

  /** Queues a transaction that has writes, and ends it: its snapshot is not needed to validate it. */
  commit(transaction: SqliteTransaction): Promise<bigint> {
    transaction.close();
    return new Promise((resolve, reject) => {
      if (this.#queue.length === 0) setImmediate(() => this.flush());
      this.#queue.push({ transaction, resolve, reject });
    });
  }

  /** Writes what is queued now. */
  flush(): void {
    const queued = this.#queue;
    this.#queue = [];
    const accepted = this.#accept(queued);
    if (accepted.length > 0) this.#persist(accepted);
    this.#log.forgetUpTo(this.#host.oldestOpenTs() ?? this.#latestTs);
  }

  #accept(queued: readonly QueuedCommit[]): AcceptedCommit[] {
    const accepted: AcceptedCommit[] = [];
    let ts = this.#latestTs;
    const nowNs = this.#host.nowNs();
    for (const entry of queued) {
      const { transaction } = entry;
      const isStale =
        transaction.catalogVersion !== this.#host.catalog.version ||
        this.#log.wasTouchedSince(transaction.beginTs, transaction.reads) ||
        accepted.some((earlier) => transaction.reads.isTouchedBy(earlier.written));
      if (isStale) {
        this.counters.conflicts++;
        entry.reject(new ConflictError("What this function read was changed by another before it could commit."));
        continue;
      }
      ts = ts + 1n > nowNs ? ts + 1n : nowNs;
      accepted.push({ ...entry, ts, written: writtenKeysOf(transaction.pending.changes()) });
    }
    return accepted;
  }

  #persist(accepted: readonly AcceptedCommit[]): void {
    const newestTs = (accepted.at(-1) as AcceptedCommit).ts;
    const tables = new Set<TableDefinition>();
    try {
      this.#host.beforeWrite();
      this.#host.connection.write(() => {
        for (const { transaction } of accepted) this.#writeTransaction(transaction, tables);
        this.#host.connection.run("UPDATE meta SET value = ? WHERE name = 'latest_ts'", newestTs);
      });
    } catch (cause) {
      const error = writeFailure(cause);
      for (const { reject } of accepted) reject(error);
      return;
    }
    this.#host.catalog.markStored(tables);
    this.#latestTs = newestTs;
    this.counters.groups++;
    this.counters.transactions += accepted.length;
    for (const { ts, written } of accepted) this.#log.append(ts, written);
    this.#announce(accepted, newestTs);
    for (const { resolve, ts } of accepted) resolve(ts);
  }

  #announce(accepted: readonly AcceptedCommit[], ts: bigint): void {
    this.#host.onDurable({
      ts,
      indexIds: new Set(accepted.flatMap(({ written }) => [...written.keys()])),
      touches: (reads: ReadSet) => accepted.some(({ written }) => (reads as IntervalReadSet).isTouchedBy(written)),
    });
  }

  #writeTransaction(transaction: SqliteTransaction, tables: Set<TableDefinition>): void {
    for (const change of transaction.pending.changes()) {
      if (!tables.has(change.table)) this.#host.catalog.store(change.table);
      tables.add(change.table);
      this.#writeChange(change);
    }
    const addToCount = "UPDATE tables SET document_count = document_count + ? WHERE id = ?";
    for (const [tableId, delta] of transaction.pending.documentDeltas()) {
      if (delta !== 0) this.#host.connection.run(addToCount, delta, tableId);
    }
  }

  #writeChange({ table, before, after }: DocumentChange): void {
    const rowId = this.#writeDocument(before, after);
    table.indexes.forEach((index, position) => {
      this.#writeEntry(index, before?.keys[position], after?.keys[position], rowId);
    });
  }

  #writeDocument(before: DocumentVersion | null, after: DocumentVersion | null): number {
    const { connection } = this.#host;
    const rowId = before?.document.rowId ?? null;
    if (!after) {
      connection.run("DELETE FROM documents WHERE id = ?", rowId);
      return rowId as number;
    }
    const { json, sizeBytes } = after.document;
    if (rowId === null) {
      const inserted = connection.run("INSERT INTO documents (json, size) VALUES (?, ?)", json, sizeBytes);
      return Number(inserted.lastInsertRowid);
    }
    connection.run("UPDATE documents SET json = ?, size = ? WHERE id = ?", json, sizeBytes, rowId);
    return rowId;
  }

  #writeEntry(index: IndexDefinition, before: string | undefined, after: string | undefined, rowId: number): void {
    if (before === after) return;
    const { connection } = this.#host;
    if (before !== undefined) {
      connection.run("DELETE FROM index_entries WHERE index_id = ? AND key = ?", index.id, keyToBlob(before));
    }
    if (after === undefined) return;
    connection.run(INSERT_ENTRY, index.id, keyToBlob(after), rowId);
  }
}

/** A group of commits that SQLite refused is not there at all, and what was acknowledged before is untouched. */
function writeFailure(cause: unknown): Error {
  const remedy = remedyFor(cause) ?? "";
  return new Error(`The database could not be written: ${(cause as Error).message}. ${remedy}`.trimEnd(), { cause });
}
