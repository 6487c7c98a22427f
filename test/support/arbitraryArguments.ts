/** Arbitrary values that fit a validator, and ones that do not, for fuzzing. */
import type { Value } from "convex/values";
import * as fc from "fast-check";
import type { ValidatorJson } from "../../src/runtime/convex/types.ts";
import type { Arguments, Fields } from "./publicFunctions.ts";

/** Strings that have broken things elsewhere, next to ordinary ones. */
const strings = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom(
    "",
    " ",
    "\u0000",
    "\u202e",
    "null",
    "__proto__",
    "${7*7}",
    "' OR 1=1 --",
    "<script>",
    "../../etc/passwd",
  ),
  fc.constantFrom("j57dn9x0w3c8m1v2b4k6h8f0q1", "x".repeat(32_001), "\ud83d\ude00".repeat(200)),
);
const numbers = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, -1, 1e308, Number.NaN, Number.POSITIVE_INFINITY),
);

/** Arguments that fit these fields; `ids` are real ids that strings are sometimes drawn from. */
export function fittingArguments(fields: Fields, ids: string[]): fc.Arbitrary<Arguments> {
  return objectOf(fields, ids) as fc.Arbitrary<Arguments>;
}

/** Arguments of which one field is missing, unknown, or of another type. */
export function misfittingArguments(fields: Fields, ids: string[]): fc.Arbitrary<Arguments> {
  const unknown = objectOf(fields, ids).map((args) => ({ ...(args as Arguments), surprise: true }));
  const swapped = Object.keys(fields).map((name) =>
    fc
      .tuple(objectOf(fields, ids), fc.constantFrom<Value>(12n, [["deep"]], new ArrayBuffer(3), { nested: null }))
      .map(([args, wrong]) => ({ ...(args as Arguments), [name]: wrong })),
  );
  return fc.oneof(unknown, ...swapped) as fc.Arbitrary<Arguments>;
}

function objectOf(fields: Fields, ids: string[]): fc.Arbitrary<Value> {
  const entries = Object.entries(fields);
  const requiredKeys = entries.filter(([, { optional }]) => !optional).map(([name]) => name);
  const model = Object.fromEntries(entries.map(([name, { fieldType }]) => [name, valueOf(fieldType, ids)]));
  return fc.record(model, { requiredKeys, noNullPrototype: true }) as fc.Arbitrary<Value>;
}

function valueOf(validator: ValidatorJson, ids: string[]): fc.Arbitrary<Value> {
  switch (validator.type) {
    case "null":
      return fc.constant(null);
    case "number":
      return numbers;
    case "bigint":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "boolean":
      return fc.boolean();
    case "string":
      return fc.oneof(strings, fc.constantFrom(...ids));
    case "id":
      return fc.constantFrom(...ids);
    case "bytes":
      return fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.slice().buffer);
    case "any":
      return fc.jsonValue() as fc.Arbitrary<Value>;
    case "literal":
      return fc.constant(validator.value as Value);
    case "array":
      return fc.array(valueOf(validator.value, ids), { maxLength: 5 });
    case "object":
      return objectOf(validator.value, ids);
    case "record":
      return fc.dictionary(
        fc.stringMatching(/^[a-z]{1,8}$/),
        valueOf(validator.values.fieldType, ids),
      ) as fc.Arbitrary<Value>;
    case "union":
      return fc.oneof(...validator.value.map((member) => valueOf(member, ids)));
  }
}
