import { chmod, copyFile, readFile, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { keysOf } from "../../../src/runtime/convex/store/catalog.ts";
import type { SqliteStore } from "../../../src/runtime/convex/store/store.ts";
import { all, commit, openAt, read, scanOf, schema, table, tempFolder } from "./support.ts";

const NOBODY = 65_534;
const books = schema(table("books", { by_title: ["title"] }));

async function storeWithBooks(path: string, count: number): Promise<SqliteStore> {
  const store = openAt(path);
  store.catalog.applySchema("", books);
  for (let number = 0; number < count; number += 1) await addBook(store, number);
  return store;
}

/** A commit of several pages. */
function addBook(store: SqliteStore, number: number): Promise<string> {
  return commit(store, (tx) => tx.insert("", "books", { title: `book ${number}`, text: "x".repeat(20_000) }));
}

/** The numbers of the books, after checking that every index entry has its document and none is missing. */
function soundBooks(store: SqliteStore, path: string): number[] {
  const rows = read(store, (tx) => all(tx, scanOf("books")));
  const definition = store.catalog.table("", "books");
  const database = new DatabaseSync(path, { readOnly: true });
  const [entries] = Object.values(database.prepare("SELECT count(*) FROM index_entries").get() ?? {});
  const [finding] = Object.values(database.prepare("PRAGMA integrity_check").get() ?? {});
  database.close();
  expect([entries, finding]).toEqual([rows.flatMap((row) => keysOf(definition, row)).length, "ok"]);
  const byTitle = { type: "IndexRange" as const, indexName: "books.by_title", range: [], order: null };
  expect(read(store, (tx) => all(tx, { source: byTitle, operators: [] }))).toHaveLength(rows.length);
  return rows.map(({ title }) => Number(String(title).slice("book ".length))).toSorted();
}

describe("a folder that may only be read", () => {
  /** Runs `work` as somebody whom permissions bind, which they do not bind the superuser. */
  function asSomebody<Result>(work: () => Result): Result {
    if (process.geteuid?.() !== 0) return work();
    process.seteuid?.(NOBODY);
    try {
      return work();
    } finally {
      process.seteuid?.(0);
    }
  }

  const refused = expect.objectContaining({
    name: "DataFolderError",
    message: expect.stringMatching(/cannot be used.*Give this user the right to write there, or choose another folder/),
  });

  test("is refused, saying what to do, whether or not there is a database in it; and nothing is harmed", async () => {
    const folder = await tempFolder();
    await chmod(dirname(folder), 0o1777);
    await chmod(folder, 0o555);
    expect(() => asSomebody(() => openAt(join(folder, "convex.sqlite")))).toThrow(refused);
    await chmod(folder, 0o755);
    const path = join(folder, "convex.sqlite");
    (await storeWithBooks(path, 2)).close();
    for (const file of [path, `${path}.lock`]) await chmod(file, 0o444);
    await chmod(folder, 0o555);
    expect(() => asSomebody(() => openAt(path))).toThrow(refused);
    for (const place of [folder, path, `${path}.lock`]) await chmod(place, 0o755);
    const store = openAt(path);
    expect(soundBooks(store, path)).toEqual([0, 1]);
    store.close();
  });
});

describe("another program that holds the database", () => {
  test("makes a commit fail in words that say what to do, and nothing worse", async () => {
    const path = join(await tempFolder(), "convex.sqlite");
    const store = await storeWithBooks(path, 1);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    await expect(addBook(store, 1)).rejects.toThrow(/could not be written.*Another program holds it: end that one/);
    expect(read(store, (tx) => all(tx, scanOf("books")))).toHaveLength(1);
    other.exec("ROLLBACK");
    other.close();
    await addBook(store, 2);
    expect(soundBooks(store, path)).toEqual([0, 2]);
    store.close();
  });

  test("keeps the store from opening, which says what to do", async () => {
    const path = join(await tempFolder(), "convex.sqlite");
    (await storeWithBooks(path, 1)).close();
    const other = new DatabaseSync(path);
    other.exec("BEGIN EXCLUSIVE");
    expect(() => openAt(path)).toThrow(
      expect.objectContaining({
        name: "DataFolderError",
        message: expect.stringMatching(/in use.*Stop that one first/),
      }),
    );
    other.exec("ROLLBACK");
    other.close();
    const store = openAt(path);
    expect(soundBooks(store, path)).toEqual([0]);
    store.close();
  });
});

describe("a write-ahead log whose end is torn", () => {
  const COMMITTED = 5;

  /** Copies of a database as a power cut would leave it, with log and all, and where its last commit begins there. */
  async function cutOff(): Promise<{ copyTo: (path: string) => Promise<void>; lastStart: number; logBytes: number }> {
    const path = join(await tempFolder(), "convex.sqlite");
    const store = await storeWithBooks(path, COMMITTED - 1);
    const lastStart = (await readFile(`${path}-wal`)).length;
    await addBook(store, COMMITTED - 1);
    const log = await readFile(`${path}-wal`);
    const copies = await tempFolder();
    await copyFile(path, join(copies, "db"));
    await writeFile(join(copies, "wal"), log);
    store.close();
    const copyTo = async (target: string) => {
      await copyFile(join(copies, "db"), target);
      await copyFile(join(copies, "wal"), `${target}-wal`);
    };
    return { copyTo, lastStart, logBytes: log.length };
  }

  test("loses at most the commit that was being written, and goes on from there", async () => {
    const { copyTo, lastStart, logBytes } = await cutOff();
    const folder = await tempFolder();
    const step = Math.max(1, Math.floor((logBytes - lastStart) / 12));
    for (let keptBytes = lastStart; keptBytes <= logBytes; keptBytes += step) {
      const path = join(folder, `cut-${keptBytes}.sqlite`);
      await copyTo(path);
      await truncate(`${path}-wal`, keptBytes);
      const store = openAt(path);
      const before = soundBooks(store, path);
      expect(before.slice(0, COMMITTED - 1)).toEqual([0, 1, 2, 3]);
      expect(before.length).toBeLessThanOrEqual(COMMITTED);
      await addBook(store, 9);
      expect(soundBooks(store, path)).toEqual([...before, 9]);
      store.close();
    }
  });

  test("and one whose last page holds other bytes loses no more", async () => {
    const { copyTo, logBytes } = await cutOff();
    const path = join(await tempFolder(), "convex.sqlite");
    await copyTo(path);
    const log = await readFile(`${path}-wal`);
    log.fill(0xa5, logBytes - 2_000);
    await writeFile(`${path}-wal`, log);
    const store = openAt(path);
    expect(soundBooks(store, path)).toEqual([0, 1, 2, 3]);
    await addBook(store, 4);
    expect(soundBooks(store, path)).toEqual([0, 1, 2, 3, 4]);
    store.close();
  });
});
