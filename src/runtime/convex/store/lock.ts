/**
 * One process per data folder.
 *
 * The lock is an exclusive SQLite transaction on an empty file beside the database, so it is the operating
 * system's file lock: it goes away with its process, however that ends, and no stale process id can be left.
 */
import { DatabaseSync } from "node:sqlite";
import { DataFolderError } from "../errors.ts";

/** Takes the lock or throws `DataFolderError`. Returns its release. */
export function holdLock(path: string): () => void {
  const lock = new DatabaseSync(path);
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    throw new DataFolderError(
      `The data folder is in use by another process (${path} is locked). Stop that one first, or choose another folder.`,
      { cause },
    );
  }
  return () => lock.close();
}
