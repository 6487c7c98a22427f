import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundleWithCache } from "../../../src/runtime/convex/functions/bundleCache.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "noruxa-bundle-"));
  await mkdir(path.join(root, "convex"));
  await write("shared.ts", 'export const greeting = "hello";');
  await write("convex/greetings.ts", 'import { greeting } from "../shared.ts";\nexport const greet = () => greeting;');
});

afterEach(() => rm(root, { recursive: true, force: true }));

describe("the bundle of a folder", () => {
  test("is taken from the last start while nothing has changed", async () => {
    const bundled = await bundle();
    expect(await bundle()).toEqual(bundled);
    await markKept();
    expect(await bundle()).toMatchObject({ mark: "kept" });
  });

  test.each([
    ["a file of the folder changes", "convex/greetings.ts", "export const greet = () => 'changed';"],
    ["a file that it imports changes", "shared.ts", 'export const greeting = "changed";'],
    ["a file is added", "convex/more.ts", "export const more = 1;"],
    ["the rules by which imports are resolved change", "tsconfig.json", "{}"],
  ])("is made anew when %s", async (_, file, content) => {
    await bundle();
    await markKept();
    await write(file, content);
    expect(await bundle()).not.toHaveProperty("mark");
  });

  test("is made anew when a file that it imports is gone", async () => {
    await bundle();
    await rm(path.join(root, "shared.ts"));
    await expect(bundle()).rejects.toThrow(/shared\.ts/);
  });

  test("is made anew when what was kept is damaged", async () => {
    const bundled = await bundle();
    await writeFile(await keptFile(), '{"inputs":[');
    expect(await bundle()).toEqual(bundled);
  });

  test("is not kept when a file was written while it was made", async () => {
    await write("shared.ts", 'export const greeting = "from the future";', Date.now() + 60_000);
    await bundle();
    await expect(keptFile()).rejects.toThrow("ENOENT");
  });
});

function bundle() {
  return bundleWithCache(path.join(root, "convex"), path.join(root, "cache"));
}

/** Written a minute ago unless said otherwise. */
async function write(file: string, content: string, writtenAtMs = Date.now() - 60_000): Promise<void> {
  await writeFile(path.join(root, file), content);
  await utimes(path.join(root, file), writtenAtMs / 1000, writtenAtMs / 1000);
}

async function keptFile(): Promise<string> {
  const [file = ""] = await readdir(path.join(root, "cache"));
  return path.join(root, "cache", file);
}

/** Lets a bundle that was kept be told from one that was made anew. */
async function markKept(): Promise<void> {
  const file = await keptFile();
  const kept = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, JSON.stringify({ ...kept, bundle: { ...kept.bundle, mark: "kept" } }));
}
