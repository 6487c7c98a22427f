/** What is generated, or kept by hand in place of generated code, is in step with its sources. */
import { execFile } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(path.join(os.tmpdir(), "noruxa-codegen-"));
  for (const name of ["convex", "src/shared", "src/policy", "package.json", "tsconfig.json"]) {
    cpSync(name, path.join(copy, name), { recursive: true });
  }
  rmSync(path.join(copy, "convex/_generated"), { recursive: true, force: true });
  symlinkSync(path.resolve("node_modules"), path.join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("convex/_generated is what `npm run codegen` writes", async () => {
  const args = ["codegen", "--system-udfs", "--typecheck", "disable"];
  await promisify(execFile)(process.execPath, [path.resolve("node_modules/convex/bin/main.js"), ...args], {
    cwd: copy,
  });
  const written = contents(path.join(copy, "convex/_generated"));
  expect(Object.keys(written).length).toBeGreaterThan(3);
  expect(contents("convex/_generated")).toEqual(written);
});

describe("convex/components.ts", () => {
  test("names the components that convex.config.ts uses, each with its own type", () => {
    const uses = readFileSync("convex/convex.config.ts", "utf8").matchAll(
      /app\.use\((\w+)(?:, \{ name: "(\w+)" \})?\)/g,
    );
    const used = [...uses].map(([, definition, name]) => name ?? definition);
    const typed = readFileSync("convex/components.ts", "utf8").matchAll(/^\s*(\w+): \w+<"(\w+)">/gm);
    const names = [...typed].map(([, key, parameter]) => (key === parameter ? key : `${key} typed as ${parameter}`));
    expect(used.length).toBeGreaterThan(0);
    expect(names.toSorted()).toEqual(used.toSorted());
  });
});

function contents(folder: string): Record<string, string> {
  const files = globSync("**/*.*", { cwd: folder });
  return Object.fromEntries(files.map((file) => [file, readFileSync(path.join(folder, file), "utf8")]));
}
