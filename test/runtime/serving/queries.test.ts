import { BaseConvexClient, ConvexClient, ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFlakyProxy } from "./flakyProxy.ts";
import { api, startRuntime, type TestRuntime, until } from "./support.ts";

let runtime: TestRuntime;

beforeAll(async () => {
  runtime = await startRuntime();
});
afterAll(() => runtime.close());

function send(channel: string, body: string) {
  return runtime.http().mutation(api.messages.send, { channel, body });
}

describe("live queries", () => {
  test("see what another client writes, and only what touches them", async () => {
    const seen: string[][] = [];
    runtime.client().onUpdate(api.messages.list, { channel: "live" }, (list) => seen.push(list));
    await until(
      () => seen.length,
      (count) => count === 1,
    );
    await send("elsewhere", "x");
    await send("live", "hi");
    await until(
      () => seen.length,
      (count) => count === 2,
    );
    expect(seen).toEqual([[], ["hi"]]);
  });

  test("are run once for all the sockets that follow them", async () => {
    const channel = "shared";
    const seen = [0, 0, 0];
    seen.forEach((_, index) =>
      runtime.client().onUpdate(api.messages.list, { channel }, () => {
        seen[index] = (seen[index] ?? 0) + 1;
      }),
    );
    await until(
      () => seen,
      (counts) => counts.every((count) => count === 1),
    );
    const before = (await runtime.metrics()).functions["messages:list"];
    await send(channel, "to all");
    await until(
      () => seen,
      (counts) => counts.every((count) => count === 2),
    );
    const after = (await runtime.metrics()).functions["messages:list"];
    expect((after?.calls ?? 0) - (before?.calls ?? 0)).toBe(3);
    expect((after?.cachedCalls ?? 0) - (before?.cachedCalls ?? 0)).toBe(2);
  });

  test("of one client change together: no update shows one commit in half of them", async () => {
    const sums = new Set<number>();
    let updates = 0;
    const client = new BaseConvexClient(runtime.apiUrl, () => check(), { logger: false });
    for (const name of ["left", "right"]) client.subscribe("counters:get", { name });
    const check = () => {
      const [left, right] = ["left", "right"].map((name) => client.localQueryResult("counters:get", { name }));
      if (typeof left !== "number" || typeof right !== "number") return;
      updates += 1;
      sums.add(left + right);
    };
    await until(
      () => updates,
      (count) => count === 1,
    );
    const writers = [runtime.client(), runtime.client()];
    const transfers = Array.from({ length: 30 }, (_, index) =>
      writers[index % 2]?.mutation(api.counters.transfer, { from: "left", to: "right" }),
    );
    await Promise.all(transfers);
    await until(
      () => client.localQueryResult("counters:get", { name: "right" }),
      (right) => right === 30,
    );
    expect(updates).toBeGreaterThan(3);
    expect([...sums]).toEqual([0]);
    await client.close();
  });

  test("that fail tell the client, and recover when the data does", async () => {
    const errors: Error[] = [];
    runtime.client().onUpdate(
      api.messages.fail,
      {},
      () => {},
      (error) => errors.push(error),
    );
    await until(
      () => errors.length,
      (count) => count === 1,
    );
    expect(errors[0]?.message).toMatch(/\[CONVEX Q\(messages:fail\)\] \[Request ID: \w+\] Server Error/);
  });

  test("that read the clock are not run again because it moved", async () => {
    const seen: number[] = [];
    runtime.client().onUpdate(api.values.now, {}, (nowMs) => seen.push(nowMs));
    await until(
      () => seen.length,
      (count) => count === 1,
    );
    runtime.clock.advance(60_000);
    await send("clock", "tick");
    const later = await runtime.http().query(api.values.now, {});
    expect(later - (seen[0] ?? 0)).toBeGreaterThanOrEqual(60_000);
    expect(seen).toHaveLength(1);
  });
});

describe("pages", () => {
  const first = { numItems: 2, cursor: null };

  test("keep their end when rows arrive before it, so that no row shows twice", async () => {
    const channel = "pages";
    for (const body of ["a", "b", "c", "d"]) await send(channel, body);
    const { page, continueCursor } = await runtime.http().query(api.messages.page, { channel, paginationOpts: first });
    expect(page.map(({ body }) => body)).toEqual(["a", "b"]);
    const rest = { numItems: 2, cursor: continueCursor };
    const next = await runtime.http().query(api.messages.page, { channel, paginationOpts: rest });
    expect(next.page.map(({ body }) => body)).toEqual(["c", "d"]);
    expect(next.isDone).toBe(false);
  });

  test("of live queries keep their end when rows arrive behind it, also after a new connection", async () => {
    const channel = "growing";
    for (const body of ["a", "b", "c"]) await send(channel, body);
    const proxy = await startFlakyProxy(runtime.apiUrl);
    const client = new ConvexClient(proxy.url, { logger: false });
    const seen: string[][] = [];
    const show = ({ page }: { page: { body: string }[] }) => seen.push(page.map(({ body }) => body));
    client.onUpdate(api.messages.page, { channel, paginationOpts: { numItems: 3, cursor: null } }, show);
    await until(
      () => seen.length,
      (count) => count === 1,
    );
    await send(channel, "d");
    for (const isConnected of [true, false]) {
      if (!isConnected) proxy.cut();
      const before = seen.length;
      await runtime.http().mutation(api.messages.removeFirst, { channel });
      await until(
        () => seen.length,
        (count) => count > before,
      );
    }
    expect(seen).toEqual([["a", "b", "c"], ["b", "c"], ["c"]]);
    await client.close();
    await proxy.close();
  });
});

describe("the cache", () => {
  test("answers again without running, until a commit touches what was read", async () => {
    const http = runtime.http();
    const calls = async () => {
      const { calls = 0, cachedCalls = 0 } = (await runtime.metrics()).functions["counters:get"] ?? {};
      return { calls, cachedCalls };
    };
    await runtime.metrics({ reset: true });
    expect(await http.query(api.counters.get, { name: "cached" })).toBe(0);
    expect(await http.query(api.counters.get, { name: "cached" })).toBe(0);
    expect(await calls()).toEqual({ calls: 2, cachedCalls: 1 });
    await http.mutation(api.counters.increment, { name: "cached" });
    expect(await http.query(api.counters.get, { name: "cached" })).toBe(1);
    expect(await calls()).toEqual({ calls: 3, cachedCalls: 1 });
  });

  test("a result that read the clock serves new look-ups for 17 seconds", async () => {
    const http = new ConvexHttpClient(runtime.apiUrl, { logger: false });
    const first = await http.query(api.values.now, {});
    runtime.clock.advance(10_000);
    expect(await http.query(api.values.now, {})).toBe(first);
    runtime.clock.advance(10_000);
    expect(await http.query(api.values.now, {})).toBeGreaterThan(first);
  });

  test("a consistent reader sees one timestamp across its queries", async () => {
    const channel = "consistent";
    const reader = runtime.http();
    expect(await reader.consistentQuery(api.messages.list, { channel })).toEqual([]);
    await send(channel, "later");
    expect(await reader.consistentQuery(api.messages.list, { channel })).toEqual([]);
    expect(await reader.query(api.messages.list, { channel })).toEqual(["later"]);
  });
});
