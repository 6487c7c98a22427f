import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestRuntime } from "./runtime.ts";

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await TestRuntime.start();
});
afterAll(() => runtime.close());

const text = async (path: string, init?: RequestInit) => (await runtime.http(path, init)).text();

describe("HTTP actions", () => {
  test("receive the request and answer with status, headers and body", async () => {
    const response = await runtime.http("/echo?x=1", { method: "POST", body: "hello", headers: { "x-test": "yes" } });
    expect([response.status, response.headers.get("x-reply")]).toEqual([201, "yes"]);
    expect(await response.json()).toEqual({
      method: "POST",
      url: "http://site.test/echo?x=1",
      body: "hello",
      header: "yes",
      own: true,
    });
  });

  test("HEAD is routed as GET and has no body", async () => {
    const response = await runtime.http("/echo", { method: "HEAD" });
    expect([response.status, response.headers.get("x-length"), await response.text()]).toEqual([200, "3", ""]);
  });

  test("match exactly, then by the longest prefix or mount", async () => {
    expect(await text("/files/a/b")).toBe("/files/a/b");
    expect(await text("/files/deep/b")).toBe("deep");
    expect(await text("/second/own")).toBe("exact routes come before mounts");
    expect(await text("/second/label")).toBe("two");
  });

  test.each(["/missing", "/echo/", "/second/missing"])("%s has no route and is not found", async (path) => {
    const response = await runtime.http(path);
    expect([response.status, await response.text()]).toEqual([404, `No HttpAction routed for ${path}`]);
  });

  test("a method without a route is not found, OPTIONS included", async () => {
    expect((await runtime.http("/echo", { method: "OPTIONS" })).status).toBe(404);
  });

  test("a thrown error is a 500 with its message and stack", async () => {
    const response = await runtime.http("/fail");
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      code: expect.stringMatching(/^\[Request ID: [0-9a-f]{16}\] Server Error: Uncaught Error: no page today$/),
      trace: expect.stringMatching(/convex\/http\.ts:\d+/),
    });
  });

  test("anything but a Response is an error", async () => {
    const response = await runtime.http("/not-a-response");
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining("must return a Response")]);
  });

  test("may run queries, and log", async () => {
    await runtime.mutation("notes:add", { text: "listed" });
    expect(await (await runtime.http("/notes")).json()).toEqual(["listed"]);
    await sleep(5);
    expect(runtime.log).toContain("[GET /notes] [LOG] 'listing'");
  });

  test("bodies stream in both directions", async () => {
    const incoming = new TransformStream<Uint8Array, Uint8Array>();
    const writer = incoming.writable.getWriter();
    const init = { method: "POST", body: incoming.readable, duplex: "half" } as RequestInit;
    const response = await runtime.http("/stream", init);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const received: string[] = [];
    for (const word of ["one ", "two "]) {
      await writer.write(new TextEncoder().encode(word));
      received.push(new TextDecoder().decode((await reader.read()).value));
    }
    await writer.close();
    expect((await reader.read()).done).toBe(true);
    expect(received).toEqual(["ONE ", "TWO "]);
  });
});

describe("when the client goes away", () => {
  let server: Server;
  let beats = 0;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      beats += 1;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => void server.close());

  test.each(["abort", "cancel"])("an HTTP action stops where it is: %s", async (how) => {
    beats = 0;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const aborter = new AbortController();
    const response = await runtime.http("/beats", { method: "POST", body: url }, aborter.signal);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await reader.read();
    if (how === "abort") aborter.abort();
    else await reader.cancel();
    if (how === "abort") await expect(reader.read()).rejects.toThrow("stopped");
    await sleep(30);
    const seen = beats;
    await sleep(50);
    expect(beats).toBe(seen);
    expect(seen).toBeGreaterThan(0);
  });
});
