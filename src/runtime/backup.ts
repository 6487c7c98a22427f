/**
 * Backups of a home: what its database, its object store and its directory of people hold at one moment.
 *
 * [Note: Two sets of backups]
 * Deleting forgets keys, so a copy of the keys brings back what people deleted. A backup therefore comes in two ZIP
 * files: the data without the tables of keys, which may be kept for long, and those tables alone, of which only the
 * last ones are to be kept. Neither holds the master keys of `secrets.env`, nor variables set by `npx convex env`:
 * whoever finds both files can still read no content, and whoever restores them needs `secrets.env`. The keys may be
 * sealed for a key that is kept offline (`sealedFile.ts`).
 *
 * Tables are written as `npx convex export` does, so the official CLI reads them too; the rest is below `_home/`,
 * which the CLI passes over. The database is read first, both files in one transaction. Objects are written before
 * rows name them, so each object that a row in the backup names was there; one that is deleted while the backup is
 * made may be missing from it.
 */
import type { KeyObject } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdtemp, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import yazl from "yazl";
import { SnapshotReader, type SnapshotTable } from "./convex/store/snapshotReader.ts";
import { addTables, isSystemTable, type Progress } from "./convex/transfer/archive.ts";
import { HomeError } from "./homeError.ts";
import { DATABASE_FILES, HOME_PREFIX, KEY_TABLES } from "./homeFiles.ts";
import { sealedFor } from "./sealedFile.ts";

const BUSY_WAIT_MS = 5_000;

export interface BackupOptions {
  dataDir: string;
  /** Where the two ZIP files go. */
  dataFile: string;
  keysFile: string;
  /** For whose private key the file of keys is sealed; without it, it lies as it is. */
  sealKeysFor?: KeyObject | undefined;
  progress?: Progress;
}

/** Backs up the home at `dataDir`, which may be serving. Throws `HomeError` when a file exists already. */
export async function backUp(options: BackupOptions): Promise<void> {
  const { dataDir, dataFile, keysFile, sealKeysFor, progress } = options;
  for (const file of [dataFile, keysFile]) refuseExisting(file);
  const draftDir = await mkdtemp(path.join(path.dirname(path.resolve(dataFile)), ".backup-"));
  const reader = new SnapshotReader(path.join(dataDir, DATABASE_FILES.convex));
  try {
    const keys = new yazl.ZipFile();
    addTables(keys, reader, { progress, include: isKeyTable });
    await write(keys, keysFile, draftDir, sealKeysFor);
    const data = new yazl.ZipFile();
    addTables(data, reader, { progress, include: isDataTable });
    addHomeFiles(data, dataDir, draftDir);
    await write(data, dataFile, draftDir);
  } finally {
    reader.close();
    await rm(draftDir, { recursive: true, force: true });
  }
}

function refuseExisting(file: string): void {
  if (existsSync(file)) throw new HomeError(`${file} exists already: choose another name.`);
}

function isKeyTable({ component, name }: SnapshotTable): boolean {
  return component === "" && KEY_TABLES.includes(name);
}

/** With scheduled jobs, for it is promised that they run; the official CLI passes them over. */
function isDataTable(table: SnapshotTable): boolean {
  if (isSystemTable(table)) return table.name === "_scheduled_functions";
  return !isKeyTable(table);
}

/** The file is there whole or not at all. */
async function write(zip: yazl.ZipFile, file: string, draftDir: string, sealFor?: KeyObject): Promise<void> {
  const draft = path.join(draftDir, "backup.zip");
  const target = createWriteStream(draft, { mode: 0o600 });
  zip.end();
  if (sealFor) await pipeline(zip.outputStream, sealedFor(sealFor), target);
  else await pipeline(zip.outputStream, target);
  await sync(draft);
  await rename(draft, file);
}

function addHomeFiles(zip: yazl.ZipFile, dataDir: string, draftDir: string): void {
  for (const name of ["identity", "objects"] as const) {
    const original = path.join(dataDir, DATABASE_FILES[name]);
    if (!existsSync(original)) continue;
    const copy = path.join(draftDir, `${name}.sqlite`);
    copyDatabase(original, copy);
    zip.addFile(copy, HOME_PREFIX + DATABASE_FILES[name]);
    if (name === "objects") addBlobs(zip, path.join(dataDir, "objects"), copy);
  }
  const clock = path.join(dataDir, "clock.json");
  if (existsSync(clock)) zip.addFile(clock, `${HOME_PREFIX}clock.json`);
}

/** As it is at this moment, whoever writes to it. */
function copyDatabase(original: string, copy: string): void {
  const database = new DatabaseSync(original, { readOnly: true, timeout: BUSY_WAIT_MS });
  try {
    database.prepare("VACUUM INTO ?").run(copy);
  } finally {
    database.close();
  }
}

/** Bytes are sealed already, so they are stored as they are. */
function addBlobs(zip: yazl.ZipFile, objectsDir: string, catalogue: string): void {
  const database = new DatabaseSync(catalogue, { readOnly: true });
  const rows = database.prepare("SELECT DISTINCT blobId FROM pieces").all() as { blobId: string }[];
  database.close();
  for (const { blobId } of rows) {
    const name = `blobs/${blobId.slice(0, 2)}/${blobId}`;
    const blob = path.join(objectsDir, name);
    if (!existsSync(blob)) continue;
    // Opened only when its turn comes: there may be more of them than files can be open.
    zip.addReadStreamLazy(`${HOME_PREFIX}objects/${name}`, { compress: false }, (give) =>
      give(null, createReadStream(blob)),
    );
  }
}

async function sync(file: string): Promise<void> {
  const handle = await open(file);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
