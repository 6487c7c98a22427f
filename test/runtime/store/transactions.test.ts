import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SqliteStore } from "../../../src/runtime/convex/store/store.ts";
import type { Savepoint, Transaction } from "../../../src/runtime/convex/types.ts";
import { encodeId } from "../../../src/runtime/convex/values/ids.ts";
import { all, commit, drain, fieldOf, rangeOf, read, scanOf, table, tempStore, where } from "./support.ts";

const notes = table("notes", { by_rank: ["rank"] });
const ranks = (tx: Transaction, order: "asc" | "desc" = "asc") =>
  fieldOf("rank", all(tx, rangeOf("notes.by_rank", [], order)));

describe("a transaction", () => {
  test("sees its own writes before they are committed, and nobody else does", async () => {
    const store = await tempStore(notes);
    const id = await commit(store, (tx) => tx.insert("", "notes", { rank: 1, text: "one" }));
    const tx = store.begin();
    tx.patch("", id, { rank: 3 });
    tx.insert("", "notes", { rank: 2 });
    expect(ranks(tx)).toEqual([2, 3]);
    expect(ranks(tx, "desc")).toEqual([3, 2]);
    expect(JSON.parse(tx.get("", id) as string)).toMatchObject({ rank: 3, text: "one" });
    expect(read(store, (other) => ranks(other))).toEqual([1]);
    tx.close();
    expect(read(store, (other) => ranks(other))).toEqual([1]);
  });

  test("keeps seeing the snapshot it began with while others commit", async () => {
    const store = await tempStore(notes);
    const id = await commit(store, (tx) => tx.insert("", "notes", { rank: 1 }));
    const before = store.begin();
    await commit(store, (tx) => tx.patch("", id, { rank: 2 }));
    await commit(store, (tx) => tx.insert("", "notes", { rank: 3 }));
    expect(ranks(before)).toEqual([1]);
    expect(before.count("", "notes")).toBe(1);
    expect(read(store, (tx) => ranks(tx))).toEqual([2, 3]);
    before.close();
  });

  test("at an earlier timestamp reads what was there then, while somebody holds that snapshot", async () => {
    const store = await tempStore(notes);
    const id = await commit(store, (tx) => tx.insert("", "notes", { rank: 1 }));
    const held = store.begin();
    await commit(store, (tx) => tx.patch("", id, { rank: 2 }));
    const again = store.begin(held.beginTs);
    expect(ranks(again)).toEqual([1]);
    again.close();
    held.close();
    expect(() => store.begin(held.beginTs)).toThrow(RangeError);
  });

  test("patch merges top-level fields and removes those given as undefined; replace drops the others", async () => {
    const store = await tempStore(notes);
    const tx = store.begin();
    const id = tx.insert("", "notes", { rank: 1, a: { x: 1 }, b: 2 });
    const patched = JSON.parse(tx.patch("", id, { a: { y: 1 }, b: { $undefined: null } }));
    expect(patched).toEqual({ _id: id, _creationTime: expect.any(Number), rank: 1, a: { y: 1 } });
    const replaced = JSON.parse(tx.replace("", id, { ...patched, a: "new", rank: 5 }));
    expect(replaced).toEqual({ ...patched, a: "new", rank: 5 });
    tx.close();
  });

  test("system fields cannot be changed or invented", async () => {
    const store = await tempStore(notes);
    const tx = store.begin();
    const id = tx.insert("", "notes", { rank: 1 });
    expect(() => tx.patch("", id, { _creationTime: 5 })).toThrow(/_creationTime/);
    expect(() => tx.replace("", id, { _id: encodeId(10_001, new Uint8Array(16)) })).toThrow(/_id/);
    expect(() => tx.insert("", "notes", { _mine: 1 })).toThrow(/underscore/);
    tx.close();
  });

  test("removing returns the document, after which it is gone for reads, writes and counts", async () => {
    const store = await tempStore(notes);
    const id = await commit(store, (tx) => tx.insert("", "notes", { rank: 7 }));
    const tx = store.begin();
    expect(JSON.parse(tx.remove("", id))).toMatchObject({ _id: id, rank: 7 });
    expect(tx.get("", id)).toBeNull();
    expect(() => tx.remove("", id)).toThrow(/Delete on nonexistent document/);
    expect(() => tx.patch("", id, {})).toThrow(/Update on nonexistent document/);
    expect(tx.count("", "notes")).toBe(0);
    await store.commit(tx);
    expect(read(store, (after) => [after.get("", id), ranks(after), after.count("", "notes")])).toEqual([null, [], 0]);
    expect(store.catalog.count("", "notes")).toBe(0);
  });

  test("a document inserted and removed in one transaction leaves nothing to commit", async () => {
    const store = await tempStore(notes);
    const tx = store.begin();
    tx.remove("", tx.insert("", "notes", { rank: 1 }));
    expect(tx.hasWrites).toBe(false);
    expect(await store.commit(tx)).toBe(tx.beginTs);
  });

  test("ids are checked: of another table, undecodable, of an unknown table", async () => {
    const store = await tempStore(notes, table("users"));
    const tx = store.begin();
    const id = tx.insert("", "users", {});
    expect(() => tx.get("", id, "notes")).toThrow(/expected to be an Id<"notes">, got Id<"users">/);
    expect(() => tx.get("", "abc")).toThrow(/Unable to decode ID/);
    expect(tx.get("", encodeId(12_345, new Uint8Array(16)))).toBeNull();
    expect(tx.normalizeId("", "users", id)).toBe(id);
    expect(tx.normalizeId("", "notes", id)).toBeNull();
    expect(tx.normalizeId("", "notes", "abc")).toBeNull();
    tx.close();
  });

  test("creation times are unique and rise in the order of insertion, also across transactions", async () => {
    const store = await tempStore(notes);
    for (let round = 0; round < 3; round++) {
      await commit(store, (tx) => {
        for (let rank = 0; rank < 50; rank++) tx.insert("", "notes", { rank: round * 50 + rank });
      });
    }
    const documents = read(store, (tx) => all(tx, scanOf("notes")));
    expect(fieldOf("rank", documents)).toEqual(Array.from({ length: 150 }, (_, rank) => rank));
    expect(new Set(documents.map((document) => document._creationTime)).size).toBe(150);
  });

  test("namespaces are worlds of their own", async () => {
    const store = await tempStore(notes);
    const id = await commit(store, (tx) => tx.insert("limiter", "notes", { rank: 9 }));
    read(store, (tx) => {
      expect(tx.count("", "notes")).toBe(0);
      expect(drain(tx.query("limiter", scanOf("notes")))).toHaveLength(1);
      expect(tx.get("", id)).toBeNull();
      expect(tx.get("limiter", id)).not.toBeNull();
    });
  });

  test("after its end it refuses to read, write and commit", async () => {
    const store = await tempStore(notes);
    const tx = store.begin();
    const committed = store.commit(tx);
    await committed;
    expect(() => tx.query("", scanOf("notes"))).toThrow(/ended/);
    expect(() => tx.insert("", "notes", {})).toThrow(/ended/);
    await expect(store.commit(tx)).rejects.toThrow(/ended/);
    tx.close();
  });
});

describe("a savepoint", () => {
  test("rolled back undoes the writes since, keeps those before, and keeps what was read", async () => {
    const store = await tempStore(notes);
    const id = await commit(store, (tx) => tx.insert("", "notes", { rank: 1 }));
    const tx = store.begin();
    tx.patch("", id, { rank: 2 });
    const savepoint = tx.savepoint();
    tx.patch("", id, { rank: 3 });
    tx.insert("", "notes", { rank: 4 });
    tx.query("", rangeOf("notes.by_rank", [where("rank", "Eq", 99)])).next();
    const intervalCount = tx.reads.intervalCount;
    savepoint.rollback();
    expect(ranks(tx)).toEqual([2]);
    expect(tx.count("", "notes")).toBe(1);
    expect(tx.reads.intervalCount).toBeGreaterThanOrEqual(1);
    expect(intervalCount).toBeGreaterThan(1);
    await store.commit(tx);
    expect(read(store, (after) => ranks(after))).toEqual([2]);
  });

  test("nests: an inner release is undone by an outer rollback", async () => {
    const store = await tempStore(notes);
    const tx = store.begin();
    tx.insert("", "notes", { rank: 1 });
    const outer = tx.savepoint();
    tx.insert("", "notes", { rank: 2 });
    const inner = tx.savepoint();
    tx.insert("", "notes", { rank: 3 });
    inner.release();
    expect(ranks(tx)).toEqual([1, 2, 3]);
    outer.rollback();
    expect(ranks(tx)).toEqual([1]);
    tx.close();
  });

  test("rolling back a removal brings the document back", async () => {
    const store = await tempStore(notes);
    const id = await commit(store, (tx) => tx.insert("", "notes", { rank: 1 }));
    const tx = store.begin();
    const savepoint = tx.savepoint();
    tx.remove("", id);
    savepoint.rollback();
    expect(ranks(tx)).toEqual([1]);
    expect(tx.hasWrites).toBe(false);
    tx.close();
  });
});

describe("a stream", () => {
  test("shows the moment it began, whatever the function writes while it reads", async () => {
    const store = await tempStore(notes);
    await commit(store, (tx) => {
      for (let rank = 0; rank < 30; rank++) tx.insert("", "notes", { rank });
    });
    const tx = store.begin();
    const early = tx.insert("", "notes", { rank: 15.5 });
    const stream = tx.query("", rangeOf("notes.by_rank", []));
    const seen: unknown[] = [];
    for (let json = stream.next(); json !== null; json = stream.next()) {
      const { _id, rank } = JSON.parse(json) as { _id: string; rank: number };
      seen.push(rank);
      if (_id !== early) tx.patch("", _id, { rank: rank + 1000 });
      tx.insert("", "notes", { rank: rank + 2000 });
      if (rank === 3) tx.remove("", early);
    }
    expect(seen).toEqual([
      ...Array.from({ length: 16 }, (_, rank) => rank),
      15.5,
      ...Array.from({ length: 14 }, (_, rank) => rank + 16),
    ]);
    tx.close();
  });
});

/** The naive model: documents in a Map, sorted when asked. */
class Model {
  documents = new Map<string, { rank: number; createdAs: number }>();
  inserted = 0;

  ranks(): number[] {
    return [...this.documents.values()]
      .sort((left, right) => left.rank - right.rank || left.createdAs - right.createdAs)
      .map((document) => document.rank);
  }

  copy(): Model {
    const copy = new Model();
    copy.documents = new Map(this.documents);
    copy.inserted = this.inserted;
    return copy;
  }
}

type Step =
  | { kind: "insert"; rank: number }
  | { kind: "patch" | "remove"; pick: number; rank: number }
  | { kind: "savepoint" | "rollback" | "commit" | "abandon" };

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("insert" as const), rank: fc.nat(5) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom("patch" as const, "remove" as const),
        pick: fc.nat(),
        rank: fc.nat(5),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom("savepoint" as const, "rollback" as const, "commit" as const, "abandon" as const),
      }),
    },
  ),
  { maxLength: 40 },
);

/** What a transaction can see of its table. */
function viewOf(tx: Transaction) {
  return { ascending: ranks(tx), descending: ranks(tx, "desc"), count: tx.count("", "notes") };
}

function expectedView(model: Model): ReturnType<typeof viewOf> {
  const ascending = model.ranks();
  return { ascending, descending: ascending.toReversed(), count: ascending.length };
}

/** A store and the model side by side, taking the same steps. */
class Run {
  readonly #store: SqliteStore;
  #tx: Transaction;
  #committed = new Model();
  #model = new Model();
  #savepoints: { savepoint: Savepoint; model: Model }[] = [];

  constructor(store: SqliteStore) {
    this.#store = store;
    this.#tx = store.begin();
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case "insert":
        return this.#insert(step.rank);
      case "patch":
      case "remove":
        return this.#change(step);
      case "savepoint":
        this.#savepoints.push({ savepoint: this.#tx.savepoint(), model: this.#model.copy() });
        return;
      case "rollback":
        return this.#rollback();
      default:
        return this.#end(step.kind);
    }
  }

  views() {
    return { seen: viewOf(this.#tx), expected: expectedView(this.#model) };
  }

  close(): void {
    this.#tx.close();
  }

  #insert(rank: number): void {
    this.#model.documents.set(this.#tx.insert("", "notes", { rank }), { rank, createdAs: this.#model.inserted++ });
  }

  #change({ kind, pick, rank }: Extract<Step, { kind: "patch" | "remove" }>): void {
    const { documents } = this.#model;
    const [id, known] = [...documents][pick % Math.max(1, documents.size)] ?? [];
    if (id === undefined || !known) return;
    if (kind === "patch") this.#tx.patch("", id, { rank });
    else this.#tx.remove("", id);
    if (kind === "patch") documents.set(id, { ...known, rank });
    else documents.delete(id);
  }

  #rollback(): void {
    const last = this.#savepoints.pop();
    last?.savepoint.rollback();
    if (last) this.#model = Object.assign(last.model, { inserted: this.#model.inserted });
  }

  async #end(kind: "commit" | "abandon"): Promise<void> {
    if (kind === "commit") await this.#store.commit(this.#tx);
    else this.#tx.close();
    if (kind === "commit") this.#committed = this.#model.copy();
    this.#model = Object.assign(this.#committed.copy(), { inserted: this.#model.inserted });
    this.#savepoints = [];
    this.#tx = this.#store.begin();
  }
}

describe("against a naive model", () => {
  test("any sequence of writes, savepoints, commits and rollbacks reads the same, in both directions", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        const store = await tempStore(notes);
        const run = new Run(store);
        for (const step of program) {
          await run.take(step);
          const { seen, expected } = run.views();
          expect(seen).toEqual(expected);
        }
        run.close();
        store.close();
      }),
      { numRuns: 60 },
    );
  });
});
