import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { findEntryPoints } from "../../../src/runtime/convex/functions/entryPoints.ts";
import { TestRuntime, valueOf } from "./runtime.ts";

const PACKAGES = path.join(import.meta.dirname, "../../../node_modules");
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A project with these files in its `convex` folder. */
async function folderOf(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), "noruxa-deploying-"));
  cleanups.push(() => rm(root, { recursive: true, force: true }));
  await symlink(PACKAGES, path.join(root, "node_modules"));
  const convexDir = path.join(root, "convex");
  await mkdir(convexDir);
  await edit(convexDir, files);
  return convexDir;
}

async function edit(convexDir: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(convexDir, name)), { recursive: true });
    await writeFile(path.join(convexDir, name), text);
  }
}

async function start(files: Record<string, string>): Promise<TestRuntime> {
  const runtime = await TestRuntime.start(await folderOf(files));
  cleanups.push(() => runtime.close());
  return runtime;
}

/** Why a folder cannot be deployed. */
async function refusalOf(files: Record<string, string>): Promise<string> {
  const convexDir = await folderOf(files);
  return TestRuntime.start(convexDir).then(
    async (runtime) => {
      await runtime.close();
      throw new Error("It was deployed.");
    },
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

const query = (body: string) =>
  `import { queryGeneric } from "convex/server";\nexport const get = queryGeneric({ args: {}, handler: async () => ${body} });\n`;

describe("entry points", () => {
  test("are the files that the official CLI would push", async () => {
    const module = "export const x = 1;";
    const convexDir = await folderOf({
      ...{ "a.ts": module, "b/c.ts": module, "b/schema.ts": module, "d.js": "x", "e.tsx": module, "f.mts": module },
      ...{
        "_generated/api.ts": module,
        "g.test.ts": module,
        ".h.ts": module,
        "#i.ts": module,
        "auth.config.ts": module,
      },
      ...{
        "j k.ts": module,
        "types.ts": "// nothing here\n",
        "README.md": "#",
        "schema.ts": module,
        "data.json": "{}",
      },
      ...{ "part/convex.config.ts": module, "part/l.ts": module, "convex.config.ts": module },
      ...{ "n.ts": `// first\n"use strict";\n'use node';\n${module}`, "o.ts": `${module}\n"use node";` },
    });
    const { isolate, node } = findEntryPoints(convexDir);
    const names = (files: string[]) => files.map((file) => path.relative(convexDir, file));
    expect(names(isolate)).toEqual(["a.ts", "b/c.ts", "d.js", "e.tsx", "f.mts", "o.ts"]);
    expect(names(node)).toEqual(["n.ts"]);
  });

  test.each([
    [{ "_deps/a.ts": "export {}" }, "reserved for bundled dependencies"],
    [{ "http.ts": '"use node";\nexport {}' }, '"use node" directive is not allowed for http.ts'],
    [{ "actions/a.ts": "export {}" }, 'needs "use node"'],
  ])("a misplaced file is refused: %j", async (files, reason) => {
    expect(await refusalOf(files)).toContain(reason);
  });
});

describe("a folder that cannot be deployed", () => {
  test("a syntax error is reported with file, line and column", async () => {
    expect(await refusalOf({ "a.ts": "export const x = 1;\nexport const = 2;\n" })).toMatch(
      /DeploymentError: .*convex\/a\.ts:2:13/s,
    );
  });

  test("a missing import is reported with file and line", async () => {
    const message = await refusalOf({ "a.ts": 'import "./missing";\nexport {};\n' });
    expect(message).toMatch(/Could not resolve "\.\/missing".*convex\/a\.ts:1:7/s);
  });

  test('a Node module outside "use node" is explained', async () => {
    expect(await refusalOf({ "a.ts": 'import "node:fs";\nexport {};\n' })).toContain(
      'needs "use node" as its first line',
    );
  });

  test("a module that throws is reported with file and line, and what it logged as an error", async () => {
    const message = await refusalOf({
      "dir/a.ts": 'console.error("hint");\n\nthrow new Error("at import");\nexport {};\n',
    });
    expect(message).toMatch(
      /^DeploymentError: Failed to analyze dir\/a\.js: Uncaught Error: at import\n {4}at .*convex\/dir\/a\.ts:3:7/,
    );
    expect(message).toContain("'hint'");
  });

  test.each([
    ["await (0 as never)", "Top-level await"],
    ['fetch("http://127.0.0.1")', "fetch() unsupported at import time"],
    ["setTimeout(() => {}, 1)", "setTimeout unsupported at import time"],
    [
      'crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"])',
      "cryptographic randomness unsupported at import time",
    ],
    ['Convex.asyncSyscall("1.0/insert", "{}")', "insert unsupported at import time"],
    ['Convex.syscall("1.0/queryStream", "{}")', "queryStream unsupported at import time"],
    ["Promise.reject(new Error('left alone'))", "left alone"],
  ])("%s at module scope is refused", async (statement, reason) => {
    expect(await refusalOf({ "a.ts": `export const x = ${statement};\n` })).toContain(reason);
  });

  test("a module may take 4 seconds to be imported, and no longer", { timeout: 30_000 }, async () => {
    const endless = "for (;;) Math.random();\nexport {};\n";
    expect(await refusalOf({ "a.ts": endless })).toContain("Importing took longer than 4 s");
  });

  test("an environment variable that auth.config.ts misses is named", async () => {
    const config = 'export default { providers: [{ domain: process.env.NOWHERE, applicationID: "x" }] };';
    expect(await refusalOf({ "auth.config.ts": config })).toContain(
      "Environment variable NOWHERE is used in auth.config.ts",
    );
  });

  test.each(["Math.random()", "Date.now()", "new Date().getTime()", "crypto.randomUUID()"])(
    "auth.config.ts cannot use %s",
    async (expression) => {
      const config = `const x = String(${expression});\nexport default { providers: [{ domain: x, applicationID: x }] };`;
      expect(await refusalOf({ "auth.config.ts": config })).toContain("auth.config");
    },
  );

  test.each([
    ["http.ts", "The default export of `convex/http.ts` is not a Router."],
    ["crons.ts", "`convex/crons.ts` must have a default export of a Crons object."],
  ])("%s must export what it is named for", async (file, reason) => {
    expect(await refusalOf({ [file]: "export default {};" })).toContain(reason);
  });

  test('a query in a "use node" file is refused by name', async () => {
    expect(await refusalOf({ "a.ts": `"use node";\n${query("1")}` })).toContain("a:get is not an action");
  });

  test("a component that lacks its environment is refused by name", async () => {
    const message = await refusalOf({
      "convex.config.ts":
        'import { defineApp } from "convex/server";\nimport part from "./part/convex.config";\nconst app = defineApp();\napp.use(part);\nexport default app;',
      "part/convex.config.ts":
        'import { defineComponent } from "convex/server";\nimport { v } from "convex/values";\nexport default defineComponent("part", { env: { KEY: v.string() } });',
    });
    expect(message).toContain('The component "part" needs the environment variable KEY');
  });
});

describe("deploying again", () => {
  test("replaces everything at once when it succeeds, and nothing when it fails", async () => {
    const convexDir = await folderOf({ "a.ts": query('"one"') });
    const runtime = await TestRuntime.start(convexDir);
    cleanups.push(() => runtime.close());
    const { version } = runtime.runner.deployment;

    await edit(convexDir, { "a.ts": query('"two"'), "b.ts": query('"new"') });
    const prepared = await runtime.runner.prepare();
    expect(valueOf(runtime.query("a:get"))).toBe("one");
    runtime.runner.activate(prepared);
    expect([valueOf(runtime.query("a:get")), valueOf(runtime.query("b:get"))]).toEqual(["two", "new"]);
    expect(runtime.runner.deployment.version).toBeGreaterThan(version);

    await edit(convexDir, { "a.ts": query("(") });
    await expect(runtime.deploy()).rejects.toThrow("convex/a.ts:2");
    expect(valueOf(runtime.query("a:get"))).toBe("two");
  });

  test("changed environment variables are seen from the next deployment on", async () => {
    const runtime = await start({ "a.ts": query("process.env.COLOR ?? null") });
    runtime.env.COLOR = "red";
    expect(valueOf(runtime.query("a:get"))).toBeNull();
    await runtime.deploy();
    expect(valueOf(runtime.query("a:get"))).toBe("red");
  });

  test("an action under way ends on the code it began with", async () => {
    const action = (value: string) =>
      `import { actionGeneric } from "convex/server";\nexport const run = actionGeneric({ args: {}, handler: async () => {\n  await new Promise((resolve) => setTimeout(resolve, 30));\n  return (await import("./value.ts")).value;\n} });\n// ${value}\n`;
    const convexDir = await folderOf({ "a.ts": action("one"), "value.ts": 'export const value = "one";' });
    const runtime = await TestRuntime.start(convexDir);
    cleanups.push(() => runtime.close());
    await edit(convexDir, { "a.ts": action("two"), "value.ts": 'export const value = "two";' });
    const prepared = await runtime.runner.prepare();
    const running = runtime.action("a:run");
    runtime.runner.activate(prepared);
    expect(valueOf(await running)).toBe("one");
    expect(valueOf(await runtime.action("a:run"))).toBe("two");
  });
});

describe("bundling", () => {
  test("stubs server-only, shims async_hooks, and compiles WebAssembly and JSON", async () => {
    // (module (func (export "get") (result i32) i32.const 42))
    const wasm = Buffer.from("0061736d010000000105016000017f030201000707010367657400000a06010400412a0b", "hex");
    const result =
      "[typeof AsyncLocalStorage, new WebAssembly.Instance(module).exports.get(), data.a, process.env.NODE_ENV]";
    const convexDir = await folderOf({
      "a.ts": [
        'import "server-only";',
        'import { AsyncLocalStorage } from "node:async_hooks";',
        'import module from "./answer.wasm";',
        'import data from "./data.json";',
        query(result),
      ].join("\n"),
      "data.json": '{"a":7}',
    });
    await writeFile(path.join(convexDir, "answer.wasm"), wasm);
    const runtime = await TestRuntime.start(convexDir);
    cleanups.push(() => runtime.close());
    expect(valueOf(runtime.query("a:get"))).toEqual(["function", 42, 7, "production"]);
  });
});
