/**
 * Checks encoded values against Convex validators.
 *
 * [Note: Errors show shapes]
 * Convex prints the offending value in a validation error. Errors reach logs and job records, and values here are
 * what people typed, so ours print the value's shape: field names and types, never contents.
 */
import type { Json, ValidatorJson } from "../types.ts";
import { type JsonObject, kindOf } from "./encoded.ts";
import { decodeId } from "./ids.ts";
import { keyOfValue } from "./indexKey.ts";

/** The table a table number stands for in the namespace at hand, or null. */
export type TableNameOf = (tableNumber: number) => string | null;

type ObjectValidator = Extract<ValidatorJson, { type: "object" }>;
type RecordValidator = Extract<ValidatorJson, { type: "record" }>;

/** How many characters of a printed shape or validator an error may hold. */
const PRINTED_LENGTH_MAX = 1000;

/** Null when the value fits, else a message naming the path, the value's shape and the validator. */
export function validate(validator: ValidatorJson, value: Json, tableNameOf: TableNameOf): string | null {
  const failure = check(validator, value, tableNameOf, "");
  return (
    failure &&
    (failure.path ? `${failure.problem}\nPath: ${failure.path}${failure.detail}` : failure.problem + failure.detail)
  );
}

interface Failure {
  problem: string;
  path: string;
  detail: string;
}

function check(validator: ValidatorJson, value: Json, tableNameOf: TableNameOf, path: string): Failure | null {
  switch (validator.type) {
    case "any":
      return null;
    case "literal":
      return checkLiteral(validator.value, value, path);
    case "id":
      return checkId(validator, value, tableNameOf, path);
    case "array":
      return checkArray(validator, value, tableNameOf, path);
    case "object":
      return checkObject(validator, value, tableNameOf, path);
    case "record":
      return checkRecord(validator, value, tableNameOf, path);
    case "union":
      return checkUnion(validator, value, tableNameOf, path);
    default:
      return kindOf(value) === KIND_OF_TYPE[validator.type] ? null : noMatch(validator, value, path);
  }
}

const KIND_OF_TYPE = {
  null: "null",
  number: "float64",
  bigint: "int64",
  boolean: "boolean",
  string: "string",
  bytes: "bytes",
} as const;

function checkLiteral(literal: Json, value: Json, path: string): Failure | null {
  if (keyOfValue(literal) === keyOfValue(value)) return null;
  const shown = printed({ type: "literal", value: literal });
  return { problem: `\`${shapeOf(value)}\` does not match literal validator \`${shown}\`.`, path, detail: "" };
}

function checkId(
  validator: Extract<ValidatorJson, { type: "id" }>,
  value: Json,
  tableNameOf: TableNameOf,
  path: string,
): Failure | null {
  const decoded = typeof value === "string" ? decodeId(value) : null;
  const found = decoded && tableNameOf(decoded.tableNumber);
  if (!found) return noMatch(validator, value, path);
  if (found === validator.tableName) return null;
  const origin = found.startsWith("_") ? "a system table" : `table \`${found}\``;
  return {
    problem: `Found ID "${value}" from ${origin}, which does not match the table name in validator \`${printed(validator)}\`.`,
    path,
    detail: "",
  };
}

function checkArray(
  validator: Extract<ValidatorJson, { type: "array" }>,
  value: Json,
  tableNameOf: TableNameOf,
  path: string,
): Failure | null {
  if (!Array.isArray(value)) return noMatch(validator, value, path);
  for (const [index, element] of value.entries()) {
    const failure = check(validator.value, element, tableNameOf, `${path}[${index}]`);
    if (failure) return failure;
  }
  return null;
}

function checkObject(validator: ObjectValidator, value: Json, tableNameOf: TableNameOf, path: string): Failure | null {
  if (kindOf(value) !== "object") return noMatch(validator, value, path);
  const object = value as JsonObject;
  for (const [name, field] of Object.entries(validator.value)) {
    if (Object.hasOwn(object, name)) {
      const failure = check(field.fieldType, object[name] as Json, tableNameOf, `${path}.${name}`);
      if (failure) return failure;
    } else if (!field.optional) {
      const problem = `Object is missing the required field \`${name}\`. Consider wrapping the field validator in \`v.optional(...)\` if this is expected.`;
      return { problem, path, detail: objectDetail(validator, value) };
    }
  }
  const extra = Object.keys(object).find((name) => !Object.hasOwn(validator.value, name));
  if (extra === undefined) return null;
  const problem = `Object contains extra field \`${extra}\` that is not in the validator.`;
  return { problem, path, detail: objectDetail(validator, value) };
}

function checkRecord(validator: RecordValidator, value: Json, tableNameOf: TableNameOf, path: string): Failure | null {
  if (kindOf(value) !== "object") return noMatch(validator, value, path);
  for (const [name, field] of Object.entries(value as JsonObject)) {
    const failure =
      check(validator.keys, name, tableNameOf, `${path}.keys()`) ??
      check(validator.values.fieldType, field, tableNameOf, `${path}.values()`);
    if (failure) return failure;
  }
  return null;
}

function checkUnion(
  validator: Extract<ValidatorJson, { type: "union" }>,
  value: Json,
  tableNameOf: TableNameOf,
  path: string,
): Failure | null {
  const [only, ...others] = validator.value;
  // With one member its own, more precise message is the useful one.
  if (only && others.length === 0) return check(only, value, tableNameOf, path);
  const fits = validator.value.some((member) => check(member, value, tableNameOf, path) === null);
  return fits ? null : noMatch(validator, value, path);
}

function noMatch(validator: ValidatorJson, value: Json, path: string): Failure {
  return {
    problem: "Value does not match validator.",
    path,
    detail: `\nValue: ${shapeOf(value)}\nValidator: ${printed(validator)}`,
  };
}

function objectDetail(validator: ValidatorJson, value: Json): string {
  return `\nObject: ${shapeOf(value)}\nValidator: ${printed(validator)}`;
}

function printed(validator: ValidatorJson): string {
  return shortened(printValidator(validator));
}

function printValidator(validator: ValidatorJson): string {
  switch (validator.type) {
    case "number":
      return "v.float64()";
    case "bigint":
      return "v.int64()";
    case "literal":
      return `v.literal(${JSON.stringify(validator.value)})`;
    case "id":
      return `v.id("${validator.tableName}")`;
    case "array":
      return `v.array(${printValidator(validator.value)})`;
    case "union":
      return `v.union(${validator.value.map(printValidator).join(", ")})`;
    case "record":
      return `v.record(${printValidator(validator.keys)}, ${printValidator(validator.values.fieldType)})`;
    case "object":
      return `v.object({${Object.entries(validator.value).map(printField).join(", ")}})`;
    default:
      return `v.${validator.type}()`;
  }
}

function printField([name, field]: [string, { fieldType: ValidatorJson; optional: boolean }]): string {
  const type = printValidator(field.fieldType);
  return `${name}: ${field.optional ? `v.optional(${type})` : type}`;
}

/** The value without its contents; see [Note: Errors show shapes]. */
function shapeOf(value: Json): string {
  return shortened(printShape(value));
}

function printShape(value: Json): string {
  const kind = kindOf(value);
  if (kind === "array")
    return (value as Json[]).length === 0 ? "[]" : `[${printShape((value as Json[])[0] as Json)}, …]`;
  if (kind !== "object") return kind;
  const fields = Object.entries(value as JsonObject).map(([name, field]) => `${name}: ${printShape(field)}`);
  return `{${fields.join(", ")}}`;
}

function shortened(text: string): string {
  return text.length > PRINTED_LENGTH_MAX ? `${text.slice(0, PRINTED_LENGTH_MAX)}…` : text;
}
