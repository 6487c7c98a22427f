import { ConvexClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFlakyProxy } from "./flakyProxy.ts";
import { api, startRuntime, type TestRuntime, until } from "./support.ts";

let runtime: TestRuntime;

beforeAll(async () => {
  runtime = await startRuntime();
});
afterAll(() => runtime.close());

test("a mutation resolves only when the client's own queries show it", async () => {
  const client = runtime.client();
  let list: string[] = [];
  client.onUpdate(api.messages.list, { channel: "own" }, (bodies) => {
    list = bodies;
  });
  await client.mutation(api.messages.send, { channel: "own", body: "mine" });
  expect(list).toEqual(["mine"]);
});

test("an optimistic update gives way to the real result in one step", async () => {
  const client = runtime.client();
  const seen: string[][] = [];
  const channel = "optimistic";
  client.onUpdate(api.messages.list, { channel }, (bodies) => seen.push(bodies));
  await until(
    () => seen.length,
    (count) => count === 1,
  );
  await client.mutation(
    api.messages.send,
    { channel, body: "real" },
    {
      optimisticUpdate: (store) => store.setQuery(api.messages.list, { channel }, ["guess"]),
    },
  );
  expect(seen).toEqual([[], ["guess"], ["real"]]);
});

test("a failed mutation rejects at once with its data", async () => {
  await expect(runtime.client().mutation(api.messages.failWithData, {})).rejects.toMatchObject({
    data: { code: "no", big: 1n },
  });
});

describe("when the connection breaks", () => {
  test("after the commit but before the answer, the mutation still happens once and resolves", async () => {
    const proxy = await startFlakyProxy(runtime.apiUrl);
    const client = new ConvexClient(proxy.url, { logger: false });
    let value = -1;
    client.onUpdate(api.counters.get, { name: "broken" }, (current) => {
      value = current;
    });
    await until(
      () => value,
      (current) => current === 0,
    );
    proxy.muteServer();
    const pending = client.mutation(api.counters.increment, { name: "broken" });
    await until(
      () => runtime.http().query(api.counters.get, { name: "broken" }),
      (current) => current === 1,
    );
    proxy.cut();
    expect(await pending).toBe(1);
    expect(value).toBe(1);
    expect(await runtime.http().query(api.counters.get, { name: "broken" })).toBe(1);
    await client.close();
    await proxy.close();
  });

  test("in the middle of many, every one happens once and in order", async () => {
    const proxy = await startFlakyProxy(runtime.apiUrl);
    const client = new ConvexClient(proxy.url, { logger: false });
    const bodies = Array.from({ length: 40 }, (_, index) => String(index));
    const sent = bodies.map((body) => client.mutation(api.messages.send, { channel: "cut", body }));
    await sent[5];
    proxy.cut();
    await Promise.all(sent);
    expect(await runtime.http().query(api.messages.list, { channel: "cut" })).toEqual(bodies);
    await client.close();
    await proxy.close();
  });
});

describe("when mutations conflict", () => {
  test("they are retried, and none is lost", async () => {
    const clients = Array.from({ length: 8 }, () => runtime.client());
    const results = await Promise.all(
      clients.map((client) => client.mutation(api.counters.increment, { name: "hot" })),
    );
    expect(results.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const { functions } = await runtime.metrics();
    expect(functions["counters:increment"]?.conflicts).toBeGreaterThan(0);
  });
});

test("a restart keeps data and timestamps, and live clients carry on by themselves", async () => {
  let current = await startRuntime();
  const client = new ConvexClient(current.apiUrl, { logger: false });
  const seen: string[][] = [];
  client.onUpdate(api.messages.list, { channel: "restart" }, (bodies) => seen.push(bodies));
  await client.mutation(api.messages.send, { channel: "restart", body: "before" });
  current = await current.restart();
  await client.mutation(api.messages.send, { channel: "restart", body: "after" });
  expect(seen.at(-1)).toEqual(["before", "after"]);
  await client.close();
  await current.close();
});
