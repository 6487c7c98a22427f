import { compareValues, convexToJson, type Value } from "convex/values";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, QueryJson, RangeJson } from "../../../src/runtime/convex/types.ts";
import {
  all,
  commit,
  drain,
  fieldOf,
  rangeOf,
  read,
  scanOf,
  table,
  tempStore,
  where,
  withOperators,
} from "./support.ts";

const events = table("events", { by_kind_and_weight: ["kind", "weight"], by_deep: ["a.b"] });

async function storeWithEvents() {
  const store = await tempStore(events);
  await commit(store, (tx) => {
    for (const kind of ["a", "b"])
      for (const weight of [1, 2, 3]) tx.insert("", "events", { kind, weight, label: kind + weight });
  });
  return store;
}

async function labels(query: QueryJson) {
  const store = await storeWithEvents();
  return read(store, (tx) => fieldOf("label", all(tx, query)));
}

const byKindAndWeight = (range: RangeJson[], order: "asc" | "desc" = "asc") =>
  rangeOf("events.by_kind_and_weight", range, order);

describe("index ranges", () => {
  test.each([
    ["an equality", [where("kind", "Eq", "b")], ["b1", "b2", "b3"]],
    [
      "equality and both bounds",
      [where("kind", "Eq", "a"), where("weight", "Gt", 1), where("weight", "Lte", 3)],
      ["a2", "a3"],
    ],
    [
      "bounds that exclude",
      [where("kind", "Eq", "a"), where("weight", "Gte", 1), where("weight", "Lt", 3)],
      ["a1", "a2"],
    ],
    ["calls in another order than the index", [where("weight", "Eq", 2), where("kind", "Eq", "a")], ["a2"]],
    ["a bound on the first field", [where("kind", "Gt", "a")], ["b1", "b2", "b3"]],
    ["bounds that leave nothing", [where("kind", "Eq", "a"), where("weight", "Gt", 3), where("weight", "Lt", 1)], []],
    ["a value of another type", [where("kind", "Eq", null)], []],
    ["every value above undefined", [where("kind", "Gt", { $undefined: null })], ["a1", "a2", "a3", "b1", "b2", "b3"]],
  ] as [string, RangeJson[], string[]][])("%s", async (_, range, expected) => {
    expect(await labels(byKindAndWeight(range))).toEqual(expected);
    expect(await labels(byKindAndWeight(range, "desc"))).toEqual(expected.toReversed());
  });

  test("reach through the trailing creation time and id", async () => {
    const store = await storeWithEvents();
    read(store, (tx) => {
      const [first] = all(tx, scanOf("events"));
      const exact = [
        where("kind", "Eq", "a"),
        where("weight", "Eq", 1),
        where("_creationTime", "Eq", first?._creationTime as number),
      ];
      expect(all(tx, byKindAndWeight(exact))).toEqual([first]);
      expect(all(tx, byKindAndWeight([...exact, where("_id", "Eq", first?._id as string)]))).toEqual([first]);
      expect(all(tx, byKindAndWeight([...exact, where("_id", "Gt", first?._id as string)]))).toEqual([]);
      expect(all(tx, rangeOf("events.by_id", [where("_id", "Eq", first?._id as string)]))).toEqual([first]);
      expect(
        all(tx, rangeOf("events.by_creation_time", [where("_creationTime", "Lte", first?._creationTime as number)])),
      ).toEqual([first]);
    });
  });

  test("a missing field is undefined, which is not null", async () => {
    const store = await tempStore(events);
    await commit(store, (tx) => {
      tx.insert("", "events", { label: "missing" });
      tx.insert("", "events", { a: { b: null }, label: "null" });
      tx.insert("", "events", { a: "no object", label: "also missing" });
    });
    const found = (value: Json) =>
      read(store, (tx) => fieldOf("label", all(tx, rangeOf("events.by_deep", [where("a.b", "Eq", value)]))));
    expect(found({ $undefined: null })).toEqual(["missing", "also missing"]);
    expect(found(null)).toEqual(["null"]);
  });

  test.each([
    ["a second equality on a field", [where("kind", "Eq", "a"), where("kind", "Eq", "b")], "AlreadyDefinedBound"],
    ["two lower bounds", [where("kind", "Gt", "a"), where("kind", "Gte", "b")], "AlreadyDefinedBound"],
    ["equality and bound on a field", [where("kind", "Eq", "a"), where("kind", "Lt", "b")], "AlreadyDefinedBound"],
    ["bounds on two fields", [where("kind", "Gt", "a"), where("weight", "Lt", 3)], "BoundsOnMultipleFields"],
    ["a field the index lacks", [where("label", "Eq", "a1")], "FieldNotInIndex"],
    ["a gap before the bound", [where("weight", "Gt", 1)], "InvalidIndexRange"],
    ["a gap between equalities", [where("kind", "Eq", "a"), where("_creationTime", "Eq", 1)], "InvalidIndexRange"],
  ] as [string, RangeJson[], string][])("%s is refused", async (_, range, code) => {
    await expect(labels(byKindAndWeight(range))).rejects.toMatchObject({ name: "DeveloperError", code });
  });

  test("any two values select by range what compareValues says lies between them", async () => {
    const value = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.double(),
      fc.bigInt({ min: -200n, max: 200n }),
      fc.string({ maxLength: 3 }),
      fc.array(fc.string({ maxLength: 2 }), { maxLength: 2 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 12 }), value, value, async (values, low, high) => {
        const store = await tempStore(table("things", { by_v: ["v"] }));
        await commit(store, (tx) => {
          for (const v of values) tx.insert("", "things", { v: convexToJson(v as Value) as Json });
        });
        const range = [where("v", "Gt", convexToJson(low) as Json), where("v", "Lte", convexToJson(high) as Json)];
        const found = read(store, (tx) => fieldOf("v", all(tx, rangeOf("things.by_v", range))));
        const expected = values
          .filter((v) => compareValues(v, low) > 0 && compareValues(v, high) <= 0)
          .sort(compareValues);
        expect(found).toEqual(expected.map((v) => convexToJson(v as Value)));
        store.close();
      }),
      { numRuns: 60 },
    );
  });
});

describe("queries", () => {
  test("an unknown index, a search index and a malformed table name are developer errors", async () => {
    const store = await storeWithEvents();
    read(store, (tx) => {
      const search = {
        source: { type: "Search", indexName: "events.by_text", filters: [] },
        operators: [],
      } as QueryJson;
      expect(() => all(tx, rangeOf("events.by_nothing", []))).toThrow("Index events.by_nothing not found.");
      expect(() => all(tx, search)).toThrow(/not available in the embedded runtime/);
      expect(() => all(tx, scanOf("no table"))).toThrow(/Invalid table name/);
      expect(() => all(tx, withOperators(scanOf("events"), ...new Array(257).fill({ limit: 1 })))).toThrow(
        /more than 256/,
      );
    });
  });

  test("a table nobody wrote to is empty", async () => {
    const store = await tempStore();
    expect(read(store, (tx) => [all(tx, scanOf("nobodys")), tx.count("", "nobodys")])).toEqual([[], 0]);
    expect(store.catalog.tableNames("")).toEqual([]);
  });

  test("reads only as much as is pulled, whatever SQLite fetched", async () => {
    const store = await storeWithEvents();
    read(store, (tx) => {
      const stream = tx.query("", scanOf("events"));
      stream.next();
      stream.next();
      stream.close();
      expect(stream.next()).toBeNull();
      expect(tx.usage).toMatchObject({ documentsRead: 2, databaseQueries: 1 });
    });
  });

  test("operators apply in their order", async () => {
    const isB: Json = { $eq: [{ $field: "kind" }, { $literal: "b" }] };
    expect(await labels(withOperators(scanOf("events"), { limit: 4 }, { filter: isB }))).toEqual(["b1"]);
    expect(await labels(withOperators(scanOf("events"), { filter: isB }, { limit: 2 }))).toEqual(["b1", "b2"]);
    expect(await labels(withOperators(scanOf("events"), { limit: 0 }))).toEqual([]);
  });

  test("scans longer than a chunk are complete in both directions", async () => {
    const store = await tempStore(events);
    const count = 700;
    await commit(store, (tx) => {
      for (let weight = 0; weight < count; weight++) tx.insert("", "events", { weight });
    });
    const ascending = Array.from({ length: count }, (_, weight) => weight);
    read(store, (tx) => {
      expect(fieldOf("weight", drain(tx.query("", scanOf("events"))))).toEqual(ascending);
      expect(fieldOf("weight", drain(tx.query("", scanOf("events", "desc"))))).toEqual(ascending.toReversed());
    });
  });
});

describe("filter expressions", () => {
  const document = { text: "hi", number: 2, big: { $integer: "BQAAAAAAAAA=" }, yes: true, deep: { er: 1 } };
  const field = (path: string): Json => ({ $field: path });
  const literal = (value: Json): Json => ({ $literal: value });
  const int64 = (value: bigint) => convexToJson(value) as Json;

  async function passes(filter: Json): Promise<boolean> {
    const store = await tempStore(events);
    await commit(store, (tx) => tx.insert("", "events", document));
    return read(store, (tx) => all(tx, withOperators(scanOf("events"), { filter })).length === 1);
  }

  test.each([
    [{ $eq: [field("text"), literal("hi")] }, true],
    [{ $neq: [field("text"), literal("hi")] }, false],
    [{ $eq: [field("deep.er"), literal(1)] }, true],
    [{ $eq: [field("deep"), literal({ er: 1 })] }, true],
    [{ $eq: [field("missing"), literal({ $undefined: null })] }, true],
    [{ $eq: [field("missing"), literal(null)] }, false],
    [{ $lt: [field("missing"), literal(null)] }, true],
    [{ $lt: [field("big"), field("number")] }, true],
    [{ $gt: [field("text"), field("number")] }, true],
    [{ $lte: [field("number"), literal(2)] }, true],
    [{ $gte: [field("number"), literal(2.5)] }, false],
    [{ $eq: [{ $add: [field("number"), literal(1)] }, literal(3)] }, true],
    [{ $eq: [{ $sub: [field("big"), literal(int64(7n))] }, literal(int64(-2n))] }, true],
    [{ $eq: [{ $mul: [field("number"), literal(4)] }, literal(8)] }, true],
    [{ $eq: [{ $div: [field("big"), literal(int64(2n))] }, literal(int64(2n))] }, true],
    [{ $eq: [{ $mod: [literal(int64(-5n)), literal(int64(3n))] }, literal(int64(-2n))] }, true],
    [{ $eq: [{ $div: [literal(1), literal(0)] }, literal(convexToJson(Infinity) as Json)] }, true],
    [{ $eq: [{ $neg: field("big") }, literal(int64(-5n))] }, true],
    [{ $not: field("yes") }, false],
    [{ $and: [field("yes"), { $eq: [field("text"), literal("no")] }] }, false],
    [{ $or: [{ $eq: [field("text"), literal("no")] }, field("yes")] }, true],
    [{ $and: [] }, true],
    [{ $or: [] }, false],
    [{ $or: [field("yes"), field("text")] }, true],
  ] as [Json, boolean][])("%j is %s", async (filter, expected) => {
    expect(await passes(filter)).toBe(expected);
  });

  test.each([
    ["a filter that is no boolean", field("text"), /Expected a boolean/],
    ["logic over what is no boolean", { $and: [field("number")] }, /Expected a boolean/],
    [
      "a sum of int64 and float64",
      { $eq: [{ $add: [field("big"), field("number")] }, literal(1)] },
      /Cannot add .*int64.*float64/,
    ],
    ["arithmetic on text", { $eq: [{ $mul: [field("text"), field("text")] }, literal(1)] }, /Cannot multiply .*string/],
    ["int64 division by zero", { $eq: [{ $div: [field("big"), literal(int64(0n))] }, literal(1)] }, /by zero/],
    [
      "int64 overflow",
      { $eq: [{ $add: [literal(int64(2n ** 63n - 1n)), literal(int64(1n))] }, literal(1)] },
      /out of range/,
    ],
    ["negating the lowest int64", { $eq: [{ $neg: literal(int64(-(2n ** 63n))) }, literal(1)] }, /out of range/],
    ["negating text", { $eq: [{ $neg: field("text") }, literal(1)] }, /Cannot negate/],
    ["an unknown operator", { $like: [field("text"), literal("h%")] }, /Unknown filter expression/],
    ["one operand where two are needed", { $eq: [field("text")] }, /two operands/],
  ] as [string, Json, RegExp][])("%s is an error", async (_, filter, message) => {
    await expect(passes(filter)).rejects.toThrow(message);
  });
});
