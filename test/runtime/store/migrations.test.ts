import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Connection } from "../../../src/runtime/convex/store/connection.ts";
import { type Migration, openDatabase } from "../../../src/runtime/convex/store/format.ts";
import { SnapshotReader } from "../../../src/runtime/convex/store/snapshotReader.ts";
import { openStore } from "../../../src/runtime/convex/store/store.ts";

const clock = { nowMs: () => 1_000 };
/** The step of a version to come: it adds a column. */
const nextStep: Migration = (connection) => connection.exec("ALTER TABLE documents ADD COLUMN note TEXT");

let dir: string;
let file: string;

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), "noruxa-migrations-"));
  file = path.join(dir, "db.sqlite3");
  const store = openStore({ path: file, clock });
  const tx = store.begin();
  tx.insert("", "notes", { text: "written by the older version" });
  await store.commit(tx);
  store.close();
});
afterEach(() => rmSync(dir, { recursive: true }));

function versionIn(connection: Connection): number | undefined {
  return connection.first<[number]>("SELECT value FROM meta WHERE name = 'format_version'")?.[0];
}

function documentsIn(databasePath: string): string[] {
  const reader = new SnapshotReader(databasePath);
  const texts = reader.tables().flatMap((table) => [...reader.documents(table)].flat());
  reader.close();
  return texts;
}

describe("data written by an older version", () => {
  test("is brought forward, and a copy keeps it as it was", () => {
    const before = documentsIn(file);
    const connection = openDatabase(file, {}, [nextStep]);
    expect(versionIn(connection)).toBe(2);
    expect(connection.all<[string, null]>("SELECT json, note FROM documents")).toEqual([[before[0], null]]);
    connection.close();
    expect(documentsIn(`${file}.v1`)).toEqual(before);
    expect(statSync(`${file}.v1`).mode & 0o077).toBe(0);
  });

  test("stays as it was when a step fails, and comes forward once it does not", () => {
    const failing: Migration = (connection) => {
      nextStep(connection);
      throw new Error("half way through");
    };
    expect(() => openDatabase(file, {}, [failing])).toThrow("half way through");
    expect(documentsIn(file)).toHaveLength(1);
    const connection = openDatabase(file, {}, [nextStep]);
    expect(versionIn(connection)).toBe(2);
    connection.close();
  });

  test("of the present version is opened without a copy", () => {
    openStore({ path: file, clock }).close();
    expect(existsSync(`${file}.v1`)).toBe(false);
  });
});

test("data written by a newer version is refused, for serving and for backups, and nothing changes", () => {
  openDatabase(file, {}, [nextStep]).close();
  expect(() => openStore({ path: file, clock })).toThrow(/newer version \(format 2; this version knows 1\)/);
  expect(() => new SnapshotReader(file)).toThrow(/newer version/);
  const connection = openDatabase(file, {}, [nextStep]);
  expect(versionIn(connection)).toBe(2);
  connection.close();
});
