/** Documents out of the files that `npx convex import --table` takes: CSV, lines of JSON, an array of JSON. */
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { parse as parseCsv } from "csv-parse";
import type { JsonObject } from "../values/encoded.ts";

/** What is imported is not as it should be; the message says where. */
export class ImportError extends Error {
  override readonly name = "ImportError";
}

export type RowFormat = "csv" | "jsonLines" | "jsonArray";

/** An array of JSON is read whole; Convex takes up to this much. */
const MAX_JSON_ARRAY_BYTES = 8 * 1024 * 1024;

/** The documents in a file. Throws `ImportError`. */
export function readRows(file: string, format: RowFormat): AsyncIterable<JsonObject> {
  if (format === "csv") return csvRows(file);
  return format === "jsonLines" ? lineRows(file) : arrayRows(file);
}

export function parseJsonLine(line: string, where: string): JsonObject {
  return requireObject(parsed(line, where), where);
}

async function* csvRows(file: string): AsyncGenerator<JsonObject> {
  const parser = createReadStream(file).pipe(
    parseCsv({ columns: (names: string[]) => names.map((name) => name.trim()) }),
  );
  try {
    for await (const row of parser)
      yield Object.fromEntries(
        Object.entries(row as Record<string, string>).map(([name, cell]) => [name, valueOf(cell)]),
      );
  } catch (error) {
    throw new ImportError(`CSV: ${(error as Error).message}`);
  }
}

/** As Convex reads cells: a number where it is one, else text. */
function valueOf(cell: string): string | number {
  return /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell.trim()) ? Number(cell) : cell;
}

async function* lineRows(file: string): AsyncGenerator<JsonObject> {
  let lineNumber = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    lineNumber += 1;
    if (line.trim() !== "") yield parseJsonLine(line, `line ${lineNumber}`);
  }
}

async function* arrayRows(file: string): AsyncGenerator<JsonObject> {
  if ((await stat(file)).size > MAX_JSON_ARRAY_BYTES)
    throw new ImportError(
      `An array of JSON may be ${MAX_JSON_ARRAY_BYTES} bytes long; use lines of JSON (.jsonl) instead.`,
    );
  const rows = parsed(await readFile(file, "utf8"), "the file");
  if (!Array.isArray(rows)) throw new ImportError("The file does not hold an array of JSON objects.");
  yield* rows.map((row, position) => requireObject(row, `element ${position + 1}`));
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ImportError(`${where} is not JSON: ${(error as Error).message}`);
  }
}

function requireObject(value: unknown, where: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new ImportError(`${where} is not a JSON object.`);
}
