/**
 * The database file: its tables, its format version, and the checks made before anything is written to it.
 *
 * Documents are stored once, as JSON text, and found through index entries alone: `by_id` and
 * `by_creation_time` are indexes like any other (see [Note: Keys are byte strings] for what a key is).
 */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { DataFolderError } from "../errors.ts";
import { Connection, type ConnectionOptions, isBusy, isDamage, remedyFor } from "./connection.ts";
import { inUse, unusable } from "./refusals.ts";

/** Brings a file from one format version to the next. */
export type Migration = (connection: Connection) => void;

/** The step at `index` leads to version `index + 1`. Steps are never edited, only added. */
const MIGRATIONS: readonly Migration[] = [createTables];

const FORMAT_VERSION = MIGRATIONS.length;

/** A full `quick_check` reads the whole file (some 500 MB/s); beyond this size only the catalogue is checked. */
const FULL_CHECK_BYTES_MAX = 64 * 1024 * 1024;

const SQLITE_MAGIC = "SQLite format 3\0";

/**
 * Opens the writing connection of a new or existing database; one of an older format is brought forward, and
 * `<path>.v<version>` keeps what it was. Throws `DataFolderError`, having changed nothing.
 * `addedMigrations`: steps after those of this version.
 */
export function openDatabase(
  path: string,
  options: ConnectionOptions,
  addedMigrations: readonly Migration[] = [],
): Connection {
  const migrations = [...MIGRATIONS, ...addedMigrations];
  explainingRefusals(path, () => createPrivateFile(path));
  if (statSync(path).size > 0) explainingRefusals(path, () => inspect(path, migrations.length));
  return explainingRefusals(path, () => {
    const connection = new Connection(path, options);
    try {
      configure(connection);
      migrate(connection, path, migrations);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  });
}

/** Throws `DataFolderError` unless there is a sound database of this version's format. Changes nothing. */
export function checkFormat(path: string): void {
  if (!existsSync(path)) throw new DataFolderError(`There is no database at ${path}.`);
  explainingRefusals(path, () => {
    if (inspect(path, FORMAT_VERSION) < FORMAT_VERSION)
      throw new DataFolderError(
        `${path} was written by an older version. Start this version on it once, then try again.`,
      );
  });
}

/** People's data: readable by the owner of the process only. SQLite gives its side files the same mode. */
function createPrivateFile(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
}

/** Runs `open`; what SQLite or the system refuses becomes a `DataFolderError` that says what to do about it. */
export function explainingRefusals<Result>(path: string, open: () => Result): Result {
  try {
    return open();
  } catch (error) {
    if (isDamage(error)) throw damaged(path, error);
    if (isBusy(error)) throw inUse(path, error);
    throw remedyFor(error) === null ? error : unusable(path, error);
  }
}

/** Reads enough, through a connection that cannot write, to know that the file can be used; answers its version. */
function inspect(path: string, knownVersion: number): number {
  if (readHeader(path) !== SQLITE_MAGIC) throw damaged(path);
  const connection = new Connection(path, { readOnly: true });
  try {
    const version = storedVersion(connection);
    if (version > knownVersion) throw newer(path, version, knownVersion);
    const scope = statSync(path).size <= FULL_CHECK_BYTES_MAX || version === 0 ? "1" : "'tables'";
    const [finding] = connection.first<[string]>(`PRAGMA quick_check(${scope})`) ?? ["no answer"];
    if (finding !== "ok") throw damaged(path, new Error(finding));
    return version;
  } finally {
    connection.close();
  }
}

function readHeader(path: string): string {
  const header = Buffer.alloc(SQLITE_MAGIC.length);
  const file = openSync(path, "r");
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  return header.toString("latin1");
}

/** 0: nothing was created yet. */
function storedVersion(connection: Connection): number {
  const [tableCount] = connection.first<[number]>("SELECT count(*) FROM sqlite_schema") ?? [0];
  if (tableCount === 0) return 0;
  const meta = connection.first<[number]>("SELECT 1 FROM sqlite_schema WHERE name = 'meta'");
  if (!meta)
    throw new DataFolderError("The database file was not written by this program; choose another data folder.");
  return connection.first<[number]>("SELECT value FROM meta WHERE name = 'format_version'")?.[0] ?? 0;
}

/**
 * `synchronous=FULL`: what was acknowledged survives a power cut. `secure_delete`: a deleted row's bytes are
 * overwritten, not just unlinked; see [Note: Deleted bytes].
 */
function configure(connection: Connection): void {
  connection.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA secure_delete = ON; PRAGMA cache_size = -16000",
  );
}

function migrate(connection: Connection, path: string, migrations: readonly Migration[]): void {
  const version = storedVersion(connection);
  if (version === migrations.length) return;
  if (version > 0) keepCopy(connection, `${path}.v${version}`);
  connection.write(() => {
    for (const step of migrations.slice(version)) step(connection);
    connection.run(
      "INSERT INTO meta (name, value) VALUES ('format_version', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1",
      migrations.length,
    );
  });
}

/** A whole copy under its name at once, however this ends: one that a crash left half-written is made again. */
function keepCopy(connection: Connection, copyPath: string): void {
  const draft = `${copyPath}.next`;
  rmSync(draft, { force: true });
  createPrivateFile(draft);
  connection.run("VACUUM INTO ?", draft);
  renameSync(draft, copyPath);
}

function createTables(connection: Connection): void {
  connection.exec(`
    CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE schemas (namespace TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE tables (
      id INTEGER PRIMARY KEY,
      namespace TEXT NOT NULL,
      name TEXT NOT NULL,
      number INTEGER NOT NULL,
      document_count INTEGER NOT NULL,
      UNIQUE (namespace, name),
      UNIQUE (namespace, number)
    ) STRICT;
    CREATE TABLE indexes (
      id INTEGER PRIMARY KEY,
      table_id INTEGER NOT NULL,
      name TEXT NOT NULL,
      fields TEXT NOT NULL,
      staged INTEGER NOT NULL,
      UNIQUE (table_id, name)
    ) STRICT;
    CREATE TABLE documents (id INTEGER PRIMARY KEY, json TEXT NOT NULL, size INTEGER NOT NULL) STRICT;
    CREATE TABLE index_entries (
      index_id INTEGER NOT NULL,
      key BLOB NOT NULL,
      document_id INTEGER NOT NULL,
      PRIMARY KEY (index_id, key)
    ) STRICT, WITHOUT ROWID;
  `);
  connection.run("INSERT INTO meta (name, value) VALUES ('latest_ts', 0), ('cursor_key', ?)", randomBytes(32));
}

function newer(path: string, version: number, knownVersion: number): DataFolderError {
  return new DataFolderError(
    `${path} was written by a newer version (format ${version}; this version knows ${knownVersion}). Update, or choose another data folder. Nothing was changed.`,
  );
}

function damaged(path: string, cause?: unknown): DataFolderError {
  return new DataFolderError(
    `${path} is damaged or not a database. Restore it from a backup, or choose another data folder. Nothing was changed.`,
    { cause },
  );
}
