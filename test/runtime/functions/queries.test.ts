import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messageOf, TestRuntime, valueOf } from "./runtime.ts";

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await TestRuntime.start();
});
afterAll(() => runtime.close());

describe("running queries and mutations", () => {
  test("a mutation's writes are there for the next query", async () => {
    const id = valueOf(await runtime.mutation("notes:add", { text: "hello" })) as string;
    expect(valueOf(runtime.query("notes:get", { id }))).toMatchObject({ _id: id, text: "hello" });
    expect(valueOf(runtime.query("notes:first"))).toBe("hello");
  });

  test("a document can be patched, replaced and removed, and the mutation sees its own writes", async () => {
    const id = valueOf(await runtime.mutation("notes:add", { text: "draft" })) as string;
    expect(valueOf(await runtime.mutation("notes:edit", { id }))).toEqual({
      ranks: [1, null],
      text: "replaced",
      after: null,
    });
  });

  test("a query cannot write", () => {
    const insert = { operation: "1.0/insert", args: { table: "notes", value: { text: "no" } } };
    expect(messageOf(runtime.query("isolate:rawSyscall", insert))).toContain("in a query");
  });

  test("a function that returns nothing returns null", () => {
    expect(valueOf(runtime.query("notes:nothing"))).toBeNull();
  });
});

describe("what the engine checks", () => {
  test("arguments, naming the field and the validator", () => {
    expect(messageOf(runtime.query("notes:get", {}))).toMatch(/^ArgumentValidationError: .*`id`/);
    expect(messageOf(runtime.query("notes:get", { id: "nonsense" }))).toMatch(
      /^ArgumentValidationError: .*\nPath: \.id/,
    );
    expect(messageOf(runtime.query("notes:list", { extra: 1 }))).toContain("extra field `extra`");
  });

  test("results", () => {
    expect(messageOf(runtime.query("notes:wrongResult"))).toMatch(/^ReturnsValidationError: /);
  });

  test("that the function exists, is of the kind asked for and may be called", async () => {
    expect(messageOf(runtime.query("notes:missing"))).toContain("Could not find public function for 'notes:missing'");
    expect(messageOf(runtime.query("notes:add", { text: "" }))).toContain("defined as a mutation");
    const refused = await runtime.mutation("nesting:addThenFail", { text: "" }, { visibility: "public" });
    expect(messageOf(refused)).toContain("Could not find public function");
  });
});

describe("failures", () => {
  test("show the developer's file and line", () => {
    expect(messageOf(runtime.query("errors:plain"))).toMatch(
      /^Uncaught TypeError: from below\n {4}at deep \(convex\/errors\.ts:6:9\)\n {4}at handler \(convex\/errors\.ts:9:\d+\)/,
    );
  });

  test("carry a ConvexError's data, encoded", () => {
    expect(runtime.query("errors:withData").outcome).toEqual({
      ok: false,
      error: {
        message: expect.stringContaining('Uncaught ConvexError: {"code":"not_found","size":"5n"}'),
        data: { code: "not_found", size: { $integer: "BQAAAAAAAAA=" } },
      },
    });
  });

  test("may be any value", () => {
    expect(messageOf(runtime.query("errors:thrownString"))).toBe("Uncaught just text");
  });

  test("of the database can be caught and tell what was wrong", () => {
    expect(messageOf(runtime.query("errors:badId", { id: "nonsense" }))).toContain("nonsense");
  });

  test("an error's stack is mapped inside the function too", async () => {
    expect(valueOf(await runtime.mutation("errors:stack"))).toMatch(
      /^Error: here\n {4}at handler \(convex\/errors\.ts:/,
    );
  });
});

describe("pagination", () => {
  const paginationOpts = { numItems: 1, cursor: null };

  test("pages follow one another, and the end cursor is kept for the next run", async () => {
    await runtime.mutation("notes:add", { text: "zebra" });
    const first = runtime.query("notes:page", { paginationOpts });
    const page = valueOf(first) as { page: { text: string }[]; continueCursor: string; isDone: boolean };
    expect([page.page.map(({ text }) => text), page.isDone]).toEqual([["hello"], false]);
    expect(first.journal).toBe(page.continueCursor);
    await runtime.mutation("notes:add", { text: "aardvark" });
    const again = runtime.query("notes:page", { paginationOpts }, { journal: first.journal });
    expect((valueOf(again) as typeof page).page.map(({ text }) => text)).toEqual(["aardvark", "hello"]);
  });

  test("a function may paginate once", () => {
    expect(messageOf(runtime.query("notes:pageTwice", { paginationOpts }))).toContain("multiple paginated queries");
  });
});

describe("syscalls", () => {
  const raw = (operation: string, args: object = {}) =>
    runtime.query("isolate:rawSyscall", { operation, args: args as never });

  test("what the embedded runtime leaves out is answered in one clear sentence", () => {
    expect(messageOf(raw("1.0/storageGetUrl", { storageId: "x" }))).toContain(
      "File storage is not available in the embedded runtime",
    );
    expect(messageOf(raw("1.0/auditLog"))).toContain("The audit log is not available in the embedded runtime");
  });

  test("an unknown operation is called that", () => {
    expect(messageOf(raw("1.0/inventTime"))).toContain("Unknown async operation 1.0/inventTime");
  });

  test("metadata names the function, and a transaction knows what it has used", async () => {
    expect(valueOf(raw("1.0/getFunctionMetadata"))).toEqual({ name: "isolate:rawSyscall", componentPath: "" });
    expect(valueOf(raw("1.0/getTransactionMetrics"))).toMatchObject({ documentsRead: { used: 0, remaining: 32_000 } });
    expect(messageOf(raw("1.0/getRequestMetadata"))).toContain("Cannot get request metadata in a query");
  });

  test("the runtime's own tables stay out of reach", () => {
    const query = { source: { type: "FullTableScan", tableName: "_session_requests", order: null }, operators: [] };
    const page = { query, cursor: null, endCursor: null, pageSize: 1, maximumRowsRead: null };
    expect(messageOf(raw("1.0/queryPage", page))).toContain("_session_requests cannot be read");
    expect(messageOf(raw("1.0/insert", { table: "_cron_jobs", value: {} }))).toContain("in a query");
  });
});

describe("the deployment", () => {
  test("knows its crons, auth providers and functions", () => {
    const { deployment } = runtime.runner;
    expect(deployment.crons).toEqual([
      {
        component: "",
        identifier: "tidy",
        path: "notes:add",
        args: { text: "tidy" },
        schedule: { type: "interval", minutes: 5 },
      },
      {
        component: "",
        identifier: "report",
        path: "notes:add",
        args: { text: "report" },
        schedule: { type: "daily", hourUTC: 3, minuteUTC: 30 },
      },
    ]);
    expect(deployment.authProviders).toEqual([
      { kind: "oidc", domain: "https://issuer.test", applicationID: "noruxa" },
      { kind: "customJwt", issuer: "https://other.test", jwks: "data:application/json,{}", algorithm: "RS256" },
    ]);
    expect(deployment.hasHttp).toBe(true);
    expect(deployment.find("", "notes.js:add")).toMatchObject({
      kind: "mutation",
      visibility: "public",
      args: { type: "object", value: { text: { fieldType: { type: "string" }, optional: false } } },
      returns: { type: "id", tableName: "notes" },
    });
    expect(deployment.schemaOf("")?.tables.map(({ tableName }) => tableName)).toEqual(["notes"]);
  });
});
