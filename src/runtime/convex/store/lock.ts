/**
 * One process per data folder.
 *
 * The lock is an exclusive SQLite transaction on an empty file beside the database, so it is the operating
 * system's file lock: it goes away with its process, however that ends, and no stale process id can be left.
 */
import { DatabaseSync } from "node:sqlite";
import { DataFolderError } from "../errors.ts";
import { isBusy } from "./connection.ts";

/** Takes the lock or throws `DataFolderError`. Returns its release. */
export function holdLock(path: string): () => void {
  const lock = open(path);
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    throw isBusy(cause) ? inUse(path, cause) : unusable(path, cause);
  }
  return () => lock.close();
}

function open(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function inUse(path: string, cause: unknown): DataFolderError {
  return new DataFolderError(
    `The data folder is in use by another process (${path} is locked). Stop that one first, or choose another folder.`,
    { cause },
  );
}

function unusable(path: string, cause: unknown): DataFolderError {
  return new DataFolderError(`The data folder cannot be used: ${path}: ${(cause as Error).message}.`, { cause });
}
