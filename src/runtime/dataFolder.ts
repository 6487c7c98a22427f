/** The data folder: made on first use, held by one home at a time. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HomeError } from "./homeError.ts";

const SQLITE_BUSY = 5;

export interface DataFolder {
  /** Absolute path. */
  readonly dir: string;
  release(): void;
}

/** Opens the folder for this process alone; throws `HomeError` when another home holds it. */
export function openDataFolder(dir: string): DataFolder {
  const absolute = path.resolve(dir);
  const release = makeAndLock(absolute);
  if (release) return { dir: absolute, release };
  throw new HomeError(`Another Noruxa is running on ${absolute}: stop it, or choose another folder with --data DIR.`);
}

/**
 * Takes the lock that a file stands for, or answers null while another holder has it.
 *
 * [Note: File lock]
 * The lock is SQLite's own, on an empty file: the operating system drops it when the process ends, however
 * it ends, so a killed home never leaves a stale lock behind.
 */
export function tryLock(file: string): (() => void) | null {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return () => lock.close();
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null;
    throw error;
  }
}

/** The text of a file, or null when there is none. */
export function readIfThere(file: string): string | null {
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** Writes a file only its owner can read, whole or not at all. */
export function writePrivately(file: string, text: string): void {
  const next = `${file}.next`;
  writeFileSync(next, text, { mode: 0o600, flush: true });
  renameSync(next, file);
}

function makeAndLock(dir: string): (() => void) | null {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return tryLock(path.join(dir, "home.lock"));
  } catch (error) {
    throw new HomeError(
      `The data folder ${dir} cannot be used (${(error as Error).message}): choose another with --data DIR.`,
    );
  }
}
