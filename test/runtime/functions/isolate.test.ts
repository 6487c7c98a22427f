import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestRuntime, valueOf } from "./runtime.ts";

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await TestRuntime.start();
});
afterAll(() => runtime.close());

const PRESENT = [
  ..."URL URLSearchParams Headers Request Response FormData Blob File Event EventTarget AbortController".split(" "),
  ..."AbortSignal DOMException TextEncoder TextDecoder TextEncoderStream TextDecoderStream atob btoa".split(" "),
  ..."structuredClone ReadableStream WritableStream TransformStream ReadableStreamBYOBReader".split(" "),
  ..."ReadableStreamDefaultReader AsyncLocalStorage AsyncResource fetch setTimeout setInterval".split(" "),
  ..."clearTimeout clearInterval WeakRef FinalizationRegistry".split(" "),
];
const PRESENT_OBJECTS = ["crypto", "performance", "WebAssembly", "self", "process", "console", "Convex"];
const ABSENT = [
  ..."Buffer require module exports __dirname __filename global setImmediate clearImmediate navigator".split(" "),
  ..."MessageChannel MessagePort BroadcastChannel WebSocket EventSource localStorage sessionStorage".split(" "),
  ..."CompressionStream DecompressionStream window document queueMicrotask Worker".split(" "),
];

describe("the isolate's globals", () => {
  test.each(["isolate:typesInQuery", "isolate:typesInAction"])(
    "%s finds what Convex offers and nothing of Node",
    async (path) => {
      const names = [...PRESENT, ...PRESENT_OBJECTS, ...ABSENT];
      const result = path.endsWith("Query") ? runtime.query(path, { names }) : await runtime.action(path, { names });
      const types = valueOf(result) as Record<string, string>;
      expect(PRESENT.filter((name) => types[name] !== "function")).toEqual([]);
      expect(PRESENT_OBJECTS.filter((name) => types[name] !== "object")).toEqual([]);
      expect(ABSENT.filter((name) => types[name] !== "undefined")).toEqual([]);
    },
  );

  test("the runtime's own bindings are not among them", () => {
    const names = valueOf(runtime.query("isolate:globals")) as string[];
    expect(names.filter((name) => /isolate|noruxa|\$|install|host/i.test(name))).toEqual([]);
  });

  test("console has Convex's methods, and process only env, which answers names one at a time", () => {
    expect(valueOf(runtime.query("isolate:consoleAndProcess"))).toEqual({
      console: ["debug", "error", "info", "log", "time", "timeEnd", "timeLog", "trace", "warn"],
      process: ["env"],
      envKeys: [],
      envSpread: {},
      hasIssuer: false,
      issuer: "https://issuer.test",
      missing: "undefined",
      cloud: "http://127.0.0.1:1",
      nodeEnv: "production",
    });
  });

  test("classes lent by the host feel native", () => {
    const { notEveryError, form, ...checks } = valueOf(runtime.query("isolate:realms")) as Record<string, unknown>;
    expect(Object.entries(checks).filter(([, holds]) => holds !== true)).toEqual([]);
    expect({ notEveryError, form }).toEqual({ notEveryError: false, form: "a=b+c" });
  });

  test("AsyncLocalStorage follows awaits in a query", () => {
    expect(valueOf(runtime.query("isolate:asyncLocalStorage"))).toBe(5);
  });

  test("what is logged becomes log lines, with errors at the developer's lines", () => {
    const { logLines } = runtime.query("isolate:logs");
    expect(logLines[0]).toBe("[LOG] 'text' { a: [ 1, 'two' ] }");
    expect(logLines[1]).toMatch(/^\[ERROR\] Error: shown\n {4}at handler \(convex\/isolate\.ts:\d+:\d+\)/);
    expect(logLines.slice(2)).toEqual(["[WARN] 'careful'", expect.stringMatching(/^\[INFO\] work: \d+ms$/)]);
  });
});

/** Longer than a process without other work takes to have a module ready for the next execution. */
const IMPORTED_AHEAD_MS = 100;

describe("modules", () => {
  test("module state is fresh for every execution", () => {
    expect([1, 2, 3].map(() => valueOf(runtime.query("isolate:moduleState")))).toEqual([2, 2, 2]);
  });

  test("are the same to an execution for which they were imported ahead", async () => {
    const seen = () => ["moduleState", "importTime"].map((name) => valueOf(runtime.query(`isolate:${name}`)));
    const first = seen();
    await sleep(IMPORTED_AHEAD_MS);
    expect(seen()).toEqual(first);
    expect(seen()).toEqual(first);
  });

  test("time and chance at module scope are one constant per deploy", async () => {
    const [first, second] = [1, 2].map(() => valueOf(runtime.query("isolate:importTime")));
    expect(first).toEqual(second);
    expect(first).toMatchObject({ elapsed: 0 });
    await runtime.deploy();
    expect(valueOf(runtime.query("isolate:importTime"))).not.toEqual(first);
  });
});

interface Observed {
  dates: number[];
  isDate: boolean;
  moved: number;
  elapsed: number;
  random: number[];
  uuid: string;
  bytes: number[];
  timeZone: string;
}

describe("time and chance", () => {
  test("stand still in a query", () => {
    const seen = valueOf(runtime.query("isolate:timeInQuery")) as unknown as Observed;
    expect(new Set(seen.dates.map((date) => Math.floor(date / 1000))).size).toBe(1);
    expect(seen).toMatchObject({ isDate: true, moved: 0, elapsed: 0, timeZone: "UTC" });
    expect(seen.dates[0]).toBe(seen.dates[1]);
    expect(Number.isInteger(seen.dates[0])).toBe(true);
  });

  test("only performance.now() advances in a mutation, and everything does in an action", async () => {
    const inMutation = valueOf(await runtime.mutation("isolate:timeInMutation")) as unknown as Observed;
    expect(inMutation.moved).toBe(0);
    expect(inMutation.elapsed).toBeGreaterThan(0);
    const inAction = valueOf(await runtime.action("isolate:timeInAction")) as unknown as Observed;
    expect(inAction.elapsed).toBeGreaterThan(0);
  });

  test("random values differ between executions and look the part", () => {
    const [first, second] = [1, 2].map(() => valueOf(runtime.query("isolate:timeInQuery")) as unknown as Observed);
    expect(first?.random).not.toEqual(second?.random);
    expect(first?.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(first?.uuid).not.toBe(second?.uuid);
    expect(first?.bytes).not.toEqual(second?.bytes);
  });

  test("a query that looks at the time, or at who asked, says so", () => {
    expect(runtime.query("isolate:timeInQuery")).toMatchObject({ readTime: true, readIdentity: false });
    expect(runtime.query("notes:list")).toMatchObject({ readTime: false, readIdentity: false });
    expect(runtime.query("nesting:surroundings")).toMatchObject({ readIdentity: true });
  });

  test("the clock of the runtime is the one that functions see", async () => {
    const before = (valueOf(runtime.query("isolate:timeInQuery")) as unknown as Observed).dates[0] ?? 0;
    runtime.clock.advance(3_600_000);
    const after = (valueOf(runtime.query("isolate:timeInQuery")) as unknown as Observed).dates[0] ?? 0;
    expect(after - before).toBeGreaterThanOrEqual(3_600_000);
  });
});
