import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { Commit, QueryJson, Transaction } from "../../../src/runtime/convex/types.ts";
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
  withOperators,
} from "./support.ts";

const seats = table("seats", { by_row: ["row"] });
const rowOf = (row: number) => rangeOf("seats.by_row", [where("row", "Eq", row)]);

async function storeWithSeats() {
  const store = await tempStore(seats, table("halls"));
  const ids = await commit(store, (tx) => [0, 1, 2, 3].map((row) => tx.insert("", "seats", { row, taken: false })));
  return { store, ids: ids as [string, string, string, string] };
}

/** What one transaction reads, what another writes meanwhile, and whether the first may still commit. */
type Case = [
  title: string,
  reads: (tx: Transaction, ids: string[]) => void,
  writes: (tx: Transaction, ids: string[]) => void,
  conflicts: boolean,
];

const CASES: Case[] = [
  [
    "the document it got was patched",
    (tx, [a]) => tx.get("", a as string),
    (tx, [a]) => tx.patch("", a as string, { taken: true }),
    true,
  ],
  [
    "another document was patched",
    (tx, [a]) => tx.get("", a as string),
    (tx, [, b]) => tx.patch("", b as string, { taken: true }),
    false,
  ],
  [
    "a row appeared in the empty range it read",
    (tx) => all(tx, rowOf(9)),
    (tx) => tx.insert("", "seats", { row: 9 }),
    true,
  ],
  [
    "a row moved into the range it read",
    (tx) => all(tx, rowOf(9)),
    (tx, [a]) => tx.patch("", a as string, { row: 9 }),
    true,
  ],
  [
    "a row moved out of the range it read",
    (tx) => all(tx, rowOf(0)),
    (tx, [a]) => tx.patch("", a as string, { row: 8 }),
    true,
  ],
  [
    "a row of the range changed without moving",
    (tx) => all(tx, rowOf(0)),
    (tx, [a]) => tx.patch("", a as string, { taken: true }),
    true,
  ],
  [
    "a row appeared beside the range it read",
    (tx) => all(tx, rowOf(0)),
    (tx) => tx.insert("", "seats", { row: 0.5 }),
    false,
  ],
  [
    "a row appeared after where its scan stopped",
    (tx) => tx.query("", rangeOf("seats.by_row", [])).next(),
    (tx) => tx.insert("", "seats", { row: 2.5 }),
    false,
  ],
  [
    "a row appeared before where its scan stopped",
    (tx) => tx.query("", rangeOf("seats.by_row", [])).next(),
    (tx) => tx.insert("", "seats", { row: -1 }),
    true,
  ],
  [
    "a row appeared below where its descending scan stopped",
    (tx) => tx.query("", rangeOf("seats.by_row", [], "desc")).next(),
    (tx) => tx.insert("", "seats", { row: 1 }),
    false,
  ],
  [
    "a row appeared above where its descending scan stopped",
    (tx) => tx.query("", rangeOf("seats.by_row", [], "desc")).next(),
    (tx) => tx.insert("", "seats", { row: 5 }),
    true,
  ],
  [
    "a row its filter dropped was changed",
    (tx) => all(tx, filtered({ $eq: [{ $field: "row" }, { $literal: 3 }] })),
    (tx, [a]) => tx.patch("", a as string, { taken: true }),
    true,
  ],
  ["the table it counted grew", (tx) => tx.count("", "seats"), (tx) => tx.insert("", "seats", { row: 7 }), true],
  [
    "a table it found missing came into being",
    (tx) => all(tx, scanOf("newcomers")),
    (tx) => tx.insert("", "newcomers", {}),
    true,
  ],
  ["another table was written", (tx) => all(tx, scanOf("seats")), (tx) => tx.insert("", "halls", {}), false],
];

function filtered(filter: never | object): QueryJson {
  return withOperators(scanOf("seats"), { filter: filter as never });
}

describe("optimistic commits", () => {
  test.each(CASES)("when %s", async (_, reads, writes, conflicts) => {
    const { store, ids } = await storeWithSeats();
    const tx = store.begin();
    reads(tx, ids);
    tx.insert("", "halls", {});
    await commit(store, (other) => writes(other, ids));
    const [outcome] = await Promise.allSettled([store.commit(tx)]);
    const refused = { status: "rejected", reason: expect.objectContaining({ name: "ConflictError" }) };
    expect(outcome).toEqual(conflicts ? refused : { status: "fulfilled", value: store.latestTs() });
  });

  test.each(CASES)("in one group, when %s", async (_, reads, writes, conflicts) => {
    const { store, ids } = await storeWithSeats();
    const first = store.begin();
    writes(first, ids);
    const second = store.begin();
    reads(second, ids);
    second.insert("", "halls", {});
    const [firstOutcome, secondOutcome] = await Promise.allSettled([store.commit(first), store.commit(second)]);
    expect(firstOutcome.status).toBe("fulfilled");
    expect(secondOutcome.status).toBe(conflicts ? "rejected" : "fulfilled");
  });

  test("of fifty that take the last seat at once, one gets it, and retries see it taken", async () => {
    const { store, ids } = await storeWithSeats();
    const attempts = Array.from({ length: 50 }, () => {
      const tx = store.begin();
      const seat = JSON.parse(tx.get("", ids[0]) as string) as { taken: boolean };
      expect(seat.taken).toBe(false);
      tx.patch("", ids[0], { taken: true });
      return store.commit(tx);
    });
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
    expect(store.counters.conflicts).toBe(49);
  });

  test("a query without writes never conflicts and ends at the timestamp it began with", async () => {
    const { store, ids } = await storeWithSeats();
    const tx = store.begin();
    tx.get("", ids[0]);
    await commit(store, (other) => other.patch("", ids[0], { taken: true }));
    expect(await store.commit(tx)).toBe(tx.beginTs);
  });

  test("what a rolled-back savepoint read still counts", async () => {
    const { store, ids } = await storeWithSeats();
    const tx = store.begin();
    const savepoint = tx.savepoint();
    tx.get("", ids[0]);
    savepoint.rollback();
    tx.insert("", "halls", {});
    await commit(store, (other) => other.patch("", ids[0], { taken: true }));
    await expect(store.commit(tx)).rejects.toMatchObject({ name: "ConflictError" });
  });

  test("a transaction that straddles a schema change conflicts", async () => {
    const { store } = await storeWithSeats();
    const reader = store.begin();
    const writer = store.begin();
    writer.insert("", "halls", {});
    store.catalog.applySchema("", schema(table("seats", { by_taken: ["taken"] }), table("halls")));
    expect(() => all(reader, scanOf("seats"))).toThrow(expect.objectContaining({ name: "ConflictError" }));
    await expect(store.commit(writer)).rejects.toMatchObject({ name: "ConflictError" });
    reader.close();
  });
});

describe("commit listeners", () => {
  test("are told once per group which read sets it touches, before the commits resolve", async () => {
    const { store, ids } = await storeWithSeats();
    const watched = read(store, (tx) => {
      tx.get("", ids[0]);
      return tx.reads;
    });
    const unrelated = read(store, (tx) => {
      tx.get("", ids[3]);
      return tx.reads;
    });
    const heard: { ts: bigint; touched: boolean[] }[] = [];
    const stop = store.onCommit((event: Commit) => {
      heard.push({ ts: event.ts, touched: [watched, unrelated].map((reads) => event.touches(reads)) });
    });
    const both = [ids[0], ids[1]].map((id) => {
      const tx = store.begin();
      tx.patch("", id, { taken: true });
      return store.commit(tx);
    });
    await both[0];
    expect(heard).toEqual([{ ts: store.latestTs(), touched: [true, false] }]);
    stop();
    await commit(store, (tx) => tx.patch("", ids[3], { taken: true }));
    expect(heard).toHaveLength(1);
  });
});

describe("group commit", () => {
  test("commits asked for in one turn share one SQLite transaction and get rising timestamps", async () => {
    const { store } = await storeWithSeats();
    const { groups, transactions } = { ...store.counters };
    const timestamps = await Promise.all(
      Array.from({ length: 20 }, (_, row) => {
        const tx = store.begin();
        tx.insert("", "seats", { row: 100 + row });
        return store.commit(tx);
      }),
    );
    expect(store.counters).toMatchObject({ groups: groups + 1, transactions: transactions + 20 });
    expect(timestamps.every((ts, index) => index === 0 || ts > (timestamps[index - 1] as bigint))).toBe(true);
    expect(store.latestTs()).toBe(timestamps.at(-1));
  });

  test("when SQLite refuses, every commit of the group is told so, nothing is written, and the next one works", async () => {
    const path = join(await tempFolder(), "convex.sqlite");
    const store = openAt(path);
    const before = await commit(store, (tx) => tx.insert("", "seats", { row: 0 }));
    const intruder = new DatabaseSync(path);
    intruder.exec("BEGIN IMMEDIATE");
    const heard: bigint[] = [];
    store.onCommit((event) => heard.push(event.ts));
    const tsBefore = store.latestTs();
    const group = [1, 2].map((row) => {
      const tx = store.begin();
      tx.insert("", "seats", { row });
      tx.insert("", "unheardOf", { row });
      return store.commit(tx);
    });
    for (const outcome of await Promise.allSettled(group)) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { message: expect.stringMatching(/could not be written.*locked/) },
      });
    }
    expect([store.latestTs(), heard]).toEqual([tsBefore, []]);
    intruder.close();
    await commit(store, (tx) => tx.insert("", "unheardOf", { row: 3 }));
    read(store, (tx) => {
      expect(fieldOf("row", all(tx, scanOf("seats")))).toEqual([0]);
      expect(fieldOf("row", all(tx, scanOf("unheardOf")))).toEqual([3]);
      expect(tx.get("", before)).not.toBeNull();
    });
    store.close();
  });
});
