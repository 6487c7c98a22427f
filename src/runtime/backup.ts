/**
 * Backups of a home: what its database, its object store and its directory of people hold at one moment, in one ZIP.
 *
 * [Note: What a backup holds]
 * Tables are in it as `npx convex export` writes them, so the official CLI reads it too; the rest is below `_home/`,
 * which the CLI passes over. No key is in it: neither the master keys of `secrets.env` nor variables set by
 * `npx convex env set`. Whoever finds a backup can therefore read no content, and whoever restores one needs
 * `secrets.env`, which is to be kept elsewhere. Deleting people's data does not reach backups: how long they are
 * kept is how long what was deleted can come back.
 *
 * The database is read first and in one transaction. Objects are written before rows name them, so each object that
 * a row in the backup names was there; one that is deleted while the backup is made may be missing from it.
 */
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdtemp, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import yazl from "yazl";
import { SnapshotReader } from "./convex/store/snapshotReader.ts";
import { addTables, type Progress } from "./convex/transfer/archive.ts";
import { HomeError } from "./homeError.ts";
import { DATABASE_FILES, HOME_PREFIX } from "./homeFiles.ts";

const BUSY_WAIT_MS = 5_000;

/** Scheduled jobs are part of the promise that they run; the official CLI passes them over. */
const SYSTEM_TABLES = ["_scheduled_functions"];

/** Writes a backup of the home at `dataDir`, which may be serving. Throws `HomeError` when the file exists already. */
export async function backUp({ dataDir, file, progress }: BackupOptions): Promise<void> {
  if (existsSync(file)) throw new HomeError(`${file} exists already: choose another name.`);
  const draftDir = await mkdtemp(path.join(path.dirname(path.resolve(file)), ".backup-"));
  const reader = new SnapshotReader(path.join(dataDir, DATABASE_FILES.convex));
  try {
    const draft = path.join(draftDir, "backup.zip");
    const zip = new yazl.ZipFile();
    addTables(zip, reader, { progress, systemTables: SYSTEM_TABLES });
    addHomeFiles(zip, dataDir, draftDir);
    zip.end();
    await pipeline(zip.outputStream, createWriteStream(draft, { mode: 0o600 }));
    await sync(draft);
    await rename(draft, file);
  } finally {
    reader.close();
    await rm(draftDir, { recursive: true, force: true });
  }
}

export interface BackupOptions {
  dataDir: string;
  /** Where the ZIP goes. */
  file: string;
  progress?: Progress;
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
