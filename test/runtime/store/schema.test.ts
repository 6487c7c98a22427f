import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SchemaJson, TableJson, ValidatorJson } from "../../../src/runtime/convex/types.ts";
import {
  all,
  commit,
  fieldOf,
  openAt,
  rangeOf,
  read,
  scanOf,
  schema,
  table,
  tempFolder,
  tempStore,
  where,
} from "./support.ts";

const string: ValidatorJson = { type: "string" };
const objectWith = (fields: Record<string, ValidatorJson>): ValidatorJson => ({
  type: "object",
  value: Object.fromEntries(Object.entries(fields).map(([name, fieldType]) => [name, { fieldType, optional: false }])),
});

describe("applying a schema", () => {
  test("fills a new index from the documents that are there", async () => {
    const store = await tempStore(table("books"));
    await commit(store, (tx) => {
      for (let year = 300; year > 0; year--) tx.insert("", "books", { year });
    });
    store.catalog.applySchema("", schema(table("books", { by_year: ["year"] })));
    const years = read(store, (tx) => fieldOf("year", all(tx, rangeOf("books.by_year", [where("year", "Lte", 3)]))));
    expect(years).toEqual([1, 2, 3]);
  });

  test("an index whose fields changed is built anew, and one that is gone cannot be queried", async () => {
    const store = await tempStore(table("books", { by_key: ["a"], by_other: ["b"] }));
    await commit(store, (tx) => tx.insert("", "books", { a: 2, b: 1 }));
    await commit(store, (tx) => tx.insert("", "books", { a: 1, b: 2 }));
    store.catalog.applySchema("", schema(table("books", { by_key: ["b"] })));
    read(store, (tx) => {
      expect(fieldOf("b", all(tx, rangeOf("books.by_key", [])))).toEqual([1, 2]);
      expect(() => all(tx, rangeOf("books.by_other", []))).toThrow(/not found/);
    });
  });

  test("a staged index is kept up to date, closed to queries, and open once unstaged", async () => {
    const staged: TableJson = {
      ...table("books"),
      stagedDbIndexes: [{ indexDescriptor: "by_year", fields: ["year"] }],
    };
    const store = await tempStore(staged);
    await commit(store, (tx) => tx.insert("", "books", { year: 7 }));
    expect(() => read(store, (tx) => all(tx, rangeOf("books.by_year", [])))).toThrow(/staged/);
    store.catalog.applySchema("", schema(table("books", { by_year: ["year"] })));
    expect(read(store, (tx) => fieldOf("year", all(tx, rangeOf("books.by_year", []))))).toEqual([7]);
  });

  test("a document that does not fit is named, and nothing is changed", async () => {
    const store = await tempStore(table("books", { by_title: ["title"] }));
    await commit(store, (tx) => tx.insert("", "books", { title: "fits" }));
    const id = await commit(store, (tx) => tx.insert("", "books", { title: 5 }));
    const strict = schema(
      table("books", { by_year: ["year"] }, objectWith({ title: string, year: string })),
      table("authors"),
    );
    expect(() => store.catalog.applySchema("", { ...strict, tables: strict.tables.slice(0, 1) })).toThrow(
      expect.objectContaining({
        name: "SchemaError",
        message: expect.stringMatching(/table "books" does not match the schema/),
      }),
    );
    const looser = schema(table("books", {}, objectWith({ title: string })));
    expect(() => store.catalog.applySchema("", looser)).toThrow(new RegExp(`Document with ID "${id}"`));
    read(store, (tx) => expect(all(tx, rangeOf("books.by_title", []))).toHaveLength(2));
    await commit(store, (tx) => tx.insert("", "books", { title: null }));
  });

  test("is enforced on insert, patch and replace, without the system fields", async () => {
    const store = await tempStore(table("books", {}, objectWith({ title: string })));
    const id = await commit(store, (tx) => tx.insert("", "books", { title: "a" }));
    const tx = store.begin();
    const refused = expect.objectContaining({ code: "SchemaEnforcementError" });
    expect(() => tx.insert("", "books", { title: 1 })).toThrow(refused);
    expect(() => tx.patch("", id, { title: { $undefined: null } })).toThrow(refused);
    expect(() => tx.replace("", id, { title: "b", extra: 1 })).toThrow(refused);
    expect(JSON.parse(tx.get("", id) as string)).toMatchObject({ title: "a" });
    tx.close();
  });

  test("without schemaValidation types are not enforced, and indexes are still made", async () => {
    const store = await tempStore();
    store.catalog.applySchema("", {
      tables: [table("books", { by_title: ["title"] }, objectWith({ title: string }))],
      schemaValidation: false,
    });
    await commit(store, (tx) => tx.insert("", "books", { title: 5 }));
    expect(read(store, (tx) => all(tx, rangeOf("books.by_title", [])))).toHaveLength(1);
  });

  test("a table the schema no longer names keeps its documents, without its indexes and its type", async () => {
    const store = await tempStore(table("books", { by_title: ["title"] }, objectWith({ title: string })));
    const id = await commit(store, (tx) => tx.insert("", "books", { title: "a" }));
    store.catalog.applySchema("", null);
    await commit(store, (tx) => tx.patch("", id, { title: 5 }));
    expect(read(store, (tx) => fieldOf("title", all(tx, scanOf("books"))))).toEqual([5]);
    expect(() => read(store, (tx) => all(tx, rangeOf("books.by_title", [])))).toThrow(/not found/);
    expect(store.catalog.tableOfId("", id)).toBe("books");
  });

  test("a table outside the schema comes into being with its first document", async () => {
    const store = await tempStore(table("books"));
    const id = await commit(store, (tx) => tx.insert("", "extras", { a: 1 }));
    expect(store.catalog.tableNames("").toSorted()).toEqual(["books", "extras"]);
    expect(store.catalog.tableOfId("", id)).toBe("extras");
    expect(store.catalog.tableOfId("", "nonsense")).toBeNull();
  });

  test("tables, indexes, types and numbers survive a restart, and the same schema again changes nothing", async () => {
    const path = join(await tempFolder(), "convex.sqlite");
    const books = schema(table("books", { by_title: ["title"] }, objectWith({ title: string })));
    const first = openAt(path);
    first.catalog.applySchema("", books);
    const id = await commit(first, (tx) => tx.insert("", "books", { title: "a" }));
    await commit(first, (tx) => tx.insert("limiter", "buckets", { value: 1 }));
    first.close();
    const second = openAt(path);
    const version = second.catalog.version;
    second.catalog.applySchema("", books);
    expect(second.catalog.version).toBe(version);
    expect(second.catalog.count("limiter", "buckets")).toBe(1);
    read(second, (tx) => expect(all(tx, rangeOf("books.by_title", [where("title", "Eq", "a")]))).toHaveLength(1));
    expect(second.catalog.tableOfId("", id)).toBe("books");
    expect(() => read(second, (tx) => tx.insert("", "books", {}))).toThrow(/missing the required field/);
    second.close();
  });
});

describe("schema rules", () => {
  const index = (indexDescriptor: string, ...fields: string[]) => ({
    ...table("t"),
    indexes: [{ indexDescriptor, fields }],
  });
  const typed = (...fields: string[]) => ({
    ...index("by_x", ...fields),
    documentType: objectWith({ a: objectWith({ b: string }) }),
  });
  const many = (count: number) => Array.from({ length: count }, (_, number) => `f${number}`);

  test.each([
    ["a table name with a hyphen", [table("a-b")], /Invalid table name/],
    ["a table name with an underscore first", [table("_mine")], /Invalid table name/],
    ["a table name of 65 characters", [table("t".repeat(65))], /Invalid table name/],
    ["a table defined twice", [table("t"), table("t")], /defined twice/],
    ["an index without fields", [index("by_x")], /at least one field/],
    ["an index of 17 fields", [index("by_x", ...many(17))], /more than 16 fields/],
    ["an index with a field twice", [index("by_x", "a", "a")], /duplicate field a/],
    ["an index on _id", [index("by_x", "_id")], /`_id` is not a valid index field/],
    ["an index on _creationTime", [index("by_x", "a", "_creationTime")], /`_creationTime` is added/],
    ["an index on another reserved field", [index("by_x", "_a")], /reserved/],
    ["an index on no identifier", [index("by_x", "a b")], /dot path/],
    ["an index called by_id", [index("by_id", "a")], /reserved/],
    ["an index called by_creation_time", [index("by_creation_time", "a")], /reserved/],
    ["an index name with a hyphen", [index("by-x", "a")], /Invalid index name/],
    ["an index on a field the type lacks", [typed("c")], /field c that does not exist/],
    ["an index on a nested field the type lacks", [typed("a.c")], /field a\.c that does not exist/],
    ["two indexes with the same fields", [table("t", { by_x: ["a"], by_y: ["a"] })], /same fields/],
    [
      "two indexes of one name",
      [{ ...table("t", { by_x: ["a"] }), stagedDbIndexes: [{ indexDescriptor: "by_x", fields: ["b"] }] }],
      /two or more definitions/,
    ],
    ["65 indexes", [table("t", Object.fromEntries(many(65).map((name) => [name, [name]])))], /more than 64 indexes/],
    ["a search index", [{ ...table("t"), searchIndexes: [{ indexDescriptor: "by_text" }] }], /does not offer/],
    ["a vector index", [{ ...table("t"), vectorIndexes: [{ indexDescriptor: "by_vector" }] }], /does not offer/],
    ["a document type that is no object", [{ ...table("t"), documentType: string }], /must be an object/],
  ] as [string, TableJson[], RegExp][])("%s is refused", async (_, tables, message) => {
    const store = await tempStore();
    const wrong: SchemaJson = schema(...tables);
    expect(() => store.catalog.applySchema("", wrong)).toThrow(
      expect.objectContaining({ name: "SchemaError", message: expect.stringMatching(message) }),
    );
  });

  test("what stays within the rules is accepted", async () => {
    const store = await tempStore();
    const nested: ValidatorJson = {
      type: "union",
      value: [objectWith({ a: objectWith({ b: string }) }), objectWith({ c: string })],
    };
    const tables = [
      table("t".repeat(64), Object.fromEntries(many(64).map((name) => [name, [name]]))),
      table("u", { by_x: ["a.b", "c"], by_y: ["c", "a.b"] }, nested),
    ];
    expect(() => store.catalog.applySchema("", schema(...tables, table("v", { by_all: many(16) })))).not.toThrow();
  });
});

describe("system tables", () => {
  test("are in every namespace with their indexes, outside the list of tables", async () => {
    const store = await tempStore();
    const jobs = (namespace: string) =>
      commit(store, (tx) => {
        tx.insert(namespace, "_scheduled_functions", { scheduledTime: 5, state: { kind: "pending" } });
        const pending = rangeOf("_scheduled_functions.by_state_and_scheduled_time", [
          where("state.kind", "Eq", "pending"),
        ]);
        return tx.query(namespace, pending).next();
      });
    for (const namespace of ["", "limiter"]) expect(await jobs(namespace)).toContain('"pending"');
    expect(store.catalog.tableNames("")).toEqual([]);
    expect(store.catalog.count("limiter", "_scheduled_functions")).toBe(1);
    await expect(commit(store, (tx) => tx.insert("limiter", "_session_requests", {}))).rejects.toThrow(
      /Invalid table name/,
    );
  });

  test("ids of every table are 32 characters long", async () => {
    const store = await tempStore(table("books"));
    const tx = store.begin();
    const tables = ["books", "_scheduled_functions", "_session_requests", "_cron_jobs", "_cron_job_logs"];
    expect(tables.map((name) => tx.insert("", name, {}).length)).toEqual([32, 32, 32, 32, 32]);
    tx.close();
  });
});
