import { describe, expect, test } from "vitest";
import { LiveResult, LiveResults } from "../../../src/runtime/convex/liveResults.ts";
import type { Commit, ReadSet } from "../../../src/runtime/convex/types.ts";

interface NamedReads extends ReadSet {
  table: string;
}

function result(key: string, { table = "t", sizeChars = 1, expiresAtMs = Number.POSITIVE_INFINITY } = {}) {
  const reads: NamedReads = { table, intervalCount: 1, indexIds: [indexOf(table)] };
  return new LiveResult({ key, answer: key, reads, expiresAtMs, sizeChars });
}

function commitTo(table: string): Commit {
  return { ts: 1n, indexIds: [indexOf(table)], touches: (reads) => (reads as NamedReads).table === table };
}

/** The only index of a table whose name is one letter. */
function indexOf(table: string): number {
  return table.charCodeAt(0);
}

describe("live results", () => {
  test("are found until a commit touches what they read", () => {
    const live = new LiveResults<string>();
    live.add(result("a", { table: "x" }));
    live.add(result("b", { table: "y" }));
    live.applyCommit(commitTo("x"));
    expect(live.find("a", 0)).toBeNull();
    expect(live.find("b", 0)?.answer).toBe("b");
  });

  test("tell each watcher once that they no longer hold", () => {
    const live = new LiveResults<string>();
    const watched = result("a");
    live.add(watched);
    const told: string[] = [];
    live.watch(watched, () => told.push("one"));
    live.watch(watched, () => told.push("two"));
    live.watch(watched, () => told.push("three"))();
    live.applyCommit(commitTo("t"));
    live.applyCommit(commitTo("t"));
    expect(told).toEqual(["one", "two"]);
    expect(watched.holds).toBe(false);
    expect(live.watchedCount).toBe(0);
  });

  test("cost a commit nothing when it writes to no index they read", () => {
    const live = new LiveResults<string>();
    for (const [index, table] of ["x", "y", "z"].entries()) live.add(result(String(index), { table }));
    live.watch(result("watched", { table: "y" }), () => {});
    const asked: string[] = [];
    const touches = (reads: ReadSet) => asked.push((reads as NamedReads).table) < 0;
    live.applyCommit({ ...commitTo("x"), touches });
    expect(asked).toEqual(["x"]);
  });

  test("are no longer asked about once nobody can want them", () => {
    const live = new LiveResults<string>();
    const [displaced, unwatched] = [result("a"), result("b")];
    live.add(displaced);
    live.add(result("a", { table: "x" }));
    live.watch(unwatched, () => {})();
    let asked = 0;
    live.applyCommit({ ...commitTo("t"), touches: () => (asked += 1) > 0 });
    expect(asked).toBe(0);
  });

  test("that expired are watched still, but not found", () => {
    const live = new LiveResults<string>();
    const expiring = result("a", { expiresAtMs: 100 });
    live.add(expiring);
    let isTold = false;
    live.watch(expiring, () => {
      isTold = true;
    });
    expect(live.find("a", 99)).toBe(expiring);
    expect(live.find("a", 100)).toBeNull();
    live.applyCommit(commitTo("t"));
    expect(isTold).toBe(true);
  });

  test("are forgotten when they are too many, those not used for longest first", () => {
    const live = new LiveResults<string>();
    for (let index = 0; index < 2_000; index += 1) live.add(result(String(index)));
    live.find("0", 0);
    live.add(result("one more"));
    expect(live.find("0", 0)).not.toBeNull();
    expect(live.find("1", 0)).toBeNull();
  });

  test("are forgotten when they are too large together", () => {
    const live = new LiveResults<string>();
    for (const key of ["a", "b", "c"]) live.add(result(key, { sizeChars: 30 * 1024 * 1024 }));
    expect(["a", "b", "c"].map((key) => live.find(key, 0) !== null)).toEqual([false, true, true]);
  });
});
