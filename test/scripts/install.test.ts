/** The first command on a fresh clone installs by itself, with an npm that is played by a script. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const INSTALLER = path.resolve("scripts/install.mjs");
const LOCK = {
  packages: { "": {}, "node_modules/a": { version: "1.0.0", integrity: "x" }, "node_modules/b": { optional: true } },
};

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "noruxa-install-"));
  writeLock("1.0.0");
  playNpm();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function writeLock(version: string): void {
  const lock = structuredClone(LOCK);
  lock.packages["node_modules/a"].version = version;
  writeFileSync(path.join(root, "package-lock.json"), JSON.stringify(lock));
}

/** An npm that installs package `a` and Node as the real one would; `trouble` is code that runs before it is done. */
function playNpm(trouble = ""): void {
  const code = `
    const fs = require("node:fs");
    fs.appendFileSync("npm.log", process.argv.slice(2).join(" ") + "\\n");
    fs.rmSync("node_modules", { recursive: true, force: true });
    fs.mkdirSync("node_modules/node/bin", { recursive: true });
    fs.writeFileSync("node_modules/node/bin/node", "");
    ${trouble}
    const { packages } = JSON.parse(fs.readFileSync("package-lock.json", "utf8"));
    const installed = { "node_modules/a": packages["node_modules/a"] };
    fs.writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages: installed }));
  `;
  mkdirSync(root, { recursive: true });
  writeFileSync(path.join(root, "npm.js"), code);
}

function install(): Promise<{ code: number | null; output: string }> {
  const program = `import { ensureInstalled } from ${JSON.stringify(INSTALLER)}; await ensureInstalled(${JSON.stringify(root)});`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    env: { ...process.env, npm_execpath: path.join(root, "npm.js") },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

function npmRuns(): string[] {
  return readFileSync(path.join(root, "npm.log"), "utf8").trim().split("\n");
}

describe("installing by itself", () => {
  test("installs what is missing once, development packages included, and then no more", async () => {
    expect(await install()).toMatchObject({ code: 0, output: expect.stringContaining("Dependencies installed") });
    expect(await install()).toEqual({ code: 0, output: "" });
    expect(npmRuns()).toEqual(["ci --include=dev --no-audit --no-fund"]);
  });

  test("installs again when the lock file asks for another version", async () => {
    await install();
    writeLock("2.0.0");
    expect((await install()).code).toBe(0);
    expect(npmRuns()).toHaveLength(2);
  });

  test("begins anew after an install that was cut off", async () => {
    playNpm('process.kill(process.pid, "SIGKILL");');
    expect((await install()).code).not.toBe(0);
    playNpm();
    expect((await install()).code).toBe(0);
    expect(npmRuns()).toHaveLength(2);
  });

  test("shows npm's own words when npm fails", async () => {
    playNpm('console.error("ENOTFOUND the registry"); process.exit(7);');
    expect(await install()).toMatchObject({ code: 1, output: expect.stringContaining("ENOTFOUND the registry") });
  });

  test("lets one of two first commands install and the other wait for it", async () => {
    playNpm("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);");
    expect((await Promise.all([install(), install()])).map(({ code }) => code)).toEqual([0, 0]);
    expect(npmRuns()).toHaveLength(1);
  });

  test("takes over the lock of an installer that died", async () => {
    mkdirSync(path.join(root, ".noruxa"));
    writeFileSync(path.join(root, ".noruxa", "install.lock"), "999999999");
    expect((await install()).code).toBe(0);
  });
});
