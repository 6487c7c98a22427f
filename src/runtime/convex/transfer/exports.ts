/** Exports for `npx convex export`: one at a time, written to the data folder and kept there for an hour. */
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { convexToJson } from "convex/values";
import yazl from "yazl";
import type { Application } from "../application.ts";
import { badRequest, RequestError } from "../errors.ts";
import { SnapshotReader } from "../store/snapshotReader.ts";
import { addTables } from "./archive.ts";

export const EXPORTS_TABLE = "_exports";

/** A copy of people's data must not outlive its purpose, and deleting people's data does not reach it. */
const KEPT_MS = 60 * 60 * 1000;

export interface ExportsParts {
  application: Application;
  /** Path of the database file. */
  databasePath: string;
  /** Where exports rest; emptied at every start. */
  dir: string;
  log: (line: string) => void;
}

export class Exports {
  readonly #parts: ExportsParts;
  readonly #removals = new Set<NodeJS.Timeout>();
  #running: Promise<void> | null = null;

  private constructor(parts: ExportsParts) {
    this.#parts = parts;
  }

  static async open(parts: ExportsParts): Promise<Exports> {
    await rm(parts.dir, { recursive: true, force: true });
    return new Exports(parts);
  }

  /** Begins an export of the database as it is now. Throws `RequestError` while another is being made. */
  async request(): Promise<void> {
    if (this.#running) throw badRequest("ExportInProgress", "An export is being made already.");
    const reader = new SnapshotReader(this.#parts.databasePath);
    const rowId = await this.#record({ state: "in_progress" });
    this.#running = this.#make(reader, rowId).finally(() => {
      this.#running = null;
    });
  }

  /** The file of a finished export. Throws `RequestError` when there is none. */
  fileOf(startTs: string): string {
    if (/^\d+$/.test(startTs)) return path.join(this.#parts.dir, `${startTs}.zip`);
    throw new RequestError("notFound", "ExportNotFound", "There is no such export, or it was made too long ago.");
  }

  async close(): Promise<void> {
    await this.#running;
    for (const removal of this.#removals) clearTimeout(removal);
  }

  async #make(reader: SnapshotReader, rowId: string): Promise<void> {
    const { dir, log, application } = this.#parts;
    const file = this.fileOf(String(reader.ts));
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await writeExport(reader, file);
      this.#removeLater(file);
      const completeTs = application.store.latestTs();
      await this.#record({ state: "completed", start_ts: int64(reader.ts), complete_ts: int64(completeTs) }, rowId);
    } catch (error) {
      log(`An export failed: ${error instanceof Error ? error.message : String(error)}`);
      await this.#record({ state: "failed" }, rowId);
    } finally {
      reader.close();
    }
  }

  #record(state: Record<string, ReturnType<typeof convexToJson>>, rowId?: string): Promise<string> {
    return this.#parts.application.transact((tx) => {
      if (rowId === undefined) return tx.insert("", EXPORTS_TABLE, { requestor: "snapshotExport", ...state });
      tx.replace("", rowId, { requestor: "snapshotExport", ...state });
      return rowId;
    });
  }

  #removeLater(file: string): void {
    const removal = setTimeout(() => {
      this.#removals.delete(removal);
      void rm(file, { force: true });
    }, KEPT_MS).unref();
    this.#removals.add(removal);
  }
}

async function writeExport(reader: SnapshotReader, file: string): Promise<void> {
  const zip = new yazl.ZipFile();
  addTables(zip, reader);
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file, { mode: 0o600 }));
}

function int64(value: bigint) {
  return convexToJson(value);
}
