import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_KEY, api, startRuntime, type TestRuntime } from "./support.ts";

let runtime: TestRuntime;

beforeAll(async () => {
  runtime = await startRuntime();
});
afterAll(() => runtime.close());

interface Posted {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field.
  body: any;
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Posted> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const options = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: text };
  const response = await fetch(`${runtime.apiUrl}${path}`, options);
  return { status: response.status, body: await response.json() };
}

const admin = { authorization: `Convex ${ADMIN_KEY}` };

describe("calling functions", () => {
  test("a mutation and a query, with arguments bare or in an array", async () => {
    const sent = await post("/api/mutation", { path: "messages:send", args: { channel: "http", body: "x" } });
    expect(sent).toMatchObject({ status: 200, body: { status: "success", value: expect.any(String) } });
    expect(sent.body.logLines).toEqual([expect.stringContaining("sending")]);
    const listed = await post("/api/query", { path: "messages:list", args: [{ channel: "http" }] });
    expect(listed.body).toEqual({ status: "success", value: ["x"] });
  });

  test("by GET, with arguments in the address", async () => {
    const query = new URLSearchParams({ path: "messages:list", args: '{"channel":"none"}' });
    const response = await fetch(`${runtime.apiUrl}/api/query?${query}`);
    expect(await response.json()).toEqual({ status: "success", value: [] });
  });

  test("by a path of their own", async () => {
    const { body } = await post("/api/run/messages/list", { args: { channel: "none" } });
    expect(body).toEqual({ status: "success", value: [] });
  });

  test("several queries at one timestamp", async () => {
    const queries = [
      { path: "messages:list", args: { channel: "none" } },
      { path: "messages:fail", args: {} },
    ];
    const { body } = await post("/api/query_batch", { queries });
    expect(body.results).toMatchObject([{ status: "success", value: [] }, { status: "error" }]);
  });

  test("a function that fails is an answer, with status 200 and its ConvexError's data", async () => {
    const { status, body } = await post("/api/mutation", { path: "messages:failWithData", args: {} });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "error", errorData: { code: "no", big: "1" } });
    expect(body.errorMessage).toMatch(/^\[Request ID: \w+\] Server Error/);
  });

  test("where in the code a function failed is told to the log, not to the caller", async () => {
    const { body } = await post("/api/query", { path: "messages:fail", args: {} });
    expect(body.errorMessage).toMatch(/Uncaught Error: this query fails$/);
    const requestId = /Request ID: (\w+)/.exec(body.errorMessage)?.[1] ?? "";
    expect(runtime.logs.find((line) => line.includes(requestId))).toMatch(/messages\.ts:\d+/);
  });

  test("wrong arguments are told to the caller", async () => {
    const { body } = await post("/api/query", { path: "messages:list", args: { channel: 7 } });
    expect(body).toMatchObject({ status: "error", errorMessage: expect.stringContaining("ArgumentValidationError") });
  });

  test("a mutation called as a query is refused", async () => {
    const { body } = await post("/api/query", { path: "messages:send", args: { channel: "a", body: "b" } });
    expect(body.status).toBe("error");
  });
});

describe("formats", () => {
  test("encoded JSON loses nothing", async () => {
    const { body } = await post("/api/query", { path: "values:special", args: {}, format: "convex_encoded_json" });
    expect(body.value).toMatchObject({ integer: { $integer: "BwAAAAAAAAA=" }, bytes: { $bytes: "AQID" } });
    expect(await runtime.http().query(api.values.special, {})).toMatchObject({ integer: 7n, nan: Number.NaN });
  });

  test("clean JSON, the default, is easy to read", async () => {
    const { body } = await post("/api/query", { path: "values:special", args: {} });
    expect(body.value).toEqual({ integer: "7", bytes: "AQID", nan: "NaN", text: "x", none: null });
  });

  test("an unknown format is refused before anything runs", async () => {
    const refused = await post("/api/mutation", { path: "counters:increment", args: { name: "xml" }, format: "xml" });
    expect(refused).toMatchObject({ status: 400, body: { code: "BadFormat" } });
    expect(await runtime.http().query(api.counters.get, { name: "xml" })).toBe(0);
  });
});

describe("admin", () => {
  test("any function, internal ones too, by /api/function", async () => {
    const { body } = await post("/api/function", { path: "values:hidden", args: {} }, admin);
    expect(body).toEqual({ status: "success", value: "hidden" });
  });

  test("acting as somebody, by attributes after the key", async () => {
    const attributes = Buffer.from(JSON.stringify({ issuer: "i", subject: "s" })).toString("base64");
    const { body } = await post(
      "/api/query",
      { path: "values:whoami", args: {} },
      { authorization: `Convex ${ADMIN_KEY}:${attributes}` },
    );
    expect(body.value).toBe("i|s");
  });

  test("the key may carry a deployment type, or stand in the address", async () => {
    const typed = await post(
      "/api/function",
      { path: "values:hidden", args: {} },
      { authorization: `Convex dev:${ADMIN_KEY}` },
    );
    expect(typed.body.value).toBe("hidden");
    const inAddress = await post(`/api/function?adminKey=${encodeURIComponent(ADMIN_KEY)}`, {
      path: "values:hidden",
      args: {},
    });
    expect(inAddress.body.value).toBe("hidden");
  });

  test.each([
    ["nobody", {}, 403],
    ["a wrong key", { authorization: "Convex test|00" }, 401],
    ["another scheme", { authorization: "Basic abcdef" }, 401],
  ])("/api/function is closed to %s", async (_who, headers, status) => {
    const refused = await post("/api/function", { path: "values:hidden", args: {} }, headers as Record<string, string>);
    expect(refused.status).toBe(status);
    expect(refused.body).toEqual({ code: expect.any(String), message: expect.any(String) });
  });

  test("internal functions look missing to everybody else", async () => {
    const { body } = await post("/api/query", { path: "values:hidden", args: {} });
    expect(body).toMatchObject({
      status: "error",
      errorMessage: expect.stringContaining("Could not find public function"),
    });
    const run = await post("/api/run/values/hidden", { args: {} });
    expect(run.body).toMatchObject({ errorMessage: expect.stringContaining("Could not find public function") });
  });
});

describe("bad requests", () => {
  test.each([
    ["text that is not JSON", "/api/query", "{"],
    ["a missing path", "/api/query", { args: {} }],
    ["arguments that are no object", "/api/query", { path: "messages:list", args: "x" }],
    ["several arguments", "/api/query", { path: "messages:list", args: [{}, {}] }],
    ["a path with strange characters", "/api/query", { path: "../x y", args: {} }],
    ["a run path without a function", "/api/run/messages", { args: {} }],
    ["a timestamp that is none", "/api/query_at_ts", { path: "messages:list", args: { channel: "a" }, ts: "x" }],
    [
      "a timestamp nobody asked for",
      "/api/query_at_ts",
      { path: "messages:list", args: { channel: "a" }, ts: "AQAAAAAAAAA=" },
    ],
  ])("%s is refused with 400", async (_what, path, body) => {
    expect(await post(path, body)).toMatchObject({ status: 400, body: { code: expect.any(String) } });
  });

  test("a token that is not accepted is refused with 401", async () => {
    const refused = await post("/api/query", { path: "values:whoami", args: {} }, { authorization: "Bearer x" });
    expect(refused.status).toBe(401);
  });

  test("file storage and unknown endpoints say so in one sentence", async () => {
    const storage = await post("/api/storage/upload", {});
    expect(storage).toMatchObject({
      status: 404,
      body: { message: "File storage is not part of the embedded runtime." },
    });
    expect((await post("/api/nothing", {})).status).toBe(404);
  });
});

describe("around it", () => {
  test("browsers of any origin may call the API", async () => {
    const headers = {
      origin: "https://app.test",
      "access-control-request-method": "POST",
      "access-control-request-headers": "convex-client",
    };
    const preflight = await fetch(`${runtime.apiUrl}/api/query`, { method: "OPTIONS", headers });
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("convex-client");
    const failed = await fetch(`${runtime.apiUrl}/api/query`, {
      method: "POST",
      headers: { origin: "https://app.test" },
      body: "{",
    });
    expect(failed.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("version, name and echo answer", async () => {
    const text = async (path: string, init?: RequestInit) => (await fetch(`${runtime.apiUrl}${path}`, init)).text();
    expect(await text("/version")).toMatch(/^\d+\.\d+\.\d+/);
    expect(await text("/instance_name")).toBe("noruxa-embedded");
    expect(await text("/echo", { method: "POST", body: "back" })).toBe("back");
    expect(await text("/")).toMatch(/running/);
  });
});
