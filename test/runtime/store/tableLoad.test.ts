import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConflictError } from "../../../src/runtime/convex/errors.ts";
import { SnapshotReader } from "../../../src/runtime/convex/store/snapshotReader.ts";
import { openStore, type SqliteStore } from "../../../src/runtime/convex/store/store.ts";
import type { JsonObject } from "../../../src/runtime/convex/values/encoded.ts";
import { decodeId, encodeId } from "../../../src/runtime/convex/values/ids.ts";

let dir: string;
let file: string;
let store: SqliteStore;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "noruxa-load-"));
  file = path.join(dir, "db.sqlite3");
  store = openStore({ path: file, clock: { nowMs: () => 1_000 } });
  store.catalog.applySchema("", {
    schemaValidation: true,
    tables: [
      {
        tableName: "notes",
        indexes: [{ indexDescriptor: "by_text", fields: ["text"] }],
        documentType: { type: "object", value: { text: { fieldType: { type: "string" }, optional: false } } },
      },
    ],
  });
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true });
});

async function insert(table: string, value: JsonObject): Promise<string> {
  const tx = store.begin();
  const id = tx.insert("", table, value);
  await store.commit(tx);
  return id;
}

/** The texts of the table in the order of its index. */
function texts(): unknown[] {
  const tx = store.begin();
  const stream = tx.query("", {
    source: { type: "IndexRange", indexName: "notes.by_text", range: [], order: "asc" },
    operators: [],
  });
  const found: unknown[] = [];
  for (let text = stream.next(); text !== null; text = stream.next()) found.push((JSON.parse(text) as JsonObject).text);
  stream.close();
  tx.close();
  return found;
}

const notes = { component: "", name: "notes", number: null };

describe("tables filled aside", () => {
  test("show nothing until they take their places, and then all of it, indexes included", async () => {
    await insert("notes", { text: "before" });
    const load = store.loadTables([notes]);
    load.add(notes, [{ text: "b" }, { text: "c" }]);
    load.add(notes, [{ text: "a" }]);
    expect(texts()).toEqual(["before"]);
    await load.finish();
    expect(texts()).toEqual(["a", "b", "c"]);
    expect(store.catalog.count("", "notes")).toBe(3);
  });

  test("keep the ids and creation times that documents bring", async () => {
    const id = await insert("notes", { text: "kept" });
    const load = store.loadTables([notes]);
    load.add(notes, [{ _id: id, _creationTime: 17.5, text: "kept" }]);
    await load.finish();
    const tx = store.begin();
    expect(JSON.parse(tx.get("", id) ?? "null")).toEqual({ _id: id, _creationTime: 17.5, text: "kept" });
    tx.close();
  });

  test("end mutations that began before", async () => {
    const tx = store.begin();
    const load = store.loadTables([notes]);
    await load.finish();
    expect(() => tx.insert("", "notes", { text: "too late" })).toThrow(ConflictError);
    tx.close();
  });

  test("are swept away when the process ended before they took their places", async () => {
    await insert("notes", { text: "before" });
    const load = store.loadTables([notes]);
    load.add(notes, [{ text: "left aside" }]);
    store.close();
    store = openStore({ path: file, clock: { nowMs: () => 1_000 } });
    expect(texts()).toEqual(["before"]);
    const reader = new SnapshotReader(file);
    expect(reader.tables().map(({ name, documentCount }) => [name, documentCount])).toEqual([["notes", 1]]);
    reader.close();
  });

  test("take the number of their ids from an empty table, but not from one with documents", async () => {
    const other = decodeId(await insert("others", { any: 1 }))?.tableNumber ?? 0;
    const target = { ...notes, number: other };
    const refused = store.loadTables([target]);
    await expect(refused.finish()).rejects.toThrow(/ids of "others" here, which is not empty/);
    await refused.sweep();
    const others = { component: "", name: "others", number: null };
    const emptied = store.loadTables([others]);
    await emptied.finish();

    const load = store.loadTables([target]);
    const id = encodeId(other, new Uint8Array(16).fill(3));
    load.add(target, [{ _id: id, text: "moved here" }]);
    await load.finish();
    expect(store.catalog.tableOfId("", id)).toBe("notes");
    expect(store.catalog.tableOfId("", await insert("others", { any: 2 }))).toBe("others");
  });
});

test("documents that do not fit the schema, or whose ids are another table's, are refused", () => {
  const load = store.loadTables([notes]);
  expect(() => load.add(notes, [{ text: 5 }])).toThrow(/does not match the schema/);
  expect(() => load.add(notes, [{ _id: encodeId(77, new Uint8Array(16)), text: "a" }])).toThrow(
    /is not an id of the table/,
  );
  expect(() => load.add(notes, [{ _creationTime: "late", text: "a" }])).toThrow(/must be a number/);
});
