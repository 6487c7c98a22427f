import { compareValues, convexToJson, getConvexSize, getDocumentSize, type Value } from "convex/values";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, ValidatorJson } from "../../../src/runtime/convex/types.ts";
import { encodeFloat64, encodeInt64, float64Of, int64Of } from "../../../src/runtime/convex/values/encoded.ts";
import { encodeId } from "../../../src/runtime/convex/values/ids.ts";
import {
  afterValues,
  keyFromBlob,
  keyOfValue,
  keyToBlob,
  LAST_KEY,
} from "../../../src/runtime/convex/values/indexKey.ts";
import { checkDocument, checkValue, sizeOfValue } from "../../../src/runtime/convex/values/size.ts";
import { validate } from "../../../src/runtime/convex/values/validate.ts";

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const smallInt64 = fc.bigInt({ min: -70_000n, max: 70_000n });
const bytes = fc.uint8Array({ maxLength: 6 }).map((array) => array.slice().buffer);
/** Zero bytes and neighbours of the escape are where an encoding of strings goes wrong. */
const trickyText = fc.string({
  unit: fc.constantFrom("\0", "\u0001", "a", "\u007f", "\u00ff", "é", "\uffff", "😀"),
  maxLength: 5,
});
const text = fc.oneof(
  fc.string({ unit: "binary" }).filter((value) => value.isWellFormed()),
  trickyText,
);
const fieldName = fc.constantFrom("", "a", "ab", "b", "Z", "_x", "a b");

const { value: anyValue } = fc.letrec<{ value: Value; leaf: Value }>((tie) => ({
  leaf: fc.oneof(fc.constant(null), fc.boolean(), fc.double(), int64, smallInt64, text, bytes),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fieldName, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

const key = (value: Value | undefined) => keyOfValue(value === undefined ? undefined : (convexToJson(value) as Json));
const order = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);

describe("index keys", () => {
  test("keys compare as convex/values compares, for every pair of values", () => {
    fc.assert(
      fc.property(anyValue, anyValue, (left, right) => {
        expect(order(key(left), key(right))).toBe(Math.sign(compareValues(left, right)));
      }),
      { numRuns: 2000 },
    );
  });

  test("keys of value lists compare field by field, whatever follows a field", () => {
    const pair = fc.tuple(anyValue, anyValue);
    fc.assert(
      fc.property(pair, pair, ([left1, left2], [right1, right2]) => {
        const expected = compareValues(left1, right1) || compareValues(left2, right2);
        expect(order(key(left1) + key(left2), key(right1) + key(right2))).toBe(Math.sign(expected));
      }),
      { numRuns: 1000 },
    );
  });

  test("types sort undefined < null < int64 < float64 < boolean < string < bytes < array < object", () => {
    const ascending: (Value | undefined)[] = [
      undefined,
      null,
      2n ** 62n,
      -Infinity,
      false,
      "",
      new ArrayBuffer(0),
      [],
      {},
    ];
    const keys = ascending.map(key);
    expect(keys.toSorted()).toEqual(keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("floats sort in IEEE total order: -Infinity, -1, -0, 0, 1, Infinity, NaN", () => {
    const keys = [Number.NEGATIVE_INFINITY, -1, -Number.MIN_VALUE, -0, 0, Number.MIN_VALUE, 1, Infinity, NaN].map(key);
    expect(keys.toSorted()).toEqual(keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("strings sort by code points, not by UTF-16 units", () => {
    const inUtf16Order = ["😀", "\uffff"];
    expect(inUtf16Order.toSorted()).toEqual(inUtf16Order);
    expect(inUtf16Order.map(key).toSorted()).toEqual(inUtf16Order.toReversed().map(key));
  });

  test("afterValues lies above a value and its continuations and below every greater value", () => {
    fc.assert(
      fc.property(anyValue, anyValue, anyValue, (value, continuation, other) => {
        const border = afterValues(key(value));
        expect(key(value) + key(continuation) < border).toBe(true);
        expect(key(other) > border).toBe(compareValues(other, value) > 0);
        expect(border < LAST_KEY).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("a key survives being a BLOB", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(keyFromBlob(keyToBlob(key(value)))).toBe(key(value));
      }),
    );
  });
});

describe("encoded values", () => {
  test("int64 and float64 decode to what they encode", () => {
    fc.assert(
      fc.property(int64, fc.double(), (integer, float) => {
        expect(int64Of(encodeInt64(integer))).toBe(integer);
        expect(float64Of(encodeFloat64(float))).toBe(float);
      }),
    );
    expect(encodeFloat64(-0)).toEqual(convexToJson(-0));
    expect(encodeInt64(-5n)).toEqual(convexToJson(-5n));
  });

  test("sizes are those of convex/values", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(sizeOfValue(convexToJson(value) as Json)).toBe(getConvexSize(value));
      }),
    );
  });

  test("a document's size counts its system fields", () => {
    const document = { _id: encodeId(10_001, new Uint8Array(16)), _creationTime: 1, body: "hello" };
    expect(checkDocument(document)).toBe(getDocumentSize({ body: "hello" }));
  });

  test.each([
    ["an unknown wrapper", { $what: 1 }],
    ["a short int64", { $integer: "AA==" }],
    ["a wrapper beside a field", { $integer: "AAAAAAAAAAA=", other: 1 }],
    ["undefined inside an array", [{ $undefined: null }]],
    ["a commit timestamp", { $commitTs: null }],
    ["a control character in a field name", { "a\n": 1 }],
    ["an over-long field name", { ["a".repeat(1025)]: 1 }],
  ] as [string, Json][])("%s is refused", (_, value) => {
    expect(() => checkValue(value, 16)).toThrow(expect.objectContaining({ name: "DeveloperError" }));
  });
});

describe("limits of values", () => {
  const nested = (levels: number): Json => (levels === 0 ? 1 : [nested(levels - 1)]);
  const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, 1]));

  test("nesting may reach the limit and not pass it", () => {
    expect(() => checkValue(nested(16), 16)).not.toThrow();
    expect(() => checkValue(nested(17), 16)).toThrow(/too nested/);
  });

  test("an object may have 1,024 fields and not one more", () => {
    expect(() => checkValue(fields(1024), 16)).not.toThrow();
    expect(() => checkValue(fields(1025), 16)).toThrow(/too many fields/);
  });

  test("an array may have 8,192 elements and not one more", () => {
    expect(() => checkValue(new Array(8192).fill(0), 16)).not.toThrow();
    expect(() => checkValue(new Array(8193).fill(0), 16)).toThrow(/too long/);
  });

  test("a document may have 1 MiB and not one byte more", () => {
    const emptyBytes = sizeOfValue({ body: "" });
    expect(checkDocument({ body: "a".repeat(1024 * 1024 - emptyBytes) })).toBe(1024 * 1024);
    expect(() => checkDocument({ body: "a".repeat(1024 * 1024 - emptyBytes + 1) })).toThrow(/too large/);
  });
});

describe("validation", () => {
  const tableNameOf = (number: number) =>
    ({ 10_001: "users", 10_002: "posts", 501: "_scheduled_functions" })[number] ?? null;
  const check = (validator: ValidatorJson, value: Json) => validate(validator, value, tableNameOf);
  const field = (fieldType: ValidatorJson, optional = false) => ({ fieldType, optional });
  const idIn = (tableNumber: number) => encodeId(tableNumber, new Uint8Array(16));

  test.each([
    [{ type: "null" }, null, 0],
    [{ type: "number" }, 1, { $integer: "AAAAAAAAAAA=" }],
    [{ type: "number" }, { $float: "AAAAAAAA8H8=" }, "1"],
    [{ type: "bigint" }, { $integer: "AAAAAAAAAAA=" }, 1],
    [{ type: "boolean" }, false, "false"],
    [{ type: "string" }, "", null],
    [{ type: "bytes" }, { $bytes: "" }, []],
    [{ type: "literal", value: "a" }, "a", "b"],
    [{ type: "array", value: { type: "string" } }, ["a"], ["a", 1]],
    [{ type: "union", value: [{ type: "string" }, { type: "null" }] }, null, 1],
    [
      { type: "record", keys: { type: "string" }, values: { fieldType: { type: "number" }, optional: false } },
      { a: 1 },
      { a: "1" },
    ],
    [{ type: "object", value: { a: { fieldType: { type: "string" }, optional: true } } }, {}, { a: null }],
  ] as [ValidatorJson, Json, Json][])("%j accepts %j and refuses %j", (validator, good, bad) => {
    expect(check(validator, good)).toBeNull();
    expect(check(validator, bad)).toEqual(expect.any(String));
  });

  test("objects are closed: a missing or an extra field is named with its path", () => {
    const validator: ValidatorJson = {
      type: "object",
      value: { inner: field({ type: "object", value: { a: field({ type: "string" }) } }) },
    };
    expect(check(validator, { inner: {} })).toMatch(/missing the required field `a`[\s\S]*Path: \.inner/);
    expect(check(validator, { inner: { a: "", b: 1 } })).toMatch(/extra field `b`[\s\S]*Path: \.inner/);
  });

  test("the path leads through arrays and records to the value", () => {
    const validator: ValidatorJson = {
      type: "object",
      value: { list: field({ type: "array", value: { type: "string" } }) },
    };
    expect(check(validator, { list: ["a", 1] })).toContain("Path: .list[1]");
  });

  test("an id validator checks the table, and tells a system table from another table", () => {
    const users: ValidatorJson = { type: "id", tableName: "users" };
    expect(check(users, idIn(10_001))).toBeNull();
    expect(check(users, idIn(10_002))).toMatch(/from table `posts`/);
    expect(check(users, idIn(501))).toMatch(/from a system table/);
    expect(check(users, idIn(9_999))).toMatch(/does not match validator/);
    expect(check(users, "nonsense")).toMatch(/does not match validator/);
  });

  test("field names that objects inherit are ordinary names", () => {
    const validator: ValidatorJson = { type: "object", value: {} };
    expect(check(validator, { constructor: 1 })).toMatch(/extra field `constructor`/);
    expect(check({ type: "object", value: { toString: field({ type: "string" }) } }, {})).toMatch(/missing/);
  });

  test("messages show the shape of a value and none of its content", () => {
    const validator: ValidatorJson = { type: "object", value: { body: field({ type: "number" }) } };
    const message = check(validator, { body: "my secret", more: ["also secret"] }) ?? "";
    expect(message).not.toContain("secret");
    expect(check({ type: "object", value: {} }, { body: "my secret" })).toContain("{body: string}");
    expect(check({ type: "literal", value: "expected" }, "my secret")).not.toContain("secret");
  });
});
