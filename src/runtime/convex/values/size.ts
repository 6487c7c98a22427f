/** Sizes and shape limits of encoded values, as Convex counts them. */
import { DeveloperError } from "../errors.ts";
import type { Json } from "../types.ts";
import { bytesOf, float64Of, int64Of, type JsonObject, kindOf } from "./encoded.ts";
import {
  ARRAY_LENGTH_MAX,
  DOCUMENT_BYTES_MAX,
  DOCUMENT_NESTING_MAX,
  FIELD_NAME_LENGTH_MAX,
  OBJECT_FIELDS_MAX,
  VALUE_NESTING_MAX,
} from "./limits.ts";

/**
 * Bytes Convex counts for a value: null and booleans 1, numbers 9, strings and bytes 2 + length, arrays and
 * objects 2 + contents, a field its name + 1 + its value.
 */
export function sizeOfValue(value: Json): number {
  switch (kindOf(value)) {
    case "undefined":
      return 0;
    case "null":
    case "boolean":
      return 1;
    case "int64":
    case "float64":
      return 9;
    case "string":
      return 2 + Buffer.byteLength(value as string, "utf8");
    case "bytes":
      return 2 + Buffer.byteLength((value as { $bytes: string }).$bytes, "base64");
    case "array":
      return (value as Json[]).reduce<number>((total, element) => total + sizeOfValue(element), 2);
    case "object":
      return Object.entries(value as JsonObject).reduce(
        (total, [name, field]) => total + Buffer.byteLength(name, "utf8") + 1 + sizeOfValue(field),
        2,
      );
  }
}

/** Throws `DeveloperError` when a value is malformed or beyond Convex's limits on nesting, fields and arrays. */
export function checkValue(value: Json, nestingMax: number): void {
  walk(value, nestingMax, nestingMax);
}

/** As `checkValue` for a whole document (system fields included), with its size in bytes, which it returns. */
export function checkDocument(document: JsonObject): number {
  checkValue(document, DOCUMENT_NESTING_MAX);
  const sizeBytes = sizeOfValue(document);
  if (sizeBytes <= DOCUMENT_BYTES_MAX) return sizeBytes;
  throw new DeveloperError(
    "ValueTooLarge",
    `Value is too large (${sizeBytes} bytes > maximum size ${DOCUMENT_BYTES_MAX} bytes).`,
  );
}

/** A job's row holds its call's arguments, two levels deep, so what bounds those bounds the row. */
export function checkSystemRow(row: JsonObject): number {
  checkValue(row, VALUE_NESTING_MAX + 2);
  return sizeOfValue(row);
}

function walk(value: Json, levelsLeft: number, nestingMax: number): void {
  switch (kindOf(value)) {
    case "undefined":
      throw new DeveloperError("InvalidValue", "undefined is not a valid Convex value.");
    case "int64":
      int64Of(value);
      return;
    case "float64":
      float64Of(value);
      return;
    case "bytes":
      bytesOf(value);
      return;
    case "array":
      checkNesting(levelsLeft, nestingMax);
      checkArrayLength(value as Json[]);
      for (const element of value as Json[]) walk(element, levelsLeft - 1, nestingMax);
      return;
    case "object":
      checkNesting(levelsLeft, nestingMax);
      checkFields(value as JsonObject);
      for (const field of Object.values(value as JsonObject)) walk(field, levelsLeft - 1, nestingMax);
  }
}

function checkNesting(levelsLeft: number, nestingMax: number): void {
  if (levelsLeft > 0) return;
  throw new DeveloperError("ValueTooNested", `Value is too nested (maximum nesting ${nestingMax}).`);
}

function checkArrayLength(array: Json[]): void {
  if (array.length <= ARRAY_LENGTH_MAX) return;
  throw new DeveloperError(
    "ArrayTooLong",
    `Array length is too long (${array.length} > maximum length ${ARRAY_LENGTH_MAX}).`,
  );
}

function checkFields(object: JsonObject): void {
  const names = Object.keys(object);
  if (names.length > OBJECT_FIELDS_MAX) {
    throw new DeveloperError(
      "ObjectTooManyFields",
      `Object has too many fields (${names.length} > maximum number ${OBJECT_FIELDS_MAX}).`,
    );
  }
  for (const name of names) checkFieldName(name);
}

function checkFieldName(name: string): void {
  if (name.length > FIELD_NAME_LENGTH_MAX) {
    throw new DeveloperError("InvalidFieldName", `A field name exceeds the maximum length ${FIELD_NAME_LENGTH_MAX}.`);
  }
  if (name.startsWith("$")) {
    throw new DeveloperError("InvalidFieldName", `Field name ${name} starts with '$', which is reserved.`);
  }
  if (!/^[\x20-\x7e]*$/.test(name)) {
    throw new DeveloperError(
      "InvalidFieldName",
      `Field name ${JSON.stringify(name)} has an invalid character: field names can only contain non-control ASCII characters.`,
    );
  }
}
