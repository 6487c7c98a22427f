import vm from "node:vm";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { HomePool } from "../../../src/runtime/convex/functions/homePool.ts";
import { IsolateFactory } from "../../../src/runtime/convex/functions/isolate.ts";
import { TestRuntime, valueOf } from "../functions/runtime.ts";
import { applyChange, arbitraryChanges, describeWorld } from "./world.ts";

let runtime: TestRuntime;
let inNewContext: ReturnType<typeof look>;
beforeAll(async () => {
  runtime = await TestRuntime.start(`${import.meta.dirname}/fixtures/convex`);
  inNewContext = look();
});
afterAll(() => runtime.close());
afterEach(() => vi.restoreAllMocks());

const CALLS = 8;

/** Left in objects, so that the context is not used again. */
const SHOWN = [
  ..."global hiddenGlobal deletedGlobal prototype generatorPrototype getter order replacedMethod markedMethod".split(
    " ",
  ),
  ..."otherPrototype frozen environment lazyClass evaluated generated stackTraces pending".split(" "),
];
/** Left where no object shows it, and forgotten. */
const FORGOTTEN = ["nothing", "consoleTimer", "mark", "match", "moduleState"];

const look = () => {
  const execution = runtime.query("traces:found");
  return { found: valueOf(execution), logLines: execution.logLines };
};
const leaveInQuery = (name: string) => valueOf(runtime.query("traces:leaveInQuery", { name }));
const leaveInMutation = async (name: string) => valueOf(await runtime.mutation("traces:leaveInMutation", { name }));

describe("what an execution leaves behind", () => {
  test.each([...SHOWN, ...FORGOTTEN])("is not found by the next: %s", async (name) => {
    leaveInQuery(name);
    expect(look()).toEqual(inNewContext);
    await leaveInMutation(name);
    expect(look()).toEqual(inNewContext);
  });

  test.each(SHOWN)("is not found by what it calls meanwhile: %s", (name) => {
    expect(valueOf(runtime.query("traces:foundWithin", { name }))).toEqual(inNewContext.found);
  });

  test("is all of what the fixture can leave", () => {
    expect((valueOf(runtime.query("traces:names")) as string[]).toSorted()).toEqual(
      [...SHOWN, ...FORGOTTEN].toSorted(),
    );
  });
});

describe("contexts", () => {
  /** How many are made by calls one after another, after a first one in a new deployment. */
  async function contextsMadeBy(call: () => unknown): Promise<number> {
    await runtime.deploy();
    await call();
    const making = vi.spyOn(vm, "createContext");
    for (let done = 0; done < CALLS; done += 1) await call();
    return making.mock.calls.length;
  }

  test.each(FORGOTTEN)("are used again by executions that leave no trace: %s", async (name) => {
    expect(await contextsMadeBy(() => leaveInQuery(name))).toBe(0);
  });

  test("are used again by mutations", async () => {
    expect(await contextsMadeBy(() => leaveInMutation("nothing"))).toBe(0);
  });

  test("are used again by mutations that are asked for at once", async () => {
    expect(await contextsMadeBy(() => Promise.all([1, 2, 3].map(() => leaveInMutation("nothing"))))).toBe(0);
  });

  test("are used again by calls within calls", async () => {
    const leaveWithin = () => valueOf(runtime.query("traces:leaveWithin", { name: "nothing" }));
    expect(await contextsMadeBy(leaveWithin)).toBe(0);
  });

  test.each(SHOWN)("are made anew for each execution that leaves one: %s", async (name) => {
    expect(await contextsMadeBy(() => leaveInQuery(name))).toBe(CALLS);
  });

  test("are thrown away where an execution failed", async () => {
    expect(await contextsMadeBy(() => runtime.query("kept:failing"))).toBe(CALLS);
  });
});

test("whatever was changed in a context, the next one handed out is like one that was just made", async () => {
  const isolates = await IsolateFactory.create();
  const fresh = describeWorld(new HomePool(isolates).take().context, isolates.lentObjects);
  fc.assert(
    fc.property(arbitraryChanges(fresh.length), (changes) => {
      const pool = new HomePool(isolates);
      const home = pool.take();
      for (const change of changes) applyChange(home.context, isolates.lentObjects, change);
      const isUnchanged = describeWorld(home.context, isolates.lentObjects).join("\n") === fresh.join("\n");
      pool.giveBack(home);
      const next = pool.take();
      expect(next === home).toBe(isUnchanged);
      expect(describeWorld(next.context, isolates.lentObjects)).toEqual(fresh);
    }),
    { numRuns: 30 },
  );
});
