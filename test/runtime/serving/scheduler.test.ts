import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api, startRuntime, type TestRuntime, until } from "./support.ts";

let runtime: TestRuntime;

beforeAll(async () => {
  runtime = await startRuntime();
});
afterAll(() => runtime.close());

const HOUR_MS = 3_600_000;
type Target = (typeof api.jobs.schedule)["_args"]["target"];

function schedule(target: Target, name: string, delayMs = 0) {
  return runtime.http().mutation(api.jobs.schedule, { target, name, delayMs });
}

const runsOf = (name: string) => runtime.http().query(api.jobs.runsOf, { name });
const stateOf = (id: string) => runtime.http().query(api.jobs.state, { id: id as never });

describe("scheduled mutations", () => {
  test("run at once when they are due, for nobody, and are finished in the same commit", async () => {
    const id = await schedule("record", "now");
    await until(
      () => stateOf(id),
      (state) => state === "success",
    );
    expect(await runsOf("now")).toEqual([null]);
  });

  test("wait for their time by the shared clock", async () => {
    const id = await schedule("record", "later", HOUR_MS);
    runtime.clock.advance(HOUR_MS - 60_000);
    expect(await stateOf(id)).toBe("pending");
    runtime.clock.advance(60_000);
    await until(
      () => stateOf(id),
      (state) => state === "success",
    );
    expect(await runsOf("later")).toHaveLength(1);
  });

  test("scheduled for an earlier time than those waiting run first", async () => {
    const late = await schedule("record", "late", 20 * HOUR_MS);
    const early = await schedule("record", "early", 10 * HOUR_MS);
    runtime.clock.advance(10 * HOUR_MS);
    await until(
      () => stateOf(early),
      (state) => state === "success",
    );
    expect(await stateOf(late)).toBe("pending");
  });

  test("that fail are done, with nothing written but the failure", async () => {
    const id = await schedule("recordThenFail", "failing");
    await until(
      () => stateOf(id),
      (state) => state === "failed",
    );
    expect(await runsOf("failing")).toEqual([]);
  });

  test("of a mutation that fails do not exist", async () => {
    const name = "rolledBack";
    await expect(runtime.http().mutation(api.jobs.scheduleThenFail, { name })).rejects.toThrow(/must not exist/);
    const id = await schedule("record", "marker");
    await until(
      () => stateOf(id),
      (state) => state === "success",
    );
    expect(await runsOf(name)).toEqual([]);
  });

  test("that conflict with one another all happen, each once", async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => schedule("contend", "contended")));
    for (const id of ids)
      await until(
        () => stateOf(id),
        (state) => state === "success",
      );
    const sizes = (await runsOf("contended")).map(Number);
    expect(sizes.sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });

  test("can be cancelled until they run", async () => {
    const id = await schedule("record", "cancelled", HOUR_MS);
    await runtime.http().mutation(api.jobs.cancel, { id: id as never });
    runtime.clock.advance(2 * HOUR_MS);
    const marker = await schedule("record", "marker");
    await until(
      () => stateOf(marker),
      (state) => state === "success",
    );
    expect(await stateOf(id)).toBe("canceled");
    expect(await runsOf("cancelled")).toEqual([]);
  });

  test("are forgotten 7 days after they ended", async () => {
    const id = await schedule("record", "forgotten");
    await until(
      () => stateOf(id),
      (state) => state === "success",
    );
    runtime.clock.advance(6 * 24 * HOUR_MS);
    expect(await stateOf(id)).toBe("success");
    runtime.clock.advance(2 * 24 * HOUR_MS);
    await until(
      () => stateOf(id),
      (state) => state === null,
    );
  });
});

describe("scheduled actions", () => {
  test("run, and may write through mutations", async () => {
    const id = await schedule("recordFromAction", "action");
    await until(
      () => stateOf(id),
      (state) => state === "success",
    );
    expect(await runsOf("action")).toEqual([null]);
  });

  test("can be scheduled by actions", async () => {
    const client = runtime.client();
    const id = await client.action(api.jobs.scheduleFromAction, { name: "byAction", delayMs: 0 });
    await until(
      () => stateOf(id),
      (state) => state === "success",
    );
    expect(await runsOf("byAction")).toEqual([null]);
  });

  test("that were cancelled run to their end, but what they schedule does not run", async () => {
    const id = await schedule("scheduleWhenTold", "told");
    await until(
      () => runsOf("told"),
      (runs) => runs.length === 1,
    );
    await runtime.http().mutation(api.jobs.cancel, { id: id as never });
    await schedule("record", "told: go on");
    const children = await until(
      () => runsOf("told: ids"),
      (ids) => ids.length === 2,
    );
    expect(await Promise.all(children.map((child) => stateOf(String(child))))).toEqual(["canceled", "canceled"]);
    expect(await runsOf("told: child")).toEqual([]);
    expect(await stateOf(id)).toBe("canceled");
  });
});

test("answers kept for repeated requests are forgotten after two weeks", async () => {
  const kept = () => runtime.store.catalog.count("", "_session_requests");
  await runtime.client().mutation(api.counters.nothing, {});
  expect(kept()).toBeGreaterThan(0);
  runtime.clock.advance(13 * 24 * HOUR_MS);
  const marker = await schedule("record", "marker");
  await until(
    () => stateOf(marker),
    (state) => state === "success",
  );
  expect(kept()).toBeGreaterThan(0);
  runtime.clock.advance(2 * 24 * HOUR_MS);
  expect(await until(kept, (count) => count === 0)).toBe(0);
});
