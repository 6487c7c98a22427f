/** Reads the archive that `privacy:export` writes, once all of it has been compared with its manifest: see docs/export.md. */
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { EXPORT_SECTIONS } from "../../convex/exports/schema.ts";
import { openArchive } from "../../src/runtime/convex/transfer/archive.ts";
import { Progress } from "../progress.ts";

/** A row of an archive. What is in it is believed as far as the functions that take it in check it. */
export type ArchivedRow = Record<string, unknown> & { id: string };

export type Section = Exclude<(typeof EXPORT_SECTIONS)[number], "files">;

export interface PersonArchive {
  /** The rows of a section in their order. Of a row that is listed twice, the later one. */
  rows(section: Section): AsyncGenerator<ArchivedRow>;
  /** What opens the content of a file; null where the archive says that it is missing. */
  file(name: string): (() => Promise<Readable>) | null;
  /** The SHA-256 of its manifest, in hexadecimal: by this it is known again. */
  digest: string;
  /** Files that could not be read when the archive was written. */
  missing: readonly string[];
  close(): void;
}

interface Manifest {
  format: string;
  version: number;
  entries: { name: string; bytes: number; sha256: string }[];
  missing: string[];
}

const MANIFEST = "manifest.json";
type Opener = () => Promise<Readable>;

/** Opens an archive and verifies it. Throws an Error that says what is not as it was written; nothing was imported then. */
export async function openPersonArchive(file: string): Promise<PersonArchive> {
  const archive = await openArchive(file);
  const openers = new Map<string, Opener>(archive.files.map(({ path, open }) => [path, open]));
  try {
    const { manifest, digest } = await readManifest(openers);
    await verify(openers, manifest);
    return {
      rows: (section) => rowsOf(openers, section),
      file: (name) => openers.get(name) ?? null,
      digest,
      missing: manifest.missing,
      close: archive.close,
    };
  } catch (error) {
    archive.close();
    throw error;
  }
}

async function readManifest(openers: ReadonlyMap<string, Opener>): Promise<{ manifest: Manifest; digest: string }> {
  const open = openers.get(MANIFEST);
  if (!open) throw new Error("This is no archive of a person: it has no manifest.json.");
  const text = await textOf(open);
  const manifest = JSON.parse(text) as Manifest;
  const digest = createHash("sha256").update(text).digest("hex");
  if (manifest.format === "noruxa-export" && manifest.version === 1) return { manifest, digest };
  throw new Error(`The archive is of another kind or version: ${manifest.format} ${manifest.version}.`);
}

/** Every file is there as the manifest says, and no other is. */
async function verify(openers: ReadonlyMap<string, Opener>, { entries }: Manifest): Promise<void> {
  const listed = new Set([MANIFEST, ...entries.map(({ name }) => name)]);
  const stranger = [...openers.keys()].find((name) => !listed.has(name));
  if (stranger !== undefined) throw new Error(`The archive has a file that its manifest does not list: ${stranger}.`);
  const progress = new Progress("files verified", entries.length);
  for (const [index, { name, bytes, sha256 }] of entries.entries()) {
    const open = openers.get(name);
    if (!open) throw new Error(`The archive lacks ${name}.`);
    const found = await digestOf(open);
    if (found.bytes !== bytes || found.sha256 !== sha256) throw new Error(`${name} is not as it was written.`);
    progress.reached(index + 1);
  }
  progress.end();
}

async function digestOf(open: Opener): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of await open()) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

async function* rowsOf(openers: ReadonlyMap<string, Opener>, section: Section): AsyncGenerator<ArchivedRow> {
  const pages = [...openers].filter(([name]) => name.startsWith(`${section}/`)).sort(([a], [b]) => (a < b ? -1 : 1));
  const left = new Map<string, number>();
  const read = async (open: Opener) => JSON.parse(await textOf(open)) as ArchivedRow[];
  for (const [, open] of pages) for (const { id } of await read(open)) left.set(id, (left.get(id) ?? 0) + 1);
  for (const [, open] of pages) {
    for (const row of await read(open)) {
      const times = (left.get(row.id) ?? 1) - 1;
      left.set(row.id, times);
      if (times === 0) yield row;
    }
  }
}

async function textOf(open: Opener): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await open()) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
