/**
 * How function results are written over HTTP: `convex_encoded_json` loses nothing; `json` is easy on human
 * eyes and other languages.
 */
import { jsonToConvex, type Value } from "convex/values";
import { badRequest } from "../errors.ts";
import type { Json, JsonText } from "../types.ts";

export type Format = "encoded" | "clean";

const FORMATS: Record<string, Format> = {
  convex_encoded_json: "encoded",
  convex_json: "encoded",
  json: "clean",
  convex_clean_json: "clean",
};

/** Clean JSON unless another format is named, as Convex answers current clients. */
export function parseFormat(name: string | null | undefined): Format {
  if (name === null || name === undefined) return "clean";
  const format = FORMATS[name];
  if (format) return format;
  throw badRequest("BadFormat", `format param must be one of [\`json\`]. Got ${name}`);
}

export function formatText(value: JsonText, format: Format): JsonText {
  return format === "encoded" ? value : JSON.stringify(cleanJson(jsonToConvex(JSON.parse(value))));
}

export function formatJson(value: Json, format: Format): Json {
  return format === "encoded" ? value : cleanJson(jsonToConvex(value));
}

/** Integers and special floats become their text, bytes become base64. */
function cleanJson(value: Value): Json {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(cleanJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cleanJson(inner as Value)]));
}
