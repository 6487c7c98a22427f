import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_KEY, api, startRuntime, type TestRuntime, until } from "./support.ts";

let runtime: TestRuntime;
const movedTo: number[] = [];

beforeAll(async () => {
  runtime = await startRuntime({ onClockMoved: (aheadMs) => void movedTo.push(aheadMs) });
});
afterAll(() => runtime.close());

const admin = { authorization: `Convex ${ADMIN_KEY}` };

function advance(body: unknown, headers: Record<string, string> = admin) {
  return fetch(`${runtime.apiUrl}/_runtime/clock`, { method: "POST", headers, body: JSON.stringify(body) });
}

test("the clock moves for functions, and how far is handed over to be kept", async () => {
  const before = await runtime.http().query(api.values.now, {});
  const response = await advance({ advanceMs: 86_400_000 });
  const { nowMs } = (await response.json()) as { nowMs: number };
  expect(nowMs - before).toBeGreaterThanOrEqual(86_400_000);
  expect((await runtime.http().query(api.values.now, {})) - before).toBeGreaterThanOrEqual(86_400_000);
  expect(movedTo).toEqual([86_400_000]);
});

test("the clock moves forward only, and for the admin only", async () => {
  expect((await advance({ advanceMs: -1 })).status).toBe(400);
  expect((await advance({})).status).toBe(400);
  expect((await advance({ advanceMs: 1 }, {})).status).toBe(401);
  expect((await fetch(`${runtime.apiUrl}/_runtime/metrics`)).status).toBe(401);
});

test("metrics count calls, documents and bytes per function, and can be reset", async () => {
  const client = runtime.client();
  const seen: string[][] = [];
  client.onUpdate(api.messages.list, { channel: "m" }, (list) => seen.push(list));
  await until(
    () => seen.length,
    (count) => count === 1,
  );
  await client.mutation(api.messages.send, { channel: "m", body: "x".repeat(100) });
  const metrics = await runtime.metrics();
  const { "messages:list": list, "messages:send": send } = metrics.functions;
  expect(list).toMatchObject({ kind: "query", calls: 2, cachedCalls: 0, documentsRead: 1, documentsWritten: 0 });
  expect(list?.bytesRead).toBeGreaterThan(100);
  expect(send).toMatchObject({ kind: "mutation", calls: 1, failures: 0, conflicts: 0 });
  expect(send?.documentsWritten).toBe(1);
  expect(send?.bytesWritten).toBeGreaterThan(100);
  expect(metrics).toMatchObject({
    sockets: 1,
    subscriptions: 1,
    liveQueries: 1,
    commits: 1,
    commitGroups: 1,
    reruns: 1,
  });
  await fetch(`${runtime.apiUrl}/_runtime/metrics/reset`, { method: "POST", headers: admin });
  expect(await runtime.metrics()).toMatchObject({ functions: {}, totals: { calls: 0 }, commits: 0, sockets: 1 });
});

test("a live query that a commit does not touch costs nothing when another of the client's is run again", async () => {
  const client = runtime.client();
  const seen: string[] = [];
  for (const channel of ["still", "moving"]) client.onUpdate(api.messages.list, { channel }, () => seen.push(channel));
  await until(
    () => seen.length,
    (count) => count === 2,
  );
  await runtime.metrics({ reset: true });
  await client.mutation(api.messages.send, { channel: "moving", body: "x" });
  expect((await runtime.metrics()).functions["messages:list"]).toMatchObject({ calls: 1, cachedCalls: 0 });
});
