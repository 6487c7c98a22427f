import { describe, expect, test } from "vitest";
import type { Transaction } from "../../../src/runtime/convex/types.ts";
import { commit, drain, rangeOf, scanOf, table, tempStore, where } from "./support.ts";

const rows = table("rows", { by_n: ["n"] });
const MIB = 1024 * 1024;

function insertMany(tx: Transaction, count: number): void {
  for (let n = 0; n < count; n++) tx.insert("", "rows", { n });
}

const refusedAs = (code: string) => expect.objectContaining({ name: "DeveloperError", code });

describe("transaction limits", () => {
  test("16,000 documents may be written, and not one more; 32,000 may be read, and not one more", async () => {
    const store = await tempStore(rows);
    for (let part = 0; part < 2; part++) {
      const tx = store.begin();
      insertMany(tx, 16_000);
      expect(() => tx.insert("", "rows", { n: 0 })).toThrow(refusedAs("TooManyWrites"));
      await store.commit(tx);
    }
    const tx = store.begin();
    expect(drain(tx.query("", scanOf("rows")))).toHaveLength(32_000);
    expect(tx.usage.documentsRead).toBe(32_000);
    expect(() => drain(tx.query("", scanOf("rows")))).toThrow(refusedAs("TooManyDocumentsRead"));
    tx.close();
  }, 60_000);

  test("4,096 index ranges may be read, and not one more", async () => {
    const store = await tempStore(rows);
    const tx = store.begin();
    const readRange = (n: number) => tx.query("", rangeOf("rows.by_n", [where("n", "Eq", n)])).next();
    for (let n = 0; n < 4096; n++) readRange(n);
    expect(tx.usage.databaseQueries).toBe(4096);
    expect(() => readRange(4096)).toThrow(refusedAs("TooManyReads"));
    tx.close();
  });

  test("16 MiB may be written, and not one byte more; 16 MiB may be read, and not one byte more", async () => {
    const store = await tempStore(rows);
    // _id: 4 + 34, _creationTime: 14 + 9, body: 5 + 2, the object: 2.
    const body = "x".repeat(MIB - 70);
    const tx = store.begin();
    for (let n = 0; n < 16; n++) tx.insert("", "rows", { body });
    expect(tx.usage.bytesWritten).toBe(16 * MIB);
    expect(() => tx.insert("", "rows", {})).toThrow(refusedAs("TooManyBytesWritten"));
    await store.commit(tx);
    const reader = store.begin();
    expect(drain(reader.query("", scanOf("rows")))).toHaveLength(16);
    expect(reader.usage.bytesRead).toBe(16 * MIB);
    reader.close();
    await commit(store, (other) => other.insert("", "rows", {}));
    const next = store.begin();
    expect(() => drain(next.query("", scanOf("rows")))).toThrow(refusedAs("TooManyBytesRead"));
    next.close();
  });

  test("a page that meets a read limit ends there and asks to be split", async () => {
    const store = await tempStore(rows);
    for (let part = 0; part < 2; part++) {
      await commit(store, (tx) => {
        for (let n = 0; n < 10; n++) tx.insert("", "rows", { n, body: "x".repeat(MIB - 200) });
      });
    }
    const tx = store.begin();
    const first = tx.page("", { query: scanOf("rows"), cursor: null, pageSize: 100 });
    expect(first).toMatchObject({ isDone: false, pageStatus: "SplitRequired" });
    tx.close();
    const next = store.begin();
    const second = next.page("", { query: scanOf("rows"), cursor: first.continueCursor, pageSize: 100 });
    expect(first.page.length + second.page.length).toBe(20);
    next.close();
  });

  test("the runtime's own tables are not metered", async () => {
    const store = await tempStore(rows);
    const tx = store.begin();
    tx.get("", tx.insert("", "_scheduled_functions", { scheduledTime: 1, state: { kind: "pending" } }));
    expect(tx.usage).toMatchObject({ documentsRead: 0, bytesRead: 0, documentsWritten: 0, bytesWritten: 0 });
    tx.close();
  });

  test("usage counts every read and write with its size", async () => {
    const store = await tempStore(rows);
    const tx = store.begin();
    const id = tx.insert("", "rows", { n: 1 });
    // _id: 4 + 34, _creationTime: 14 + 9, n: 2 + 9, the object: 2.
    const sizeBytes = 74;
    tx.patch("", id, { n: 2 });
    tx.remove("", id);
    expect(tx.usage).toEqual(
      expect.objectContaining({
        documentsWritten: 3,
        bytesWritten: 2 * sizeBytes,
        documentsRead: 2,
        bytesRead: 2 * sizeBytes,
        databaseQueries: 1,
      }),
    );
    tx.close();
  });
});
