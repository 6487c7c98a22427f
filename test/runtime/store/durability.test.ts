import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { openStore } from "../../../src/runtime/convex/store/store.ts";
import { all, commit, openAt, read, scanOf, schema, table, tempFolder } from "./support.ts";

const FIXTURES = join(import.meta.dirname, "fixtures");

/** Starts a process that commits without pause and prints the number of each acknowledged commit. */
function startCommitting(path: string): {
  process: ChildProcess;
  acknowledged: () => number;
  hasAcknowledged: (count: number) => Promise<void>;
} {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(FIXTURES, "committingProcess.ts"), path],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let last = 0;
  const waiting: { count: number; resolve: () => void }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    last = Number(line);
    for (const { count, resolve } of waiting) if (last >= count) resolve();
  });
  const hasAcknowledged = (count: number) => new Promise<void>((resolve) => waiting.push({ count, resolve }));
  return { process: child, acknowledged: () => last, hasAcknowledged };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "close");
  child.kill("SIGKILL");
  await ended;
}

describe("after kill -9", () => {
  test("every acknowledged commit is there and none is half applied, ten times over", async () => {
    const path = join(await tempFolder(), "convex.sqlite");
    let newestTs = 0n;
    for (let round = 1; round <= 10; round++) {
      const writer = startCommitting(path);
      await writer.hasAcknowledged(round === 1 ? 5 : committedCount(path) + 1 + (round % 4) * 7);
      await kill(writer.process);
      const store = openAt(path);
      read(store, (tx) => {
        const pairs = all(tx, scanOf("pairs"));
        const numbers = pairs.map((pair) => pair.number as number);
        const committed = numbers.length / 2;
        // Each commit writes its number twice and counts itself, so half of one would show as an odd one out.
        expect(numbers).toEqual(Array.from({ length: committed }, (_, index) => [index + 1, index + 1]).flat());
        expect(all(tx, scanOf("counter"))).toEqual([expect.objectContaining({ count: committed })]);
        expect(tx.count("", "pairs")).toBe(numbers.length);
        expect(committed).toBeGreaterThanOrEqual(writer.acknowledged());
      });
      expect(store.latestTs()).toBeGreaterThan(newestTs);
      newestTs = store.latestTs();
      store.close();
    }
  }, 120_000);

  /** How many commits the file holds now. */
  function committedCount(path: string): number {
    const database = new DatabaseSync(path, { readOnly: true });
    const { count } = database.prepare("SELECT document_count / 2 AS count FROM tables WHERE name = 'pairs'").get() as {
      count: number;
    };
    database.close();
    return count;
  }
});

describe("when the disk is full", () => {
  test("a commit is refused in clear words, reads go on, and everything acknowledged is there afterwards", async () => {
    const path = join(await tempFolder(), "convex.sqlite");
    // The shell's limit on file sizes (4,096 blocks of 1 KiB) stands in for a disk of that size.
    const command = `ulimit -f 4096; exec "$0" --disable-warning=ExperimentalWarning "$1" "$2"`;
    const script = join(FIXTURES, "fillingProcess.ts");
    const { stdout } = await promisify(execFile)("bash", ["-c", command, process.execPath, script, path]);
    const { acknowledged, readable, refusal } = JSON.parse(stdout) as Record<string, unknown>;
    expect(refusal).toMatch(/^The database could not be written: .*Make room on the disk/);
    expect(acknowledged).toBeGreaterThan(10);
    expect(readable).toBe(acknowledged);
    const store = openAt(path);
    expect(store.catalog.count("", "rows")).toBe(acknowledged);
    await commit(store, (tx) => tx.insert("", "rows", {}));
    store.close();
  });
});

describe("timestamps", () => {
  test("never go back, not even when the clock does across a restart", async () => {
    const path = join(await tempFolder(), "convex.sqlite");
    const first = openAt(path, 2_000_000_000_000);
    await commit(first, (tx) => tx.insert("", "books", {}));
    const ts = first.latestTs();
    first.close();
    const second = openAt(path, 1_000_000_000_000);
    expect(second.latestTs()).toBe(ts);
    await commit(second, (tx) => tx.insert("", "books", {}));
    expect(second.latestTs()).toBe(ts + 1n);
    second.close();
  });

  test("follow the clock in nanoseconds", async () => {
    const store = openAt(join(await tempFolder(), "convex.sqlite"), 1_700_000_000_123);
    await commit(store, (tx) => tx.insert("", "books", {}));
    expect(store.latestTs()).toBe(1_700_000_000_123_000_000n);
    store.close();
  });
});

describe("closing", () => {
  test("writes what was queued and leaves one database file", async () => {
    const folder = await tempFolder();
    const path = join(folder, "convex.sqlite");
    const store = openAt(path);
    const tx = store.begin();
    tx.insert("", "books", { title: "queued" });
    const queued = store.commit(tx);
    store.close();
    expect(await queued).toBeGreaterThan(0n);
    expect((await readdir(folder)).toSorted()).toEqual(["convex.sqlite", "convex.sqlite.lock"]);
    const again = openAt(path);
    expect(again.catalog.count("", "books")).toBe(1);
    again.close();
  });

  test("what was deleted is in none of the files afterwards", async () => {
    const folder = await tempFolder();
    const path = join(folder, "convex.sqlite");
    const store = openAt(path);
    const secret = "an unmistakable sentence ".repeat(400);
    const id = await commit(store, (tx) => tx.insert("", "books", { secret }));
    await commit(store, (tx) => tx.remove("", id));
    store.close();
    for (const name of await readdir(folder)) {
      expect((await readFile(join(folder, name))).includes("unmistakable sentence")).toBe(false);
    }
  });

  test("the files are readable by their owner only", async () => {
    const path = join(await tempFolder(), "data", "convex.sqlite");
    const store = openAt(path);
    await commit(store, (tx) => tx.insert("", "books", {}));
    for (const file of [path, `${path}-wal`]) expect((await stat(file)).mode & 0o077).toBe(0);
    store.close();
  });
});

describe("a data folder that cannot be used", () => {
  const refusedWith = (message: RegExp) =>
    expect.objectContaining({ name: "DataFolderError", message: expect.stringMatching(message) });

  async function databaseWithBooks(): Promise<string> {
    const path = join(await tempFolder(), "convex.sqlite");
    const store = openAt(path);
    store.catalog.applySchema("", schema(table("books", { by_title: ["title"] })));
    for (let part = 0; part < 3; part++) {
      await commit(store, (tx) => {
        for (let number = 0; number < 200; number++) tx.insert("", "books", { title: `book ${number} of ${part}` });
      });
    }
    store.close();
    return path;
  }

  /** Tries to open the file: the error, and whether the file's bytes are as they were. */
  async function refusalOf(path: string): Promise<{ error: unknown; isUntouched: boolean }> {
    const before = await readFile(path);
    let error: unknown = null;
    try {
      openAt(path).close();
    } catch (thrown) {
      error = thrown;
    }
    return { error, isUntouched: (await readFile(path)).equals(before) };
  }

  const untouchedRefusal = (message: RegExp) => ({ error: refusedWith(message), isUntouched: true });

  test("one that is open already is refused, by this process or another, and free again after close or kill", async () => {
    const path = join(await tempFolder(), "convex.sqlite");
    const store = openAt(path);
    expect(() => openAt(path)).toThrow(refusedWith(/in use by another process/));
    store.close();
    const other = startCommitting(path);
    await other.hasAcknowledged(1);
    expect(() => openAt(path)).toThrow(refusedWith(/in use by another process/));
    await kill(other.process);
    openAt(path).close();
  });

  test("one written by a newer version is refused", async () => {
    const path = await databaseWithBooks();
    const database = new DatabaseSync(path);
    database.exec("UPDATE meta SET value = 99 WHERE name = 'format_version'");
    database.close();
    expect(await refusalOf(path)).toEqual(untouchedRefusal(/newer version \(format 99/));
  });

  test("a file that is no database is refused", async () => {
    const path = join(await tempFolder(), "convex.sqlite");
    await writeFile(path, "Dear diary, this is not a database.");
    expect(await refusalOf(path)).toEqual(untouchedRefusal(/damaged or not a database/));
  });

  test("a database of another program is refused", async () => {
    const path = join(await tempFolder(), "convex.sqlite");
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE theirs (a)");
    database.close();
    expect(await refusalOf(path)).toEqual(untouchedRefusal(/not written by this program/));
  });

  test("a file cut short is refused", async () => {
    const path = await databaseWithBooks();
    await truncate(path, Math.floor((await stat(path)).size / 2));
    expect(await refusalOf(path)).toEqual(untouchedRefusal(/damaged/));
  });

  test("a file with a page overwritten is refused", async () => {
    const path = await databaseWithBooks();
    const bytes = await readFile(path);
    bytes.fill(0xa5, 4096 * 8, 4096 * 9);
    await writeFile(path, bytes);
    expect(await refusalOf(path)).toEqual(untouchedRefusal(/damaged/));
  });

  test("a place that cannot hold a folder is refused", async () => {
    const path = join(await tempFolder(), "file");
    await writeFile(path, "");
    expect(() => openAt(join(path, "convex.sqlite"))).toThrow(refusedWith(/cannot be used/));
  });

  test("damage that is met while in use is reported once, and what met it fails", async () => {
    const path = await databaseWithBooks();
    const reported: Error[] = [];
    const store = openStore({ path, clock: { nowMs: () => 0 }, onFatal: (error) => reported.push(error) });
    await writeFile(path, Buffer.alloc((await stat(path)).size, 0xa5));
    for (let attempt = 0; attempt < 2; attempt++) expect(() => store.begin()).toThrow(/not a database|malformed/);
    expect(reported).toEqual([refusedWith(/is damaged/)]);
    store.close();
  });
});
