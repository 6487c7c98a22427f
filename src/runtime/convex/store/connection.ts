/** One SQLite connection with its prepared statements. */
import { DatabaseSync, type StatementSync } from "node:sqlite";

export class Connection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, options: { readOnly?: boolean } = {}) {
    this.#database = new DatabaseSync(path, { readOnly: options.readOnly ?? false });
  }

  /** The prepared statement for `sql`, compiled once per connection. Rows come as arrays of columns. */
  statement(sql: string): StatementSync {
    const prepared = this.#statements.get(sql);
    if (prepared) return prepared;
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    this.#statements.set(sql, statement);
    return statement;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Runs `work` in one write transaction: all of it is durable when this returns, none of it when it throws. */
  write<Result>(work: () => Result): Result {
    this.statement("BEGIN IMMEDIATE").run();
    try {
      const result = work();
      this.statement("COMMIT").run();
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.statement("ROLLBACK").run();
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

/** The only row of a statement, or undefined. The caller names the column types, which the schema fixes. */
export function firstRow<Row extends unknown[]>(
  connection: Connection,
  sql: string,
  ...values: (string | number | bigint | Uint8Array)[]
): Row | undefined {
  return connection.statement(sql).get(...values) as unknown as Row | undefined;
}

/** Every row of a statement; see `firstRow`. */
export function allRows<Row extends unknown[]>(
  connection: Connection,
  sql: string,
  ...values: (string | number | bigint | Uint8Array)[]
): Row[] {
  return connection.statement(sql).all(...values) as unknown as Row[];
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

/** SQLite's extended result codes carry the primary one in the low byte. */
function primaryCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : null;
}
