/**
 * Brings a backup back into an empty data folder ([Note: Two sets of backups]), and reads all of it again to see that
 * it is what the backup says. The folder is filled aside first, so it is either restored whole or left as it was.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import { SnapshotReader } from "./convex/store/snapshotReader.ts";
import { openStore } from "./convex/store/store.ts";
import { type Archive, type ArchivedTable, nameOf, openArchive, type Progress } from "./convex/transfer/archive.ts";
import { performImport, plannedChanges } from "./convex/transfer/importing.ts";
import type { JsonObject } from "./convex/values/encoded.ts";
import { openDataFolder } from "./dataFolder.ts";
import { HomeError } from "./homeError.ts";
import { DATABASE_FILES, HOME_PREFIX, KEY_TABLES } from "./homeFiles.ts";
import { isSealed, openSealed } from "./sealedFile.ts";

export interface RestoreOptions {
  /** The ZIP files of a backup: its data and its keys. */
  files: string[];
  /** The file of the private key that opens those of them that are sealed. */
  openWith?: string | undefined;
  dataDir: string;
  nowMs: () => number;
  progress?: Progress;
}

export interface Restored {
  documents: number;
  objects: number;
}

/** Throws `HomeError` when the folder is not empty or the backup is damaged; the folder is then as it was. */
export async function restore({ files, openWith, dataDir, nowMs, progress }: RestoreOptions): Promise<Restored> {
  const folder = openDataFolder(dataDir);
  const draftDir = path.join(folder.dir, "restoring");
  try {
    refuseUsedFolder(folder.dir);
    await rm(draftDir, { recursive: true, force: true });
    const archive = await openArchives(await unsealed(files, draftDir, openWith));
    try {
      const documents = await restoreTables(archive, draftDir, { nowMs, progress });
      await restoreFiles(archive, draftDir);
      const objects = await verifyObjects(draftDir);
      await putInPlace(draftDir, folder.dir);
      return { documents, objects };
    } finally {
      archive.close();
    }
  } finally {
    await rm(draftDir, { recursive: true, force: true });
    folder.release();
  }
}

/** The files as they can be read: those that are sealed are opened into the folder of drafts, which does not last. */
async function unsealed(files: string[], draftDir: string, openWith: string | undefined): Promise<string[]> {
  await mkdir(draftDir, { recursive: true, mode: 0o700 });
  return Promise.all(
    files.map(async (file, index) => {
      if (!(await isSealed(file))) return file;
      if (openWith === undefined) throw new HomeError(`${file} is sealed: name its private key with --open-with.`);
      const opened = path.join(draftDir, `unsealed-${index}.zip`);
      await openSealed(file, opened, openWith);
      return opened;
    }),
  );
}

/** What several archives hold together. Throws `HomeError` when the keys are not among it. */
async function openArchives(files: string[]): Promise<Archive> {
  const archives = await Promise.all(files.map((file) => openArchive(file)));
  const close = () => archives.forEach((archive) => archive.close());
  const tables = archives.flatMap((archive) => archive.tables);
  const missing = KEY_TABLES.find((name) => !tables.some((table) => table.component === "" && table.name === name));
  if (missing === undefined) return { tables, files: archives.flatMap((archive) => archive.files), close };
  close();
  throw new HomeError(`The table ${missing} is not among these files: name the backup's file of keys as well.`);
}

function refuseUsedFolder(dir: string): void {
  const used = Object.values(DATABASE_FILES).find((file) => existsSync(path.join(dir, file)));
  if (used)
    throw new HomeError(`${dir} is not empty (there is ${used}): restore into an empty folder with --data DIR.`);
}

async function restoreTables(
  { tables }: Archive,
  draftDir: string,
  { nowMs, progress }: Pick<RestoreOptions, "nowMs" | "progress">,
): Promise<number> {
  const database = path.join(draftDir, DATABASE_FILES.convex);
  const store = openStore({ path: database, clock: { nowMs } });
  let written: number;
  try {
    const components = [...new Set(tables.map(({ component }) => component))];
    const changes = await plannedChanges(store, tables, "requireEmpty", components);
    const transact = (): never => unreachable();
    written = await performImport({ store, transact, progress }, { tables, mode: "requireEmpty", changes });
  } finally {
    store.close();
  }
  await verifyTables(database, tables);
  return written;
}

function unreachable(): never {
  throw new Error("Only imports that append need transactions.");
}

async function restoreFiles({ files }: Archive, draftDir: string): Promise<void> {
  for (const { path: name, open } of files) {
    if (!name.startsWith(HOME_PREFIX)) continue;
    const target = path.join(draftDir, name.slice(HOME_PREFIX.length));
    if (!target.startsWith(draftDir + path.sep)) throw new HomeError(`The backup names a file outside: ${name}.`);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    await pipeline(await open(), createWriteStream(target, { mode: 0o600 }));
  }
}

/** Reads every document back and compares it with the backup's. */
async function verifyTables(database: string, tables: ArchivedTable[]): Promise<void> {
  const reader = new SnapshotReader(database);
  try {
    const stored = new Map(reader.tables().map((table) => [nameOf(table), table]));
    for (const table of tables) {
      const wanted = await digestOf(table.documents());
      const found = stored.get(nameOf(table));
      const got = found ? await digestOf(parsed(reader.documents(found))) : null;
      if (got !== wanted) throw new HomeError(`The table ${nameOf(table)} did not come back as it is in the backup.`);
    }
  } finally {
    reader.close();
  }
}

function* parsed(batches: Iterable<string[]>): Generator<JsonObject> {
  for (const batch of batches) for (const text of batch) yield JSON.parse(text) as JsonObject;
}

/** How many documents and a sum over their hashes, so that their order does not count. */
async function digestOf(documents: AsyncIterable<JsonObject> | Iterable<JsonObject>): Promise<string> {
  let count = 0;
  let sum = 0n;
  for await (const document of documents) {
    const fields = Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1));
    sum = BigInt.asUintN(256, sum + BigInt(`0x${createHash("sha256").update(JSON.stringify(fields)).digest("hex")}`));
    count += 1;
  }
  return `${count} ${sum}`;
}

/** Compares every object's bytes with the catalogue's checksums. Answers how many there are. */
async function verifyObjects(draftDir: string): Promise<number> {
  const file = path.join(draftDir, DATABASE_FILES.objects);
  if (!existsSync(file)) return 0;
  const catalogue = new DatabaseSync(file);
  try {
    const pieces = catalogue.prepare("SELECT blobId, md5 FROM pieces").all() as { blobId: string; md5: string }[];
    for (const { blobId, md5 } of pieces) {
      const blob = path.join(draftDir, "objects/blobs", blobId.slice(0, 2), blobId);
      if (!existsSync(blob)) continue; // Deleted while the backup was made; see [Note: Two sets of backups].
      if ((await md5Of(blob)) !== md5) throw new HomeError(`The object file ${blobId} is damaged in the backup.`);
    }
    return pieces.length;
  } finally {
    catalogue.close();
  }
}

async function md5Of(file: string): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function putInPlace(draftDir: string, dir: string): Promise<void> {
  for (const name of ["objects", "identity", "clock.json", "convex"]) {
    const made = path.join(draftDir, name);
    if (!existsSync(made)) continue;
    await rm(path.join(dir, name), { recursive: true, force: true });
    await rename(made, path.join(dir, name));
  }
}
