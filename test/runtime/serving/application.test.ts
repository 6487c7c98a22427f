import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MovableClock } from "../../../src/runtime/clock.ts";
import { Application } from "../../../src/runtime/convex/application.ts";
import { FunctionLog } from "../../../src/runtime/convex/functionLog.ts";
import { Metrics } from "../../../src/runtime/convex/metrics.ts";
import { Slots } from "../../../src/runtime/convex/slots.ts";
import { openStore } from "../../../src/runtime/convex/store/store.ts";
import type { Execution, FunctionCall, FunctionRunner, Store, Transaction } from "../../../src/runtime/convex/types.ts";

let dir: string;
let store: Store;
let mutate: (tx: Transaction) => unknown;
let application: Application;
let runs: number;
/** What queries answer. */
let answer: string;

/** Ends the actions that run. */
let endActions: () => void;

/**
 * A runner whose one mutation is `mutate`, whose queries give `answer`, and whose actions run until they are ended; the
 * store below it is real.
 */
const runner = {
  deployment: {
    find: (_component: string, path: string) => ({
      kind: "action",
      environment: path === "inNode" ? "node" : "isolate",
    }),
  },
  async runAction() {
    runs += 1;
    const end = endActions;
    await new Promise<void>((resolve) => {
      endActions = () => {
        end();
        resolve();
      };
    });
    return { outcome: { ok: true, value: "null" }, logLines: [] };
  },
  runQuery(): Execution {
    runs += 1;
    const untouched = { logLines: [], journal: null, readIdentity: false, readTime: false, userTimeMs: 0 };
    return { outcome: { ok: true, value: JSON.stringify(answer) }, ...untouched };
  },
  runMutation(tx: Transaction): Execution {
    runs += 1;
    const value = JSON.stringify(mutate(tx) ?? null);
    const untouched = { logLines: [], journal: null, readIdentity: false, readTime: false, userTimeMs: 0 };
    return { outcome: { ok: true, value }, ...untouched };
  },
} as unknown as FunctionRunner;

const call: FunctionCall = { component: "", path: "a:b", args: {}, identity: { kind: "none" }, visibility: "public" };

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "noruxa-application-"));
  const clock = new MovableClock();
  store = openStore({ path: path.join(dir, "db.sqlite3"), clock });
  store.catalog.applySchema("", null);
  runs = 0;
  endActions = () => {};
  application = new Application({
    store,
    runner,
    clock,
    metrics: new Metrics(),
    functionLog: new FunctionLog(),
    log: () => {},
    newRequestId: () => "r",
    random: () => 0,
  });
});
afterEach(async () => {
  await application.close();
  store.close();
  await rm(dir, { recursive: true });
});

/** Reads the whole table, then lets somebody else write to it before this mutation commits. */
function readAndLose(tx: Transaction): void {
  const source = { type: "FullTableScan", tableName: "rows", order: "asc" } as const;
  const stream = tx.query("", { source, operators: [] });
  while (stream.next() !== null);
  stream.close();
  tx.insert("", "rows", { mine: true });
  const other = store.begin();
  other.insert("", "rows", { mine: false });
  void store.commit(other);
}

describe("a mutation", () => {
  test("that conflicts is run again, and commits as soon as it does not", async () => {
    mutate = (tx) => (runs < 3 ? readAndLose(tx) : tx.insert("", "rows", { mine: true }));
    await expect(application.mutation(call)).resolves.toMatchObject({ outcome: { ok: true } });
    expect(runs).toBe(3);
    expect(application.metrics.snapshot().totals).toMatchObject({ calls: 1, conflicts: 2 });
  });

  test("that conflicts each time is given up after 4 retries", async () => {
    mutate = readAndLose;
    const code = "OptimisticConcurrencyControlFailure";
    await expect(application.mutation(call)).rejects.toMatchObject({ kind: "conflict", code });
    expect(runs).toBe(5);
  });

  test("is answered from its record when it is sent again, also when the answer is larger than a document", async () => {
    const large = "ä".repeat(1_500_000);
    mutate = (tx) => {
      tx.insert("", "rows", {});
      return large;
    };
    const session = { sessionId: "s", requestId: 1 };
    const first = await application.mutation(call, session);
    const second = await application.mutation(call, session);
    expect(runs).toBe(1);
    expect(second.outcome).toEqual(first.outcome);
    expect(store.catalog.count("", "rows")).toBe(1);
  });

  test("begins with all that are asked for in one turn of the event loop, and commits with them", async () => {
    const begun = new Set<bigint>();
    mutate = (tx) => {
      begun.add(tx.beginTs);
      tx.insert("", "rows", { mine: true });
    };
    await Promise.all([1, 2, 3].map(() => application.mutation(call)));
    expect({ runs, snapshots: begun.size }).toEqual({ runs: 3, snapshots: 1 });
    expect(application.metrics.snapshot()).toMatchObject({ commits: 3, commitGroups: 1 });
  });

  test("sent twice at once happens once", async () => {
    mutate = (tx) => tx.insert("", "rows", {});
    const session = { sessionId: "s", requestId: 2 };
    const [one, two] = await Promise.all([application.mutation(call, session), application.mutation(call, session)]);
    expect(one.outcome).toEqual(two.outcome);
    expect(store.catalog.count("", "rows")).toBe(1);
  });
});

describe("a query", () => {
  test("of an action is remembered unless it is long: the pages of an archive displace nothing", async () => {
    answer = "short";
    for (let times = 1; times <= 3; times++) await application.actionHost.query(call);
    expect(runs).toBe(1);
    const other = { ...call, path: "a:page" };
    answer = "long".repeat(10_000);
    for (let times = 1; times <= 3; times++) await application.actionHost.query(other);
    expect(runs).toBe(4);
    // What people look at is remembered whatever its length, and found by actions too.
    application.query(other);
    await application.actionHost.query(other);
    expect(runs).toBe(5);
  });
});

describe("actions", () => {
  afterEach(() => vi.useRealTimers());

  test("run 64 at once in isolates, and as many in Node; one more waits for 10 seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const start = (count: number, path: string) =>
      Array.from({ length: count }, () => application.action({ ...call, path }));
    const running = [...start(64, "inIsolate"), ...start(64, "inNode")];
    const [late] = start(1, "inIsolate");
    const refusal = late?.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(runs).toBe(128);
    await vi.advanceTimersByTimeAsync(1);
    expect(await refusal).toMatchObject({ code: "TooManyConcurrentRequests" });
    const [next] = start(1, "inIsolate");
    endActions();
    await Promise.all(running);
    endActions();
    await expect(next).resolves.toMatchObject({ outcome: { ok: true } });
    expect(runs).toBe(129);
  });
});

describe("slots", () => {
  test("let as many in as there are, and the next when one leaves", async () => {
    const slots = new Slots(1);
    const release = await slots.acquire(null);
    const waiting = slots.acquire(null);
    let isIn = false;
    void waiting.then(() => {
      isIn = true;
    });
    await Promise.resolve();
    expect(isIn).toBe(false);
    release();
    release();
    await waiting;
    await expect(slots.acquire(10)).rejects.toMatchObject({ code: "TooManyConcurrentRequests" });
  });

  test("forget those who gave up waiting", async () => {
    const slots = new Slots(1);
    const release = await slots.acquire(null);
    await expect(slots.acquire(10)).rejects.toThrow(/Too many actions/);
    release();
    await expect(slots.acquire(10)).resolves.toBeTypeOf("function");
  });
});
