/** Why a data folder cannot be used, and what to do about it. */
import { DataFolderError } from "../errors.ts";
import { remedyFor } from "./connection.ts";

/** Another process has locked the file at `path`. */
export function inUse(path: string, cause: unknown): DataFolderError {
  return new DataFolderError(
    `The data folder is in use by another process (${path} is locked). Stop that one first, or choose another folder.`,
    { cause },
  );
}

/** The file or folder at `path` cannot be opened or written. */
export function unusable(path: string, cause: unknown): DataFolderError {
  const remedy = remedyFor(cause) ?? "Choose another folder.";
  return new DataFolderError(`The data folder cannot be used: ${path}: ${(cause as Error).message}. ${remedy}`, {
    cause,
  });
}
