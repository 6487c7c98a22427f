/** Imports for `npx convex import`: uploaded in parts, explained, confirmed, performed. */
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { convexToJson } from "convex/values";
import type { Application } from "../application.ts";
import { badRequest } from "../errors.ts";
import type { SqliteStore } from "../store/store.ts";
import type { ComponentPath, Json } from "../types.ts";
import { nameOf, openArchive } from "./archive.ts";
import { type ImportedTable, type ImportMode, performImport, plannedChanges, type TableChange } from "./importing.ts";
import { type RowFormat, readRows } from "./rows.ts";

export const IMPORTS_TABLE = "_snapshot_imports";

/** What the row of a running import says is at most this old. */
const PROGRESS_EVERY_MS = 500;

export interface ImportRequest {
  tableName?: string;
  componentPath?: string | null;
  mode: ImportMode;
  format: RowFormat | "zip";
}

export interface ImportsParts {
  application: Application;
  store: SqliteStore;
  /** Where uploads rest until they are imported; emptied at every start. */
  dir: string;
  log: (line: string) => void;
}

/** An import that waits to be confirmed. */
interface Planned {
  file: string;
  request: ImportRequest;
  tables: ImportedTable[];
  changes: TableChange[];
  close: () => void;
}

export class Imports {
  readonly #parts: ImportsParts;
  readonly #planned = new Map<string, Planned>();
  readonly #running = new Set<Promise<void>>();
  /** Performed one after the other: each sweeps away what is left of those before. */
  #performing: Promise<void> = Promise.resolve();

  private constructor(parts: ImportsParts) {
    this.#parts = parts;
  }

  static async open(parts: ImportsParts): Promise<Imports> {
    await rm(parts.dir, { recursive: true, force: true });
    return new Imports(parts);
  }

  /** Answers the token by which the parts of one upload belong together. */
  async startUpload(): Promise<string> {
    const token = randomUUID();
    await mkdir(this.#folderOf(token), { recursive: true, mode: 0o700 });
    return token;
  }

  /** Keeps a part of an upload; answers the token by which `finishUpload` names it. */
  async uploadPart(token: string, partNumber: number, bytes: Buffer): Promise<string> {
    await writeFile(this.#partOf(token, String(partNumber)), bytes, { mode: 0o600 });
    return String(partNumber);
  }

  /** Joins the parts and looks into them; answers the import's id, whose row tells how it goes. */
  async finishUpload(token: string, partTokens: string[], request: ImportRequest): Promise<string> {
    const file = path.join(this.#folderOf(token), "import");
    await writeFile(file, "", { mode: 0o600 });
    for (const part of partTokens)
      await pipeline(createReadStream(this.#partOf(token, part)), createWriteStream(file, { flags: "a" }));
    const state = { state: "uploaded" };
    const id = await this.#parts.application.transact((tx) =>
      tx.insert("", IMPORTS_TABLE, { ...rowOf(request), state }),
    );
    void this.#track(id, request, () => this.#plan(id, file, request));
    return id;
  }

  /** Performs an import that waits for it. Throws `RequestError` when there is none of this id. */
  perform(id: string): void {
    const planned = this.#planned.get(id);
    if (!planned) throw badRequest("ImportNotFound", "There is no import of this id that waits to be performed.");
    this.#planned.delete(id);
    const isTurn = this.#performing;
    this.#performing = this.#track(id, planned.request, () => isTurn.then(() => this.#perform(id, planned)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#running);
    for (const planned of this.#planned.values()) planned.close();
  }

  async #plan(id: string, file: string, request: ImportRequest): Promise<void> {
    const { store, application } = this.#parts;
    const { tables, close } = await tablesIn(file, request);
    const changes = await plannedChanges(store, tables, request.mode, application.deployment.components);
    this.#planned.set(id, { file, request, tables, changes, close });
    await this.#record(id, request, {
      state: "waiting_for_confirmation",
      message_to_confirm: summaryOf(changes),
      require_manual_confirmation: changes.some(({ deleted }) => deleted > 0),
    });
  }

  async #perform(id: string, planned: Planned): Promise<void> {
    const { store, application } = this.#parts;
    const { request, tables, changes } = planned;
    await this.#record(id, request, { state: "in_progress", checkpoint_messages: [] });
    let nextReportMs = 0;
    const progress = (table: string, done: number, total: number) => {
      if (performance.now() < nextReportMs) return;
      nextReportMs = performance.now() + PROGRESS_EVERY_MS;
      const progress_message = `Importing "${table}" (${done}/${total} documents)`;
      void this.#record(id, request, { state: "in_progress", progress_message, checkpoint_messages: [] });
    };
    try {
      const transact: Application["transact"] = (write) => application.transact(write);
      const written = await performImport({ store, transact, progress }, { tables, changes, mode: request.mode });
      application.live.invalidateAll();
      await this.#record(id, request, { state: "completed", num_rows_written: convexToJson(BigInt(written)) });
    } finally {
      planned.close();
      await rm(path.dirname(planned.file), { recursive: true, force: true });
    }
  }

  /** Writes down when the work fails. Resolves when it has ended, either way. */
  #track(id: string, request: ImportRequest, work: () => Promise<void>): Promise<void> {
    const running = work().catch((error: unknown) => {
      const error_message = error instanceof Error ? error.message : String(error);
      // The message may quote what was imported, which the log must not.
      this.#parts.log(`An import failed (${error instanceof Error ? error.name : "unknown error"}).`);
      return this.#record(id, request, { state: "failed", error_message });
    });
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  async #record(id: string, request: ImportRequest, state: Record<string, Json>): Promise<void> {
    await this.#parts.application.transact((tx) => void tx.replace("", id, { ...rowOf(request), state }));
  }

  #folderOf(token: string): string {
    if (/^[0-9a-f-]{36}$/.test(token)) return path.join(this.#parts.dir, token);
    throw badRequest("InvalidUploadToken", "The upload token is none that this deployment gave out.");
  }

  #partOf(token: string, part: string): string {
    if (/^\d{1,5}$/.test(part)) return path.join(this.#folderOf(token), `part-${part}`);
    throw badRequest("InvalidPart", `"${part}" is no part of an upload.`);
  }
}

function rowOf({ format, mode, tableName }: ImportRequest): Record<string, Json> {
  return { format: { format, table: tableName ?? null }, mode, requestor: { type: "snapshotImport" } };
}

async function tablesIn(
  file: string,
  { format, tableName, componentPath }: ImportRequest,
): Promise<{ tables: ImportedTable[]; close: () => void }> {
  const component: ComponentPath = componentPath ?? "";
  if (format === "zip") {
    const { tables, close } = await openArchive(file, component);
    return { tables: tables.filter(({ name }) => !name.startsWith("_")), close };
  }
  if (tableName === undefined) throw badRequest("InvalidName", "The import needs the name of a table.");
  const table = { component, name: tableName, number: null, documents: () => readRows(file, format) };
  return { tables: [table], close: () => undefined };
}

function summaryOf(changes: TableChange[]): string {
  const lines = changes.map(
    (change) => `${nameOf(change)}: create ${change.added}, delete ${change.deleted} of ${change.existing} documents`,
  );
  return [
    "Import change summary:",
    ...lines,
    "The import runs on the deployment; interrupting the CLI does not stop it.",
  ].join("\n");
}
