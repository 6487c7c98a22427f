import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { messageOf, TestRuntime, valueOf } from "../functions/runtime.ts";

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await TestRuntime.start(`${import.meta.dirname}/fixtures/convex`);
});
afterAll(() => runtime.close());

/** A deploy begins with nothing kept. */
beforeEach(() => runtime.deploy());

interface Told {
  count: number;
  random: number;
  nowMs: number;
}

const query = (name = "inQuery") => valueOf(runtime.query(`kept:${name}`)) as unknown as Told;
const mutation = async () => valueOf(await runtime.mutation("kept:inMutation")) as unknown as Told;

test("a module that exports `experimental_reuseContext` meets what its queries and mutations left behind", async () => {
  expect(query().count).toBe(1);
  expect((await mutation()).count).toBe(2);
  expect(query().count).toBe(3);
});

test("mutations that are asked for at once meet one another's context too", async () => {
  const told = await Promise.all([mutation(), mutation(), mutation()]);
  expect(told.map(({ count }) => count)).toEqual([1, 2, 3]);
});

test("only `true` keeps a context", () => {
  expect([1, 2].map(() => valueOf(runtime.query("keptByOne:counted")))).toEqual([1, 1]);
});

test("chance and time are those of the execution, not of the context", () => {
  const before = query();
  runtime.clock.advance(60_000);
  const after = query();
  expect(after.random).not.toBe(before.random);
  expect(after.nowMs - before.nowMs).toBeGreaterThanOrEqual(60_000);
});

test("a context in which an execution failed is not used again", () => {
  query();
  expect(messageOf(runtime.query("kept:failing"))).toContain("Failed at 2");
  expect(query().count).toBe(1);
});

test("a promise that was rejected without a handler fails its own execution, and the context ends with it", () => {
  query();
  expect(messageOf(runtime.query("kept:rejecting"))).toContain("Nobody listens");
  expect(query().count).toBe(1);
});

test("a call from within the module finds the context in use and gets a new one; that of the caller is kept", () => {
  query();
  expect(query("nesting")).toEqual({ outer: 2, inner: 1 });
  expect(query().count).toBe(3);
});

test("a deploy begins with a new context", async () => {
  query();
  await runtime.deploy();
  expect(query().count).toBe(1);
});
