import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { Connection } from "../../../src/runtime/convex/store/connection.ts";
import { openDatabase } from "../../../src/runtime/convex/store/format.ts";
import { SnapshotPool } from "../../../src/runtime/convex/store/snapshots.ts";
import { commit, openAt, table, tempFolder, tempStore } from "./support.ts";

async function poolWithWriter() {
  const path = join(await tempFolder(), "convex.sqlite");
  openDatabase(path, {}).close();
  const writer = new Connection(path);
  const pool = new SnapshotPool(path, {});
  const write = () => {
    pool.supersede();
    writer.run("UPDATE meta SET value = value + 1 WHERE name = 'latest_ts'");
  };
  const isLogFree = () => writer.first<[number]>("PRAGMA wal_checkpoint(TRUNCATE)")?.[0] === 0;
  return { pool, write, isLogFree, close: () => [pool, writer].forEach((open) => open.close()) };
}

const at = (ts: bigint) => ({ ts, catalogVersion: 0 });

describe("snapshots", () => {
  test("are shared by all who begin before the next write, and not after it", async () => {
    const { pool, write, close } = await poolWithWriter();
    const first = pool.acquire(at(1n));
    expect(pool.acquire(at(1n))).toBe(first);
    write();
    const second = pool.acquire(at(2n));
    expect(second).not.toBe(first);
    expect(pool.acquireHeld(1n)).toBe(first);
    expect(pool.oldestTs()).toBe(1n);
    for (let users = 0; users < 3; users++) pool.release(first);
    expect(pool.oldestTs()).toBe(2n);
    expect(() => pool.acquireHeld(1n)).toThrow(RangeError);
    close();
  });

  test("hold the log only while they are in use", async () => {
    const { pool, write, isLogFree, close } = await poolWithWriter();
    write();
    const snapshot = pool.acquire(at(1n));
    write();
    expect(isLogFree()).toBe(false);
    pool.release(snapshot);
    expect(isLogFree()).toBe(true);
    close();
  });

  test("that nobody uses do not keep the log from shrinking at the next write", async () => {
    const { pool, write, isLogFree, close } = await poolWithWriter();
    write();
    pool.release(pool.acquire(at(1n)));
    write();
    expect(isLogFree()).toBe(true);
    close();
  });
});

describe("the log", () => {
  test("is emptied within half a minute of the last commit, once no old snapshot needs it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const path = join(await tempFolder(), "convex.sqlite");
      const store = openAt(path);
      const logBytes = async () => (await stat(`${path}-wal`)).size;
      const reader = store.begin();
      await commit(store, (tx) => tx.insert("", "books", {}));
      vi.advanceTimersByTime(30_000);
      expect(await logBytes()).toBeGreaterThan(0);
      reader.close();
      vi.advanceTimersByTime(30_000);
      expect(await logBytes()).toBe(0);
      store.close();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("the memory of recent commits", () => {
  test("makes no transaction conflict with what it began after, however old the oldest open one is", async () => {
    const store = await tempStore(table("books"));
    const oldest = store.begin();
    const id = await commit(store, (tx) => tx.insert("", "books", {}));
    await commit(store, (tx) => tx.patch("", id, { title: "a" }));
    await commit(store, (tx) => tx.patch("", id, { title: "b" }));
    expect(store.counters.conflicts).toBe(0);
    oldest.close();
  });
});
