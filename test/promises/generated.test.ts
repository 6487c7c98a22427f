/** What is generated is in step with its sources. */
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generateCode } from "../../scripts/codegen/generating.ts";

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(path.join(os.tmpdir(), "noruxa-generated-"));
  for (const name of ["convex", "src/shared", "src/policy", "convex.json", "package.json", "tsconfig.json"]) {
    cpSync(name, path.join(copy, name), { recursive: true });
  }
  rmSync(path.join(copy, "convex/_generated"), { recursive: true, force: true });
  symlinkSync(path.resolve("node_modules"), path.join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("convex/_generated is what `npm run codegen` writes, components included", { timeout: 60_000 }, async () => {
  expect(await generateCode(copy)).toMatchObject({ exitCode: 0 });
  const written = contents(path.join(copy, "convex/_generated"));
  expect(written["api.d.ts"]).toContain("export declare const components");
  expect(contents("convex/_generated")).toEqual(written);
});

function contents(folder: string): Record<string, string> {
  const files = globSync("**/*.*", { cwd: folder });
  return Object.fromEntries(files.map((file) => [file, readFileSync(path.join(folder, file), "utf8")]));
}
