import type { FunctionReference } from "convex/server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { api, ConvexTestEngine, type Engine, RuntimeEngine } from "./engines.ts";
import type { SchemaPlan } from "./program.ts";

const anything = { kinds: ["null" as const], isAny: true, isOptional: true };
const table = { fields: { x: anything, y: anything, z: anything }, indexes: [["x", "n"]] };
const schema: SchemaPlan = { a: table, b: table };

let engines: Engine[];
beforeAll(async () => {
  engines = [new ConvexTestEngine(), await RuntimeEngine.start()];
});
beforeEach(async () => {
  for (const engine of engines) await engine.begin(schema, { withIndexes: true });
});
afterAll(() => Promise.all(engines.map((engine) => engine.close())));

const { differences } = api;

/** What convex-test and the runtime answer to the same question, after the same rows were inserted. */
async function answers(fn: FunctionReference<"query">, args: object, rows: object[] = []): Promise<unknown[]> {
  const ask = async (engine: Engine) => {
    await engine.mutation(differences.fill, { rows });
    return engine.query(fn, args).catch(() => "error");
  };
  return Promise.all(engines.map(ask));
}

describe("where convex-test differs from Convex, the runtime follows Convex:", () => {
  test("filters compare strings by their UTF-8 bytes, not by UTF-16 units", async () => {
    const rows = [{ x: "\uffff", n: 0 }];
    expect(await answers(differences.below, { limit: "\u{1f600}" }, rows)).toEqual([[], ["\uffff"]]);
  });

  test("filters compare values of different types by the order of types", async () => {
    const rows = [{ x: 5n, n: 0 }];
    expect(await answers(differences.below, { limit: 1 }, rows)).toEqual([[], [5n]]);
  });

  test("filters know the order of zeros and of NaN", async () => {
    const rows = [-0, 1, Number.NaN].map((x) => ({ x, n: 0 }));
    expect(await answers(differences.below, { limit: 0 }, rows)).toEqual([[], [-0]]);
    expect(await answers(differences.below, { limit: Number.NaN })).toEqual([[], [-0, 1]]);
  });

  test("and takes booleans only", async () => {
    expect(await answers(differences.bothOfNumbers, {}, [{ n: 1 }])).toEqual([1, "error"]);
  });

  test("equalities of an index range may come in any order", async () => {
    expect(await answers(differences.backwards, { x: "x", n: 1 }, [{ x: "x", n: 1 }])).toEqual(["error", 1]);
  });

  test("a page that ends with the last row does not know yet that it is the last", async () => {
    expect(await answers(differences.isLastPage, { numItems: 1 }, [{ n: 1 }])).toEqual([true, false]);
  });

  test("an id nobody made is refused, not missing", async () => {
    expect(await answers(differences.inventedId, {})).toEqual([null, "error"]);
  });

  test("an error's data may hold an int64 in a nested call too", async () => {
    const caught = await Promise.all(engines.map((engine) => engine.mutation(differences.caught, {})));
    expect(caught).toEqual(["no data", { missing: 5n }]);
  });

  test("a job that has ended cannot be canceled any more", async () => {
    const canceled = async (engine: Engine) => {
      const job = (await engine.mutation(differences.schedule, {})) as string;
      await engine.settle([job]);
      await engine.mutation(differences.cancel, { job });
      return engine.query(api.programs.jobStates, { program: -1e6, jobs: [job] });
    };
    expect(await Promise.all(engines.map(canceled))).toEqual([["canceled"], ["success"]]);
  });
});
