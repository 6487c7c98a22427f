/**
 * Snapshots as ZIP files, in the format of `npx convex export` and `npx convex import`: for each component
 * `_tables/documents.jsonl` with the tables' names and numbers, and for each table `<table>/documents.jsonl`, below
 * `_components/<name>/` for components.
 */

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import yauzl from "yauzl";
import yazl from "yazl";
import type { SnapshotReader, SnapshotTable } from "../store/snapshotReader.ts";
import type { ComponentPath, JsonText } from "../types.ts";
import type { JsonObject } from "../values/encoded.ts";
import { ImportError, parseJsonLine } from "./rows.ts";

const README = `# A snapshot of a Convex deployment

Each table's documents are lines of JSON in <table>/documents.jsonl.
\`npx convex import\` reads this file; see https://docs.convex.dev/database/import-export/import.
`;

/** Tells the importer that the lines hold Convex's JSON encoding throughout. */
const UNIFORM_SCHEMA = '"uniform"\n';

export function isSystemTable({ name }: { name: string }): boolean {
  return name.startsWith("_");
}

/** What is being written, and how much of it. */
export type Progress = (what: string, done: number, total: number) => void;

/** Adds tables of a snapshot to a ZIP, all of the users' unless told otherwise, as fast as the ZIP is read. */
export function addTables(
  zip: yazl.ZipFile,
  reader: SnapshotReader,
  {
    progress,
    include = (table) => !isSystemTable(table),
  }: { progress?: Progress; include?: (table: SnapshotTable) => boolean } = {},
): void {
  const tables = reader.tables().filter(include);
  zip.addBuffer(Buffer.from(README), "README.md");
  for (const [component, members] of Map.groupBy(tables, (table) => table.component)) {
    const numbers = members.filter((table) => !isSystemTable(table)).sort((a, b) => a.number - b.number);
    const lines = numbers.map(({ name, number }) => `${JSON.stringify({ name, id: number })}\n`);
    zip.addBuffer(Buffer.from(lines.join("")), `${folderOf(component)}_tables/documents.jsonl`);
    for (const table of members) addTable(zip, reader, table, progress);
  }
}

function addTable(zip: yazl.ZipFile, reader: SnapshotReader, table: SnapshotTable, progress?: Progress): void {
  const folder = `${folderOf(table.component)}${table.name}`;
  // Opened only when its turn comes: each table holds a cursor, and there may be thousands.
  zip.addReadStreamLazy(`${folder}/documents.jsonl`, (give) =>
    give(null, Readable.from(linesOf(reader, table, progress))),
  );
  if (!isSystemTable(table)) zip.addBuffer(Buffer.from(UNIFORM_SCHEMA), `${folder}/generated_schema.jsonl`);
}

function* linesOf(reader: SnapshotReader, table: SnapshotTable, progress?: Progress): Generator<string> {
  let done = 0;
  for (const batch of reader.documents(table)) {
    yield `${batch.join("\n")}\n`;
    done += batch.length;
    progress?.(nameOf(table), done, table.documentCount);
  }
}

/** "messages", or "rateLimiter:rateLimits" in a component. */
export function nameOf({ component, name }: { component: ComponentPath; name: string }): string {
  return component === "" ? name : `${component}:${name}`;
}

function folderOf(component: ComponentPath): string {
  if (component === "") return "";
  return component
    .split("/")
    .map((name) => `_components/${name}/`)
    .join("");
}

// ---------------------------------------------------------------------------------------------------
// Reading

/** A table in an archive. */
export interface ArchivedTable {
  component: ComponentPath;
  name: string;
  /** As its ids carry it; null when the archive does not say. */
  number: number | null;
  /** Its documents; can be read more than once. Throws `ImportError` naming the line that is wrong. */
  documents: () => AsyncIterable<JsonObject>;
}

export interface Archive {
  tables: ArchivedTable[];
  /** Everything else in it, by path. */
  files: { path: string; open: () => Promise<Readable> }[];
  close: () => void;
}

const DOCUMENTS = /^(?:.*\/)?([^/]+)\/documents\.jsonl$/;

const openZip = promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open);

/** Opens a ZIP file of this format. Throws `ImportError` when it is none. */
export async function openArchive(file: string, base: ComponentPath = ""): Promise<Archive> {
  const zip = await openZip(file, { lazyEntries: true, autoClose: false }).catch((error: Error) => {
    throw new ImportError(`${file} is not a ZIP file that can be read: ${error.message}`);
  });
  const entries = await entriesOf(zip);
  const open = (entry: yauzl.Entry) => promisify(zip.openReadStream.bind(zip) as OpenStream)(entry);
  const numbers = await tableNumbers(entries, open, base);
  const tables: ArchivedTable[] = [];
  const files: Archive["files"] = [];
  for (const entry of entries) {
    const [, name] = DOCUMENTS.exec(entry.fileName) ?? [];
    if (name === undefined) files.push({ path: entry.fileName, open: () => open(entry) });
    if (name === undefined || name === "_tables" || name === "_storage") continue;
    const component = componentOf(entry.fileName, base);
    const number = numbers.get(nameOf({ component, name })) ?? null;
    tables.push({ component, name, number, documents: () => documentsOf(() => open(entry), entry.fileName) });
  }
  return { tables, files, close: () => zip.close() };
}

type OpenStream = (entry: yauzl.Entry, give: (error: Error | null, stream: Readable) => void) => void;

async function entriesOf(zip: yauzl.ZipFile): Promise<yauzl.Entry[]> {
  const entries: yauzl.Entry[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  zip.on("entry", (entry: yauzl.Entry) => {
    if (!entry.fileName.endsWith("/")) entries.push(entry);
    zip.readEntry();
  });
  zip.once("end", resolve);
  zip.once("error", (error: Error) => reject(new ImportError(`The ZIP file is damaged: ${error.message}`)));
  zip.readEntry();
  await promise;
  return entries;
}

async function tableNumbers(
  entries: yauzl.Entry[],
  open: (entry: yauzl.Entry) => Promise<Readable>,
  base: ComponentPath,
): Promise<Map<string, number>> {
  const numbers = new Map<string, number>();
  for (const entry of entries) {
    if (!/(^|\/)_tables\/documents\.jsonl$/.test(entry.fileName)) continue;
    const component = componentOf(entry.fileName, base);
    for await (const { name, id } of documentsOf(() => open(entry), entry.fileName))
      numbers.set(nameOf({ component, name: String(name) }), Number(id));
  }
  return numbers;
}

async function* documentsOf(open: () => Promise<Readable>, path: string): AsyncGenerator<JsonObject> {
  const stream = await open();
  let lineNumber = 0;
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    lineNumber += 1;
    yield parseJsonLine(line as JsonText, `${path}:${lineNumber}`);
  }
}

/** "x/_components/a/_components/b/table/documents.jsonl" → "a/b", below `base`. */
function componentOf(path: string, base: ComponentPath): ComponentPath {
  const names = [...path.matchAll(/_components\/([^/]+)\//g)].map(([, name]) => name);
  return [...(base === "" ? [] : [base]), ...names].join("/");
}
