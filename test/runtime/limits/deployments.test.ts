/** Limits on what is deployed: code, pushes and environment variables. */
import { brotliCompressSync, constants } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changeVariables } from "../../../src/runtime/convex/environmentVariables.ts";
import type { Bundle, ModuleSource } from "../../../src/runtime/convex/functions/bundle.ts";
import { checkBundle } from "../../../src/runtime/convex/functions/bundleLimits.ts";
import type { Transaction } from "../../../src/runtime/convex/types.ts";
import { ADMIN_KEY, startRuntime, type TestRuntime } from "../serving/support.ts";
import { tempStore } from "../store/support.ts";

const MIB = 1024 * 1024;
const QUICKLY = { params: { [constants.BROTLI_PARAM_QUALITY]: 0 } };

function bundleOf({ isolate, node }: { isolate: string[]; node: string[] }): Bundle {
  const modules = (codes: string[]): ModuleSource[] =>
    codes.map((code, position) => ({ path: `m${position}.js`, code, maps: [] }));
  return {
    definitions: [
      { definitionPath: "", modules: modules(isolate), entryPoints: [], schema: null, definition: null },
      { definitionPath: "child", modules: modules(["1"]), entryPoints: [], schema: null, definition: null },
    ],
    authConfig: null,
    node: { entryPoints: [], modules: modules(node), packagesDir: null },
  };
}

describe("a deployment", () => {
  test("may have 4,096 modules, and not one more", () => {
    const isolate = new Array<string>(4000).fill("");
    expect(() => checkBundle(bundleOf({ isolate, node: new Array(96).fill("") }))).not.toThrow();
    expect(() => checkBundle(bundleOf({ isolate, node: new Array(97).fill("") }))).toThrow(/Too many modules: 4097/);
  });

  test("may have 32 MiB of code, and not one byte more", () => {
    const isolate = ["x".repeat(16 * MIB)];
    // The component's module has one byte.
    expect(() => checkBundle(bundleOf({ isolate, node: ["x".repeat(16 * MIB - 1)] }))).not.toThrow();
    expect(() => checkBundle(bundleOf({ isolate, node: ["x".repeat(16 * MIB)] }))).toThrow(/code is too large/);
  });
});

describe("environment variables", () => {
  const change = (tx: Transaction, name: string, value: string) => changeVariables(tx, {}, [{ name, value }]);
  const inTransaction = async (work: (tx: Transaction) => void) => {
    const tx = (await tempStore()).begin();
    work(tx);
    tx.close();
  };

  test("may be 512, and not one more", () =>
    inTransaction((tx) => {
      const most = Array.from({ length: 512 }, (_, number) => ({ name: `V${number}`, value: "x" }));
      expect(() => changeVariables(tx, {}, most)).not.toThrow();
      expect(() => change(tx, "V512", "x")).toThrow(/at most 512/);
    }));

  test("may have names of 40 characters, and not one more", () =>
    inTransaction((tx) => {
      expect(() => change(tx, "N".repeat(40), "x")).not.toThrow();
      expect(() => change(tx, "N".repeat(41), "x")).toThrow(/at most 40/);
    }));

  test("may have values of 8 KiB, and not one byte more", () =>
    inTransaction((tx) => {
      expect(() => change(tx, "V", "ä".repeat(4096))).not.toThrow();
      expect(() => change(tx, "V", `${"ä".repeat(4096)}x`)).toThrow(/larger than 8192 bytes/);
    }));
});

describe("a push", () => {
  let runtime: TestRuntime;
  beforeAll(async () => {
    runtime = await startRuntime();
  });
  afterAll(() => runtime.close());

  /** A push of so many bytes, all but a few of them blank, which is packed into very few. */
  const push = async (bytes: number) => {
    const response = await fetch(`${runtime.apiUrl}/api/deploy2/start_push`, {
      method: "POST",
      headers: { authorization: `Convex ${ADMIN_KEY}`, "content-encoding": "br" },
      body: brotliCompressSync(Buffer.concat([Buffer.from("{}"), Buffer.alloc(bytes - 2, " ")]), QUICKLY),
    });
    return response.text();
  };

  test("may have 200 MB once unpacked, and not one byte more", { timeout: 60_000 }, async () => {
    expect(await push(200_000_000)).toContain("expected object");
    expect(await push(200_000_001)).toContain("Cannot create a Buffer larger than 200000000 bytes");
  });
});
