/** One SQLite connection with its prepared statements. */
import { DatabaseSync, type StatementResultingChanges, type StatementSync } from "node:sqlite";

type SqlValue = string | number | bigint | Uint8Array | null;

export interface ConnectionOptions {
  readOnly?: boolean;
  /** Called when SQLite finds the file damaged, before the error is thrown on. */
  onDamage?: (error: unknown) => void;
}

export class Connection {
  readonly #database: DatabaseSync;
  readonly #onDamage: ((error: unknown) => void) | undefined;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, { readOnly = false, onDamage }: ConnectionOptions = {}) {
    this.#database = new DatabaseSync(path, { readOnly });
    this.#onDamage = onDamage;
  }

  /** Runs one statement and drops its rows. */
  run(sql: string, ...values: SqlValue[]): StatementResultingChanges {
    return this.#attempt(() => this.#statement(sql).run(...values));
  }

  /** The first row, as an array of its columns, whose types the caller names. */
  first<Row extends unknown[]>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#attempt(() => this.#statement(sql).get(...values)) as unknown as Row | undefined;
  }

  /** Every row; see `first`. */
  all<Row extends unknown[]>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#attempt(() => this.#statement(sql).all(...values)) as unknown as Row[];
  }

  /** Runs statements that are needed once. */
  exec(sql: string): void {
    this.#attempt(() => this.#database.exec(sql));
  }

  /** Runs `work` in one write transaction: all of it is durable when this returns, none of it when it throws. */
  write<Result>(work: () => Result): Result {
    this.run("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.run("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.run("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** Compiled once per connection. */
  #statement(sql: string): StatementSync {
    const prepared = this.#statements.get(sql);
    if (prepared) return prepared;
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    this.#statements.set(sql, statement);
    return statement;
  }

  #attempt<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (isDamage(error)) this.#onDamage?.(error);
      throw error;
    }
  }
}

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** Whether SQLite says that the file itself is damaged. */
export function isDamage(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** Whether SQLite says that another connection holds a lock. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === SQLITE_BUSY;
}

const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
/** What Node calls the same, for files that SQLite did not open. */
const MAY_NOT_WRITE = new Set<unknown>([SQLITE_READONLY, SQLITE_CANTOPEN, "EACCES", "EPERM", "EROFS"]);
const HAS_NO_ROOM = new Set<unknown>([SQLITE_IOERR, SQLITE_FULL, "ENOSPC", "EDQUOT"]);

/** What a person can do about a file that cannot be read or written, as a sentence; null where only the error helps. */
export function remedyFor(error: unknown): string | null {
  const code = primaryCode(error) ?? (error as { code?: unknown } | null)?.code;
  if (code === SQLITE_BUSY) return "Another program holds it: end that one.";
  if (MAY_NOT_WRITE.has(code)) return "Give this user the right to write there, or choose another folder.";
  return HAS_NO_ROOM.has(code) ? "Make room on the disk, and see that it has no errors." : null;
}

/** SQLite's extended result codes carry the primary one in the low byte. */
function primaryCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : null;
}
