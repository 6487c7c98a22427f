import { afterAll, beforeAll, expect, test } from "vitest";
import { messageOf, TestRuntime, valueOf } from "./runtime.ts";

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await TestRuntime.start();
});
afterAll(() => runtime.close());

const add = (text: string) => runtime.mutation("notes:add", { text });
const notes = () => valueOf(runtime.query("notes:list"));

test("of mutations that begin together, an endless one is cut off alone", async () => {
  const endless = "forbidden:endlessAfterWrite";
  const [before, cutOff, after] = await Promise.all([add("before"), runtime.mutation(endless), add("after")]);
  expect(messageOf(cutOff)).toBe("Function execution timed out (maximum duration: 1s)");
  expect([before, after].map(({ outcome }) => outcome.ok)).toEqual([true, true]);
  expect(notes()).toEqual(["after", "before"]);
});

test("a fault of the runtime itself is thrown to the one whose mutation it met", async () => {
  const call = { component: "", path: "notes:add", identity: { kind: "none" }, visibility: "any" } as const;
  const closed = runtime.store.begin();
  closed.close();
  const faulty = runtime.runner.runMutation(closed, { ...call, args: { text: "into nowhere" } });
  const [met, unharmed] = await Promise.allSettled([faulty, add("beside it")]);
  expect([met.status, unharmed.status]).toEqual(["rejected", "fulfilled"]);
  expect(notes()).toContain("beside it");
});

test("mutations that begin together and call others each get their own answers", async () => {
  const depths = [2, 1, 3];
  const executions = await Promise.all(depths.map((depth) => runtime.mutation("nesting:deeper", { depth })));
  expect(executions.map(valueOf)).toEqual(depths);
});

test("an error that is nobody's while mutations run together is blamed on its own", async () => {
  const [stray, unharmed] = await Promise.all([runtime.mutation("forbidden:unhandled"), add("not to blame")]);
  expect(messageOf(stray)).toContain("nobody saw me");
  expect(unharmed.outcome.ok).toBe(true);
});
