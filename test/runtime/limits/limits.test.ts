import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
    expect(messageOf(past)).toMatch(/Too large total size of the arguments/);
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

test("a function may compute for a second, and no longer", async () => {
  expect(valueOf(await runtime.mutation("limits:compute", { ms: 900 }))).toBeNull();
  expect(messageOf(await runtime.mutation("limits:compute", { ms: 60_000 }))).toMatch(/timed out/);
});

test("a function may catch the error of a limit", async () => {
  expect(valueOf(await runtime.mutation("limits:caughtTooManyWrites"))).toMatch(/Too many writes/);
});
