import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messageOf, TestRuntime, valueOf } from "./runtime.ts";

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await TestRuntime.start();
});
afterAll(() => runtime.close());

const IN_QUERIES = "in queries and mutations. Please consider using an action.";

describe("what queries and mutations must not do", () => {
  test("fetch is refused with an error they may catch", () => {
    expect(valueOf(runtime.query("forbidden:fetchCaught"))).toContain(`Can't use fetch() ${IN_QUERIES}`);
  });

  test("a timer fails the function even inside try and catch, and clearing one is harmless", async () => {
    expect(messageOf(await runtime.mutation("forbidden:timerCaught"))).toContain(`Can't use setTimeout ${IN_QUERIES}`);
    expect(valueOf(runtime.query("forbidden:clearing"))).toBe("harmless");
  });

  test("making keys, too many random bytes and random floats are refused", async () => {
    expect(valueOf(await runtime.mutation("forbidden:keysCaught"))).toEqual({
      generate: expect.stringContaining(`Can't use cryptographic randomness ${IN_QUERIES}`),
      manyBytes: expect.stringContaining("65536"),
      floats: expect.stringContaining("integer"),
    });
  });

  test.each([
    ["wrapKey", "wrapKey for SubtleCrypto"],
    ["keyWrapAlgorithm", "AES-KW for SubtleCrypto"],
    ["urlSetter", "set host for URL"],
  ])("%s is not implemented, and catching the error does not help", async (name, what) => {
    const path = `forbidden:${name}`;
    const result = name === "urlSetter" ? runtime.query(path) : await runtime.mutation(path);
    expect(messageOf(result)).toContain(`Not implemented: ${what}`);
  });

  test("a dynamic import is refused", () => {
    expect(valueOf(runtime.query("forbidden:dynamicImport"))).toContain(`Can't use dynamic import ${IN_QUERIES}`);
  });
});

describe("limits", () => {
  test.each(["endless", "endlessMicrotasks"])("an execution that goes on and on is ended: %s", (name) => {
    expect(messageOf(runtime.query(`forbidden:${name}`))).toBe("Function execution timed out (maximum duration: 1s)");
  });

  test("a nested call that runs out of time ends its caller, whatever that catches", async () => {
    expect(messageOf(await runtime.mutation("nesting:spin"))).toContain("timed out");
  });

  test("time spent in the database does not count", () => {
    const execution = runtime.query("nesting:manyReads");
    expect(valueOf(execution)).toBe(0);
  });

  test("a promise that cannot settle is told so at once", () => {
    expect(messageOf(runtime.query("forbidden:neverSettles"))).toBe("Returned promise will never resolve");
  });
});

describe("promises nobody waits for", () => {
  test("a rejection nobody handles fails the function", async () => {
    expect(messageOf(await runtime.mutation("forbidden:unhandled"))).toMatch(
      /^Uncaught Error: nobody saw me\n.*forbidden\.ts:/,
    );
  });

  test("a rejection that is handled before the end does not", async () => {
    expect(valueOf(await runtime.mutation("forbidden:handledLate"))).toBe("seen in time");
  });

  test("a write without await still commits", async () => {
    expect(valueOf(await runtime.mutation("forbidden:forgottenAwait"))).toBe("done");
    expect(valueOf(runtime.query("notes:list"))).toContain("not awaited");
  });

  test("a write without await that fails, fails the function", async () => {
    expect(messageOf(await runtime.mutation("forbidden:forgottenFailure"))).toContain("notes");
  });
});
