import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messageOf, TestRuntime, valueOf } from "./runtime.ts";

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await TestRuntime.start();
});
afterAll(() => runtime.close());

describe('"use node" actions', () => {
  test("run in Node with the deployment's environment only, and call back", async () => {
    const result = await runtime.action("nodeActions:surroundings", { text: "a" });
    expect(valueOf(result)).toEqual({
      hash: "ca978112",
      notes: ["a"],
      issuer: "https://issuer.test",
      home: null,
      buffer: "78",
      calls: 1,
    });
    expect(result.logLines).toEqual(["[LOG] 'hashing' { text: 'a' }"]);
  });

  test("are part of the deployment, with their validators", () => {
    expect(runtime.runner.deployment.find("", "nodeActions:surroundings")).toMatchObject({
      kind: "action",
      environment: "node",
      args: { type: "object" },
    });
  });

  test("fail with the developer's file and line, and with a ConvexError's data", async () => {
    expect(messageOf(await runtime.action("nodeActions:fails"))).toMatch(
      /^Uncaught TypeError: from Node\n {4}at .*handler \(convex\/nodeActions\.ts:30:11\)/,
    );
    expect((await runtime.action("nodeActions:failsWithData")).outcome).toMatchObject({
      ok: false,
      error: { data: "told" },
    });
  });

  test("that kill their process fail, and the next one finds a new process", async () => {
    expect(messageOf(await runtime.action("nodeActions:dies"))).toContain("ended: exit code 3");
    expect(valueOf(await runtime.action("nodeActions:surroundings", { text: "b" }))).toMatchObject({ calls: 1 });
    expect(runtime.log.join()).toContain("exit code 3");
  });

  test("a new deployment runs them in a new process", async () => {
    await runtime.deploy();
    expect(valueOf(await runtime.action("nodeActions:surroundings", { text: "c" }))).toMatchObject({ calls: 1 });
  });
});
