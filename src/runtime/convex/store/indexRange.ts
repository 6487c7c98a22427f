/** Index ranges of `.withIndex(...)`: which combinations are allowed, and the interval of keys they mean. Pure. */
import { DeveloperError } from "../errors.ts";
import type { Json, RangeJson } from "../types.ts";
import { kindOf } from "../values/encoded.ts";
import { afterValues, type IndexKey, type KeyInterval, keyOfValue, LAST_KEY } from "../values/indexKey.ts";
import type { IndexDefinition } from "./catalog.ts";

/** Every key of an index. */
export const WHOLE_INDEX: KeyInterval = { start: "", end: LAST_KEY };

interface Bounds {
  equal: Map<string, Json>;
  lower: RangeJson | null;
  upper: RangeJson | null;
}

/**
 * The interval of a range. Equalities and at most one bounded field must be a prefix of the index's fields, in
 * any order of writing. `indexName` is "table.index", for messages. Throws `DeveloperError` for anything else.
 */
export function intervalOfRange(index: IndexDefinition, indexName: string, range: readonly RangeJson[]): KeyInterval {
  const fields = [...index.fields, "_id"];
  const bounds = collectBounds(indexName, range);
  const boundedField = (bounds.lower ?? bounds.upper)?.fieldPath;
  checkPrefix(indexName, fields, bounds, boundedField);
  const prefix = fields
    .slice(0, bounds.equal.size)
    .map((field) => keyOfValue(literal(bounds.equal.get(field))))
    .join("");
  return { start: startOf(prefix, bounds.lower), end: endOf(prefix, bounds.upper) };
}

function collectBounds(indexName: string, range: readonly RangeJson[]): Bounds {
  const bounds: Bounds = { equal: new Map(), lower: null, upper: null };
  for (const expression of range) addBound(indexName, bounds, expression);
  const bounded = (bounds.lower ?? bounds.upper)?.fieldPath;
  if (bounded !== undefined && bounds.equal.has(bounded)) throw alreadyDefined("equality", bounded);
  return bounds;
}

function addBound(indexName: string, bounds: Bounds, expression: RangeJson): void {
  const { type, fieldPath, value } = expression;
  if (type === "Eq") {
    if (bounds.equal.has(fieldPath)) throw alreadyDefined("equality", fieldPath);
    bounds.equal.set(fieldPath, value);
    return;
  }
  const side = type === "Gt" || type === "Gte" ? "lower" : "upper";
  if (bounds[side]) throw alreadyDefined(side, fieldPath);
  const other = bounds.lower ?? bounds.upper;
  if (other && other.fieldPath !== fieldPath) throw boundsOnTwoFields(indexName, other.fieldPath, fieldPath);
  bounds[side] = expression;
}

function checkPrefix(indexName: string, fields: string[], bounds: Bounds, boundedField: string | undefined): void {
  const used = [...bounds.equal.keys(), ...(boundedField === undefined ? [] : [boundedField])];
  const unknown = used.find((field) => !fields.includes(field));
  if (unknown !== undefined) {
    throw new DeveloperError(
      "FieldNotInIndex",
      `The index range included a comparison with "${unknown}", but ${indexName} with fields [${fields.join(", ")}] doesn't index this field.`,
    );
  }
  const equalFields = new Set(bounds.equal.keys());
  const misplaced =
    fields.slice(0, equalFields.size).find((field) => !equalFields.has(field)) ??
    (boundedField !== undefined && fields[equalFields.size] !== boundedField ? boundedField : undefined);
  if (misplaced === undefined) return;
  throw new DeveloperError(
    "InvalidIndexRange",
    `Tried to query index ${indexName} but the query didn't use the index fields in order.\nIndex fields: [${fields.join(", ")}]\nQuery fields: [${used.join(", ")}]\nFirst incorrect field: ${misplaced}`,
  );
}

function startOf(prefix: IndexKey, lower: RangeJson | null): IndexKey {
  if (!lower) return prefix;
  const bound = prefix + keyOfValue(literal(lower.value));
  return lower.type === "Gte" ? bound : afterValues(bound);
}

function endOf(prefix: IndexKey, upper: RangeJson | null): IndexKey {
  if (!upper) return afterValues(prefix);
  const bound = prefix + keyOfValue(literal(upper.value));
  return upper.type === "Lt" ? bound : afterValues(bound);
}

function literal(value: Json | undefined): Json | undefined {
  return kindOf(value) === "undefined" ? undefined : value;
}

function alreadyDefined(bound: string, fieldPath: string): DeveloperError {
  return new DeveloperError(
    "AlreadyDefinedBound",
    `Already defined ${bound} bound in index range. Can't add another comparison with "${fieldPath}".`,
  );
}

function boundsOnTwoFields(indexName: string, first: string, second: string): DeveloperError {
  return new DeveloperError(
    "BoundsOnMultipleFields",
    `Upper and lower bounds can only be applied to a single index field. This query against index ${indexName} attempted to set a range bound on both "${first}" and "${second}". Consider using \`filter\` instead.`,
  );
}
