import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messageOf, TestRuntime, valueOf } from "./runtime.ts";

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await TestRuntime.start();
});
afterAll(() => runtime.close());

describe("calls within a transaction", () => {
  test("a failed nested mutation undoes its own writes and may be caught", async () => {
    expect(valueOf(await runtime.mutation("nesting:catchNested"))).toEqual({
      message: expect.stringMatching(/^Uncaught Error: after writing\n.*nesting\.ts:/),
      notes: ["kept"],
    });
    expect(valueOf(runtime.query("notes:list"))).toEqual(["kept"]);
  });

  test("siblings that were started together run one after another", async () => {
    expect(valueOf(await runtime.mutation("nesting:siblings"))).toEqual(["a", "b", "c", "kept"]);
  });

  test("calls may be nested eight deep and no deeper", async () => {
    expect(valueOf(await runtime.mutation("nesting:deeper", { depth: 8 }))).toBe(8);
    expect(messageOf(await runtime.mutation("nesting:deeper", { depth: 9 }))).toContain("call depth limit exceeded");
  });

  test("a query of a stale snapshot sees none of its caller's writes, and its caller does not depend on it", async () => {
    const before = valueOf(runtime.query("notes:list"));
    const tx = runtime.store.begin();
    const call = { component: "", path: "nesting:stale", args: {}, visibility: "any" } as const;
    const execution = await runtime.runner.runMutation(tx, { ...call, identity: { kind: "none" } });
    expect(valueOf(execution)).toEqual({ notes: before, ownReads: 0 });
    await runtime.mutation("notes:add", { text: "meanwhile" });
    await expect(runtime.store.commit(tx)).resolves.toBeTypeOf("bigint");
    expect(valueOf(runtime.query("notes:list"))).toEqual(expect.arrayContaining(["meanwhile", "new"]));
  });

  test("a query cannot call a mutation", () => {
    expect(messageOf(runtime.query("nesting:mutateInQuery"))).toContain("defined as a mutation");
  });
});

describe("components", () => {
  test("share the caller's transaction, keep their own tables and undo only their own writes", async () => {
    expect(valueOf(await runtime.mutation("nesting:count", { value: 3, fail: true }))).toEqual({
      failed: expect.stringContaining("counting failed"),
      first: 3,
      second: 0,
    });
    expect(valueOf(runtime.query("notes:list"))).toContain("beside");
  });

  test("see only the environment bound to them, and never the user", () => {
    const attributes = { tokenIdentifier: "i|s", subject: "s", issuer: "i" };
    const identity = { kind: "user", attributes, expiresAtMs: Number.MAX_SAFE_INTEGER } as const;
    const site = "http://127.0.0.1:2";
    expect(valueOf(runtime.query("nesting:surroundings", {}, { identity }))).toEqual({
      own: "s",
      first: { label: "one", secret: null, site, identity: null },
      second: { label: "two", secret: null, site: `${site}/second`, identity: null },
    });
  });

  test("cannot paginate", () => {
    expect(messageOf(runtime.query("nesting:pageInComponent"))).toContain("paginate() is only supported in the app");
  });

  test("offer only their public functions", async () => {
    expect(messageOf(await runtime.mutation("nesting:callHidden"))).toContain(
      "Could not find function for 'counts:hidden'",
    );
  });

  test("call back through a function handle", async () => {
    expect(valueOf(await runtime.mutation("nesting:throughHandle", { text: "by handle" }))).toMatch(/^function:\/\//);
    expect(valueOf(runtime.query("notes:list"))).toContain("by handle");
  });

  test("the real rate limiter limits", async () => {
    expect(valueOf(await runtime.mutation("nesting:rateLimit"))).toEqual([true, true, false]);
  });

  test("are installed as a tree", () => {
    expect(runtime.runner.deployment.components).toEqual([
      "",
      "rateLimiter",
      "rateLimiter/batchWorker",
      "first",
      "second",
    ]);
  });
});

describe("scheduling in a mutation", () => {
  test("writes a row in the namespace of the function that is to run", async () => {
    const value = valueOf(await runtime.mutation("nesting:schedule", { delayMs: 1000 })) as { inComponent: string };
    expect(value).toMatchObject({ name: "notes.js:add", state: "pending", after: "canceled" });
    const args = { id: value.inComponent, isSystem: true };
    const tx = runtime.store.begin();
    expect(tx.get("first", args.id)).toContain('"name":"counts.js:add"');
    tx.close();
  });

  test("needs a function that exists and a time within five years", async () => {
    expect(messageOf(await runtime.mutation("nesting:scheduleMissing"))).toContain(
      "Could not find function for 'notes:missing'",
    );
    const sixYearsMs = 6 * 366 * 24 * 3600 * 1000;
    expect(messageOf(await runtime.mutation("nesting:schedule", { delayMs: sixYearsMs }))).toContain("five years");
  });
});
