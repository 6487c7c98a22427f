/**
 * One process per data folder.
 *
 * The lock is an exclusive SQLite transaction on an empty file beside the database, so it is the operating
 * system's file lock: it goes away with its process, however that ends, and no stale process id can be left.
 */
import { DatabaseSync } from "node:sqlite";
import { isBusy } from "./connection.ts";
import { inUse, unusable } from "./refusals.ts";

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
