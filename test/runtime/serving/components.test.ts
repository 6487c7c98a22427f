import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RawSocket } from "./rawSocket.ts";
import { ADMIN_KEY, api, startRuntime, type TestRuntime, until } from "./support.ts";

let runtime: TestRuntime;

beforeAll(async () => {
  runtime = await startRuntime();
});
afterAll(() => runtime.close());

async function asAdmin(call: { path: string; args: object; componentPath?: string }) {
  const headers = { authorization: `Convex ${ADMIN_KEY}`, "content-type": "application/json" };
  const response = await fetch(`${runtime.apiUrl}/api/function`, {
    method: "POST",
    headers,
    body: JSON.stringify(call),
  });
  return response.json();
}

describe("components", () => {
  test("run the jobs they schedule, and queries that read them are pushed", async () => {
    const totals: number[] = [];
    runtime.client().onUpdate(api.accounts.total, {}, (total) => totals.push(total));
    await until(
      () => totals.length,
      (count) => count === 1,
    );
    await runtime.http().mutation(api.accounts.book, { amount: 5 });
    await until(
      () => totals.at(-1),
      (total) => total === 5,
    );
    expect(totals).toEqual([0, 5]);
  });

  test("can be called directly by an admin, their internal functions too", async () => {
    const before = await runtime.http().query(api.accounts.total, {});
    await asAdmin({ componentPath: "ledger", path: "entries:book", args: { amount: 7 } });
    const total = await asAdmin({ componentPath: "ledger", path: "entries:total", args: {} });
    expect(total).toEqual({ status: "success", value: before + 7 });
  });

  test("can be followed by an admin over a socket", async () => {
    const socket = await RawSocket.connect(runtime.apiUrl);
    socket.send({ type: "Authenticate", baseVersion: 0, tokenType: "Admin", value: ADMIN_KEY });
    const query = { type: "Add", queryId: 0, udfPath: "entries:total", args: [{}], componentPath: "ledger" };
    socket.send({ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [query] });
    const total = await runtime.http().query(api.accounts.total, {});
    expect((await socket.next("Transition")).modifications).toMatchObject([{ value: total }]);
    socket.close();
  });

  test("are out of reach for everybody else", async () => {
    const socket = await RawSocket.connect(runtime.apiUrl);
    const query = { type: "Add", queryId: 0, udfPath: "entries:total", args: [{}], componentPath: "ledger" };
    socket.send({ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [query] });
    expect((await socket.next("FatalError")).error).toMatch(/Only an admin/);
    const answer = runtime.http().query("entries:total" as unknown as typeof api.accounts.total, {});
    await expect(answer).rejects.toThrow(/Could not find public function/);
  });
});
