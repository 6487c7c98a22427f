import path from "node:path";
import { type ApiFromModules, anyApi } from "convex/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_KEY, startRuntime, type TestRuntime, until } from "../serving/support.ts";
import type * as limits from "./fixtures/convex/limits.ts";
import type * as notes from "./fixtures/convex/notes.ts";
import type * as pulseCount from "./fixtures/convex/pulseCount.ts";
import type * as work from "./fixtures/convex/work.ts";

const api = anyApi as unknown as ApiFromModules<{
  limits: typeof limits;
  notes: typeof notes;
  pulseCount: typeof pulseCount;
  work: typeof work;
}>;

let runtime: TestRuntime;

beforeAll(async () => {
  runtime = await startRuntime({ convexDir: path.join(import.meta.dirname, "fixtures/convex"), env: {} });
});
afterAll(() => runtime.close());

async function asAdmin(call: { path: string; args: object; componentPath?: string }): Promise<unknown> {
  const response = await fetch(`${runtime.apiUrl}/api/function`, {
    method: "POST",
    headers: { authorization: `Convex ${ADMIN_KEY}`, "content-type": "application/json" },
    body: JSON.stringify(call),
  });
  const answer = (await response.json()) as { value?: unknown; errorMessage?: string };
  if (answer.errorMessage) throw new Error(answer.errorMessage);
  return answer.value;
}

function countIn(component: string, table: string): number {
  return runtime.store.catalog.count(component, table);
}

describe("the work pool", () => {
  test("runs actions, retries those that fail, and reports each through its function handle", async () => {
    await runtime.http().mutation(api.work.begin, { failures: [0, 1, 2, 9] });
    const results = await until(
      () => runtime.http().query(api.work.results, {}),
      (all) => all.length === 4,
    );
    expect(results).toEqual(["0 success", "1 success", "2 success", "3 failed"]);
    // One, then one more for each failure, and three at most.
    expect(await runtime.http().query(api.work.attempts, {})).toBe(1 + 2 + 3 + 3);
  }, 60_000);

  test("keeps its work in tables of its own: a second installation shares none of them", async () => {
    expect(countIn("pool", "globals") + countIn("pool", "internalState")).toBeGreaterThan(0);
    expect(countIn("otherPool", "globals") + countIn("otherPool", "internalState")).toBe(0);
    expect(runtime.store.catalog.tableNames("")).toEqual(["attempts", "results", "notes"]);
  });
});

describe("the migrations component", () => {
  test("goes through a table in batches, calling back through a function handle, and remembers it", async () => {
    await runtime.http().mutation(api.notes.add, { count: 35 });
    await asAdmin({ path: "notes:run", args: { fn: "notes:setLength" } });
    await until(
      () => runtime.http().query(api.notes.migrated, {}),
      (count) => count === 35,
    );
    expect(countIn("migrations", "migrations")).toBe(1);
    await runtime.http().mutation(api.notes.add, { count: 1 });
    await asAdmin({ path: "notes:run", args: { fn: "notes:setLength" } });
    expect(await runtime.http().query(api.notes.migrated, {})).toBe(35);
  }, 60_000);
});

test("the rate limiter lets through what its window allows", async () => {
  const knock = () => runtime.http().mutation(api.limits.knock, {});
  expect([await knock(), await knock(), await knock()]).toEqual([true, true, false]);
  runtime.clock.advance(61_000);
  expect(await knock()).toBe(true);
});

test("a component's cron jobs run, on the component's own tables", async () => {
  const before = await runtime.http().query(api.pulseCount.beats, {});
  runtime.clock.advance(61_000);
  const after = await until(
    () => runtime.http().query(api.pulseCount.beats, {}),
    (beats) => beats > before,
  );
  expect(countIn("pulse", "beats")).toBe(after);
});
