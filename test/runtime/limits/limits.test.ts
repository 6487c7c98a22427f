import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { SqliteTransaction } from "../../../src/runtime/convex/store/transaction.ts";
import type { Json } from "../../../src/runtime/convex/types.ts";
import { messageOf, TestRuntime, valueOf } from "../functions/runtime.ts";

const MIB = 1024 * 1024;

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await TestRuntime.start(`${import.meta.dirname}/fixtures/convex`);
});
afterAll(() => runtime.close());

/** A string that Convex counts as this many bytes. */
const sized = (bytes: number) => "x".repeat(bytes - 2);
const deep = (levels: number): Json => (levels === 0 ? null : [deep(levels - 1)]);
/** An object with the field `value` takes 2 bytes itself, and 6 for the field's name. */
const OBJECT_BYTES = 8;

describe("arguments", () => {
  test("may have 16 MiB, and not one byte more", async () => {
    const atLimit = { value: sized(16 * MIB - OBJECT_BYTES) };
    const pastLimit = { value: sized(16 * MIB - OBJECT_BYTES + 1) };
    expect(valueOf(runtime.query("limits:take", atLimit))).toBe("taken");
    expect(messageOf(runtime.query("limits:take", pastLimit))).toMatch(/arguments are too large/);
    expect(valueOf(await runtime.action("limits:takeInAction", atLimit))).toBe("taken");
    expect(messageOf(await runtime.action("limits:takeInAction", pastLimit))).toMatch(/arguments are too large/);
  });

  test("may be nested 64 levels deep, and no deeper", () => {
    expect(valueOf(runtime.query("limits:take", { value: deep(63) }))).toBe("taken");
    expect(messageOf(runtime.query("limits:take", { value: deep(64) }))).toMatch(/too nested/);
  });

  test("may hold arrays of 8,192 elements, and no longer ones", () => {
    expect(valueOf(runtime.query("limits:take", { value: new Array(8192).fill(0) }))).toBe("taken");
    expect(messageOf(runtime.query("limits:take", { value: new Array(8193).fill(0) }))).toMatch(/too long/);
  });
});

describe("results", () => {
  test("may have 16 MiB, and not one byte more", async () => {
    expect(valueOf(runtime.query("limits:give", { bytes: 16 * MIB }))).toHaveLength(16 * MIB - 2);
    expect(messageOf(runtime.query("limits:give", { bytes: 16 * MIB + 1 }))).toMatch(/return value is too large/);
    expect(valueOf(await runtime.action("limits:giveFromAction", { bytes: 16 * MIB }))).toHaveLength(16 * MIB - 2);
    const tooLarge = await runtime.action("limits:giveFromAction", { bytes: 16 * MIB + 1 });
    expect(messageOf(tooLarge)).toMatch(/return value is too large/);
  });

  test("may be nested 64 levels deep, and no deeper", () => {
    expect(valueOf(runtime.query("limits:giveDeep", { levels: 64 }))).toEqual(deep(64));
    expect(messageOf(runtime.query("limits:giveDeep", { levels: 65 }))).toMatch(/too nested/);
  });

  test("may hold arrays of 8,192 elements, and no longer ones", () => {
    expect(valueOf(runtime.query("limits:giveLong", { length: 8192 }))).toHaveLength(8192);
    expect(messageOf(runtime.query("limits:giveLong", { length: 8193 }))).toMatch(/too long/);
  });
});

describe("scheduled functions", () => {
  test("may be 1,000 of one mutation, and not one more", async () => {
    expect(valueOf(await runtime.mutation("limits:schedule", { times: 1000 }))).toBe(1000);
    expect(messageOf(await runtime.mutation("limits:schedule", { times: 1001 }))).toMatch(
      /Too many functions scheduled/,
    );
  });

  test("may have 4 MiB of arguments each, more than a document holds, and not one byte more", async () => {
    expect(valueOf(await runtime.mutation("limits:scheduleSized", { sizes: [4 * MIB] }))).toBe(1);
    const past = await runtime.mutation("limits:scheduleSized", { sizes: [4 * MIB + 1] });
    expect(messageOf(past)).toMatch(/arguments of a scheduled function are too large/);
  });

  test("of an action may have 4 MiB of arguments, and not one byte more", async () => {
    expect(valueOf(await runtime.action("limits:scheduleFromAction", { bytes: 4 * MIB }))).toBeNull();
    expect(messageOf(await runtime.action("limits:scheduleFromAction", { bytes: 4 * MIB + 1 }))).toMatch(/too large/);
  });

  test("may have 16 MiB of arguments together, and not one byte more", async () => {
    const sizes = [4, 4, 4, 4].map((mib) => mib * MIB);
    expect(valueOf(await runtime.mutation("limits:scheduleSized", { sizes }))).toBe(4);
    const past = await runtime.mutation("limits:scheduleSized", { sizes: [...sizes, 12] });
    expect(messageOf(past)).toMatch(/Too large total size of the arguments/);
  });

  test("may have arguments nested as deep as any, deeper than a document", async () => {
    expect(valueOf(await runtime.mutation("limits:schedule", { times: 1, value: deep(63) }))).toBe(1);
  });
});

describe("log lines", () => {
  test("are 256 at most, of which the last says that more were left out", () => {
    const atLimit = runtime.query("limits:log", { lines: 255, chars: 1 }).logLines;
    expect([atLimit.length, atLimit[254]]).toEqual([255, "[LOG] 'x'"]);
    const past = runtime.query("limits:log", { lines: 256, chars: 1 }).logLines;
    expect([past.length, past[255]]).toEqual([256, expect.stringMatching(/Log overflow/)]);
  });

  test("are kept whole up to 32,768 bytes, and cut past that", () => {
    // The quotation marks count too.
    expect(runtime.query("limits:log", { lines: 1, chars: 32_766 }).logLines[0]).not.toMatch(/truncated/);
    expect(runtime.query("limits:log", { lines: 1, chars: 32_767 }).logLines[0]).toMatch(/truncated/);
    const kept = `[LOG] '${"ä".repeat(16_383)}`;
    expect(runtime.query("limits:log", { lines: 1, chars: 16_383, char: "ä" }).logLines[0]).toBe(`${kept}'`);
    expect(runtime.query("limits:log", { lines: 1, chars: 16_384, char: "ä" }).logLines[0]).toBe(`${kept} (truncated)`);
  });
});

describe("queries", () => {
  test("may ask for pages of 32,000, and no larger ones", () => {
    expect(valueOf(runtime.query("limits:page", { numItems: 32_000 }))).toBe(0);
    expect(messageOf(runtime.query("limits:page", { numItems: 32_001 }))).toMatch(/Requested too many items/);
    expect(messageOf(runtime.query("limits:page", { numItems: 0 }))).toMatch(/at least 1 document/);
  });

  test("may carry 256 operators, and not one more", () => {
    expect(valueOf(runtime.query("limits:filters", { count: 256 }))).toBe(0);
    expect(messageOf(runtime.query("limits:filters", { count: 257 }))).toMatch(/more than 256/);
  });
});

describe("time", () => {
  afterEach(() => vi.restoreAllMocks());

  test("a function may compute for a second, and no longer", async () => {
    expect(valueOf(await runtime.mutation("limits:compute", { ms: 900 }))).toBeNull();
    expect(messageOf(await runtime.mutation("limits:compute", { ms: 60_000 }))).toMatch(/timed out/);
  });

  test("the second is for all that it calls, too", async () => {
    expect(valueOf(await runtime.mutation("limits:computeNested", { ms: 400, times: 2 }))).toBeNull();
    expect(messageOf(await runtime.mutation("limits:computeNested", { ms: 400, times: 90 }))).toMatch(/timed out/);
  });

  test("the database may take 15 seconds for a function, and no longer", async () => {
    const id = valueOf(await runtime.mutation("limits:insert", { rows: 1 }));
    slowDownReads(1000);
    expect(valueOf(runtime.query("limits:look", { id, times: 14 }))).toBe(14);
    expect(messageOf(runtime.query("limits:look", { id, times: 15 }))).toMatch(/too many system operations/);
  });

  /** Lets each document that is read seem to take this much longer. */
  function slowDownReads(ms: number): void {
    let skippedMs = 0;
    const now = performance.now.bind(performance);
    const get = SqliteTransaction.prototype.get;
    vi.spyOn(performance, "now").mockImplementation(() => now() + skippedMs);
    vi.spyOn(SqliteTransaction.prototype, "get").mockImplementation(function (this: SqliteTransaction, ...args) {
      skippedMs += ms;
      return get.apply(this, args);
    });
  }
});

describe("a call with limits of its own", () => {
  const within = async (path: string, kind: string, callArgs: Json, limits: Json) =>
    valueOf(await runtime.mutation("limits:within", { path, kind, callArgs, limits }));

  test.each([
    ["documentsWritten", 3, /Too many writes/],
    ["bytesWritten", 3 * 76, /Too many bytes written/],
  ])("may use up its %s on top of its caller's, and not one more", async (name, budget, refusal) => {
    const insert = (limit: number) => within("limits:insert", "mutation", { rows: 3 }, { [name]: limit });
    expect(await insert(budget)).not.toMatch(/Too many/);
    expect(await insert(budget - 1)).toMatch(refusal);
  });

  test.each([
    ["functionsScheduled", 2, /Too many functions scheduled/],
    ["scheduledFunctionArgsBytes", 200, /Too large total size/],
  ])("may use up its %s, and not one more", async (name, budget, refusal) => {
    const schedule = (limit: number) =>
      within("limits:scheduleSized", "mutation", { sizes: [100, 100] }, { [name]: limit });
    expect(await schedule(budget)).toBe(2);
    expect(await schedule(budget - 1)).toMatch(refusal);
  });

  test.each(["documentsRead", "bytesRead", "databaseQueries"])("may be allowed no %s at all", async (name) => {
    expect(await within("limits:collect", "query", {}, { [name]: 0 })).toMatch(/Too many/);
  });

  test("is never allowed more than without, and what it wrote counts no more when it fails", async () => {
    expect(await within("limits:insert", "mutation", { rows: 16_000 }, { documentsWritten: 20_000 })).toMatch(
      /Too many writes.*limit: 16000/,
    );
  });
});

describe("actions", () => {
  /** A thread takes its time to start on a busy machine. */
  const STARTING = { timeout: 20_000 };

  afterEach(() => vi.useRealTimers());

  test.each([
    ["limits:waitForEver", 30],
    ["nodeLimits:waitForEver", 10],
  ])("may take their time, and no longer: %s, %d minutes", async (path, minutes) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let hasEnded = false;
    const run = runtime.action(path).finally(() => {
      hasEnded = true;
    });
    await vi.advanceTimersByTimeAsync(minutes * 60_000 - 1);
    expect(hasEnded).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(messageOf(await run)).toBe(`Function execution timed out (maximum duration: ${minutes * 60}s)`);
  });

  test.each([
    ["limits:loopForEver", 30, "limits:takeInAction"],
    ["nodeLimits:loopForEver", 10, "nodeLimits:take"],
  ])("that compute without end are ended too, and hold nothing else up: %s", async (path, minutes, other) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const run = runtime.action(path);
    expect(valueOf(runtime.query("limits:take", { value: 1 }))).toBe("taken");
    await vi.advanceTimersByTimeAsync(minutes * 60_000);
    expect(messageOf(await run)).toMatch(/timed out/);
    expect(valueOf(await runtime.action(other, { value: 1 }))).toBe("taken");
  });

  test("in Node may have 5 MiB of arguments, and not one byte more", async () => {
    const take = (bytes: number) => runtime.action("nodeLimits:take", { value: sized(bytes - OBJECT_BYTES) });
    expect(valueOf(await take(5 * MIB))).toBe("taken");
    expect(messageOf(await take(5 * MIB + 1))).toMatch(/arguments are too large/);
  });

  test("in Node that use up their memory fail, and the next one runs", { timeout: 60_000 }, async () => {
    expect(messageOf(await runtime.action("nodeLimits:hoard"))).toMatch(/memory/);
    expect(valueOf(await runtime.action("nodeLimits:take", { value: 1 }))).toBe("taken");
  });

  test("have 8 requests under way at once, and no more", async () => {
    const held: (() => void)[] = [];
    const server = createServer((_request, response) => held.push(() => response.end()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const run = runtime.action("limits:fetchAll", { urls: new Array(9).fill(url) });
    await vi.waitUntil(() => held.length >= 8, STARTING);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(held).toHaveLength(8);
    held[0]?.();
    await vi.waitUntil(() => held.length === 9);
    for (const answer of held) answer();
    expect(valueOf(await run)).toEqual(new Array(9).fill(200));
    server.close();
  });
});

test("a function may catch the error of a limit", async () => {
  expect(valueOf(await runtime.mutation("limits:caughtTooManyWrites"))).toMatch(/Too many writes/);
});
