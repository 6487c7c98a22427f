import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messageOf, TestRuntime, valueOf } from "./runtime.ts";

let runtime: TestRuntime;
let server: Server;
let url: string;
let beats = 0;

beforeAll(async () => {
  runtime = await TestRuntime.start();
  server = await listen();
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await runtime.close();
  server.closeAllConnections();
  server.close();
});

/** Answers JSON, streams chat completions, counts beats, and never answers `/slow`. */
async function listen(): Promise<Server> {
  const listening = createServer(async (request, response) => {
    if (request.url === "/slow") return;
    if (request.url === "/beat") {
      beats += 1;
      return response.end();
    }
    if (request.url !== "/v1/chat/completions") {
      const chunks = await request.toArray();
      const body = {
        header: request.headers["x-test"],
        received: JSON.parse(Buffer.concat(chunks).toString() || "null"),
      };
      return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const content of ["Hel", "lo ", "you"]) {
      response.write(`data: ${JSON.stringify(completion({ content }, null))}\n\n`);
      await sleep(5);
    }
    response.write(
      `data: ${JSON.stringify({ ...completion({}, "stop"), usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 } })}\n\n`,
    );
    response.end("data: [DONE]\n\n");
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return listening;
}

function completion(delta: object, finish: string | null): object {
  return {
    id: "c",
    object: "chat.completion.chunk",
    created: 1,
    model: "tiny",
    choices: [{ index: 0, delta, finish_reason: finish }],
  };
}

/** Vitest listens for stray errors too and would fail the run; the runtime's own listeners stay. */
async function withoutTestListeners<T>(work: () => Promise<T>): Promise<T> {
  const events = ["unhandledRejection", "uncaughtException"] as const;
  const isOwn = (listener: unknown) => String(listener).includes("failBy");
  const removed = events.map((event) => process.listeners(event as "exit").filter((listener) => !isOwn(listener)));
  events.forEach((event, index) => removed[index]?.forEach((listener) => void process.off(event, listener)));
  try {
    return await work();
  } finally {
    events.forEach((event, index) => removed[index]?.forEach((listener) => void process.on(event as "exit", listener)));
  }
}

describe("actions", () => {
  test("call queries, mutations and other actions", async () => {
    expect(valueOf(await runtime.action("actions:addAndList", { text: "outer" }))).toContain("outer");
    expect(valueOf(await runtime.action("actions:callAction"))).toEqual(expect.arrayContaining(["inner", "outer"]));
  });

  test("receive the data of a ConvexError thrown by what they call", async () => {
    const encoded = { $integer: "BQAAAAAAAAA=" };
    expect(valueOf(await runtime.action("actions:callFailing"))).toEqual({
      name: "ConvexError",
      data: { code: "not_found", size: encoded },
    });
  });

  test("wait for timers in order", async () => {
    expect(valueOf(await runtime.action("actions:sleep", { ms: 20 }))).toEqual({
      isTicking: true,
      order: ["after 0", "after 20"],
    });
  });

  test("fetch, and get objects of their own realm", async () => {
    expect(valueOf(await runtime.action("actions:fetchAll", { url }))).toEqual({
      isResponse: true,
      isPlain: true,
      status: 200,
      value: { header: "yes", received: { a: [1] } },
      bytes: JSON.stringify({ header: "yes", received: { a: [1] } }).length,
    });
  });

  test("see a failing fetch as a TypeError and an aborted one as a DOMException", async () => {
    expect(valueOf(await runtime.action("actions:fetchFails", { url }))).toEqual({
      refused: [true, false, "TypeError"],
      relative: [true, false, "TypeError"],
      aborted: [false, true, "AbortError"],
      timedOut: [false, true, "TimeoutError"],
    });
  });

  test("stream a model's answer with the AI SDK", async () => {
    const streaming = await TestRuntime.start(path.join(import.meta.dirname, "fixtures/streaming/convex"));
    const result = await streaming.action("replies:stream", { baseURL: `${url}/v1` });
    await streaming.close();
    expect(valueOf(result)).toEqual({ chunks: ["Hel", "lo ", "you"], outputTokens: 3 });
  });

  test("may make keys", async () => {
    expect(valueOf(await runtime.action("actions:keys"))).toBe("secret");
  });

  test("may import modules dynamically", async () => {
    expect(valueOf(await runtime.action("actions:dynamicImport"))).toEqual(["answer", "question"]);
  });

  test("are warned about operations they did not wait for", async () => {
    const result = await runtime.action("actions:unawaited");
    expect(valueOf(result)).toBe("done");
    expect(result.logLines).toEqual([expect.stringContaining("[WARN] 1 unawaited operation: [mutation].")]);
  });

  test("fail when a timer's callback throws", async () => {
    expect(messageOf(await runtime.action("actions:timerThrows"))).toMatch(
      /^Uncaught Error: from a timer\n.*actions\.ts:/,
    );
  });

  test.each([
    ["a rejected promise is left without a handler", "unhandled", "nobody saw me"],
    ["a listener throws", "listenerThrows", "from a listener"],
  ])("fail when %s", async (_when, name, reason) => {
    const result = await withoutTestListeners(() => runtime.action(`actions:${name}`));
    expect(messageOf(result)).toMatch(new RegExp(`^Uncaught Error: ${reason}\n.*actions\\.ts:`));
  });

  test("stop for good when they are aborted", async () => {
    const aborter = new AbortController();
    const call = {
      component: "",
      path: "actions:beats",
      args: { url: `${url}/beat` },
      identity: { kind: "none" },
      visibility: "any",
    } as const;
    const running = runtime.runner.runAction(call, aborter.signal);
    while (beats < 3) await sleep(5);
    aborter.abort();
    expect((await running).outcome.ok).toBe(false);
    await sleep(30);
    const seen = beats;
    await sleep(50);
    expect(beats).toBe(seen);
  });

  test("schedule and cancel jobs", async () => {
    const id = valueOf(await runtime.action("actions:schedule"));
    const row = runtime.query("isolate:rawSyscall", { operation: "1.0/get", args: { id, isSystem: true } });
    expect(valueOf(row)).toMatchObject({ name: "notes.js:add", state: { kind: "canceled" } });
  });

  test("know who called them", async () => {
    const attributes = { tokenIdentifier: "i|s", subject: "s", issuer: "i", name: "Ada" };
    const identity = { kind: "user", attributes, expiresAtMs: Number.MAX_SAFE_INTEGER } as const;
    expect(valueOf(await runtime.action("actions:whoAmI", {}, { identity }))).toEqual({ identity: "Ada" });
    expect(valueOf(await runtime.action("actions:whoAmI"))).toEqual({ identity: null });
  });

  test("fail with the file and line of the developer's code", async () => {
    const message = messageOf(await runtime.action("errors:actionFails"));
    expect(message).toMatch(/^Uncaught TypeError: from below\n {4}at deep \(convex\/errors\.ts:6:9\)/);
  });

  test("run in a component's own namespace", async () => {
    expect(valueOf(await runtime.action("nesting:countFromAction", { value: 4 }))).toBe(1);
    expect(valueOf(runtime.query("counts:total", {}, { component: "second" }))).toBe(4);
  });
});
