import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MovableClock } from "../../../src/runtime/clock.ts";
import { startConvex } from "../../../src/runtime/convex/server.ts";
import { ADMIN_KEY, api, FIXTURES, startRuntime, type TestRuntime, until } from "./support.ts";

let projectDir: string;
let convexDir: string;
let runtime: TestRuntime;

beforeAll(async () => {
  projectDir = await mkdtemp(path.join(tmpdir(), "noruxa-deploying-"));
  convexDir = path.join(projectDir, "convex");
  await cp(path.join(FIXTURES, "convex"), convexDir, { recursive: true });
  await symlink(path.resolve("node_modules"), path.join(projectDir, "node_modules"));
  runtime = await startRuntime({ convexDir, watch: [convexDir] });
});
afterAll(async () => {
  await runtime.close();
  await rm(projectDir, { recursive: true, force: true });
});

function save(name: string, text: string): Promise<void> {
  return writeFile(path.join(convexDir, name), text);
}

const HELLO = (text: string) => `
import { queryGeneric as query } from "convex/server";
export const hello = query({ args: {}, handler: () => ${JSON.stringify(text)} });
`;

function logged(pattern: RegExp): Promise<string[]> {
  return until(
    () => runtime.logs,
    (logs) => logs.some((line) => pattern.test(line)),
  );
}

describe("saving a file in convex/", () => {
  test("deploys it and runs live queries again", async () => {
    const seen: string[] = [];
    await save("hello.ts", HELLO("one"));
    await logged(/Functions reloaded in \d+ ms/);
    const hello = makeFunctionReference<"query", Record<string, never>, string>("hello:hello");
    runtime.client().onUpdate(hello, {}, (text) => seen.push(text));
    await until(
      () => seen,
      (texts) => texts.includes("one"),
    );
    await save("hello.ts", HELLO("two"));
    await until(
      () => seen,
      (texts) => texts.at(-1) === "two",
    );
    expect(seen).toEqual(["one", "two"]);
  });

  test("with a mistake keeps what ran before, and says where the mistake is", async () => {
    await save("broken.ts", 'export const x = "unfinished\n');
    const logs = await logged(/not deployed/);
    expect(logs.at(-1)).toMatch(/broken\.ts:1/);
    expect(await runtime.http().query(api.messages.list, { channel: "still" })).toEqual([]);
    await save("broken.ts", "export {};\n");
    await until(
      () => runtime.logs.at(-1) ?? "",
      (line) => /reloaded/.test(line),
    );
  });

  test("with a schema that existing documents break keeps the old schema", async () => {
    await runtime.http().mutation(api.messages.send, { channel: "schema", body: "text" });
    const schema = `
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ messages: defineTable({ channel: v.string(), body: v.number() }).index("by_channel", ["channel"]) });
`;
    runtime.logs.length = 0;
    await save("schema.ts", schema);
    await logged(/not deployed/);
    expect(await runtime.http().query(api.messages.list, { channel: "schema" })).toEqual(["text"]);
  });
});

describe("starting", () => {
  const options = () => ({
    env: { TEST_ISSUER: "https://issuer.test" },
    adminKey: ADMIN_KEY,
    clock: new MovableClock(),
    host: "127.0.0.1",
    log: () => {},
    watch: [],
  });

  test("on a port that is taken is refused in one sentence, and leaves nothing behind", async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), "noruxa-taken-"));
    const apiPort = Number(new URL(runtime.apiUrl).port);
    const start = (port: number) =>
      startConvex({ ...options(), convexDir: path.join(FIXTURES, "convex"), dataDir, apiPort: port, sitePort: 0 });
    await expect(start(apiPort)).rejects.toThrow(new RegExp(`^Port ${apiPort} \\(Convex API\\) is taken`));
    const again = await start(0);
    await again.close();
    await rm(dataDir, { recursive: true });
  });

  test("on a data folder that is in use is refused", async () => {
    const folders = { convexDir: path.join(FIXTURES, "convex"), dataDir: runtime.dataDir };
    await expect(startConvex({ ...options(), ...folders, apiPort: 0, sitePort: 0 })).rejects.toThrow(/in use|another/i);
  });

  test("with a mistake in convex/ is refused, naming file and line", async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), "noruxa-mistake-"));
    const broken = path.join(projectDir, "brokenConvex");
    await cp(path.join(FIXTURES, "convex"), broken, { recursive: true });
    await writeFile(path.join(broken, "mistake.ts"), "export const x = ;\n");
    const start = startConvex({ ...options(), convexDir: broken, dataDir, apiPort: 0, sitePort: 0 });
    await expect(start).rejects.toThrow(/mistake\.ts:1/);
    await rm(dataDir, { recursive: true });
  });
});

test("closing tells sockets why, and finishes the mutations that run", async () => {
  const other = await startRuntime();
  const { RawSocket } = await import("./rawSocket.ts");
  const socket = await RawSocket.connect(other.apiUrl);
  for (let requestId = 0; requestId < 3; requestId += 1)
    socket.send({ type: "Mutation", requestId, udfPath: "counters:increment", args: [{ name: "closing" }] });
  await socket.next("MutationResponse");
  const restarted = await other.restart();
  expect(await socket.closed).toEqual({ code: 1012, reason: "ServerShutdown" });
  expect(await restarted.http().query(api.counters.get, { name: "closing" })).toBeGreaterThanOrEqual(1);
  await restarted.close();
});
