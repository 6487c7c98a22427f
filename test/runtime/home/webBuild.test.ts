import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { HomeError } from "../../../src/runtime/homeError.ts";
import { ensureWebBuild } from "../../../src/runtime/webBuild.ts";

/** A project with a page of one line, built by the real Vite. */
async function smallProject() {
  const dir = await mkdtemp(path.join(os.tmpdir(), "noruxa-build-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await symlink(path.resolve("node_modules"), path.join(dir, "node_modules"));
  await mkdir(path.join(dir, "src/web"), { recursive: true });
  await writeFile(path.join(dir, "vite.config.ts"), `export default { root: "src/web" };`);
  const write = (title: string) => writeFile(path.join(dir, "src/web/index.html"), `<title>${title}</title>`);
  await write("one");
  const builds: string[] = [];
  const ensure = ({ env = {}, signal = new AbortController().signal } = {}) =>
    ensureWebBuild({ projectDir: dir, env, log: (line) => builds.push(line), signal });
  return { dir, write, ensure, builds, page: () => readFile(path.join(dir, "dist/web/index.html"), "utf8") };
}

test("the app is built when its sources changed, and only then", async () => {
  const { write, ensure, builds, page } = await smallProject();
  await ensure();
  expect(await page()).toContain("one");
  await ensure();
  expect(builds).toHaveLength(1);
  await write("two");
  await ensure();
  expect(await page()).toContain("two");
  expect(builds).toHaveLength(2);
});

test("it is built for production, with the variables that are its own, whatever runs the home", async () => {
  const { dir, ensure, builds, page } = await smallProject();
  await writeFile(path.join(dir, "src/web/index.html"), "<title>%MODE% %PROD% %VITE_NAME%</title>");
  await ensure({ env: { VITE_NAME: "ada", OTHER: "secret" } });
  expect(await page()).toContain("production true ada");
  await ensure({ env: { VITE_NAME: "bob" } });
  expect(await page()).toContain("production true bob");
  expect(builds).toHaveLength(2);
});

test("when several ask at once, one builds and the others wait", async () => {
  const { ensure, builds, page } = await smallProject();
  await Promise.all([ensure(), ensure(), ensure()]);
  expect(builds).toHaveLength(1);
  expect(await page()).toContain("one");
});

test("a build that fails says why and leaves the last one in place", async () => {
  const { dir, ensure, page } = await smallProject();
  await ensure();
  await writeFile(path.join(dir, "src/web/index.html"), `<script type="module" src="./gone.ts"></script>`);
  const failure = await ensure().catch((error) => error);
  expect(failure).toBeInstanceOf(HomeError);
  expect(failure.message).toMatch(/could not be built:[^]*gone\.ts/);
  expect(await page()).toContain("one");
});

test("a build ends when the home does, and the next one starts afresh", async () => {
  const { ensure, page } = await smallProject();
  const ending = new AbortController();
  const build = ensure({ signal: ending.signal });
  ending.abort();
  await expect(build).rejects.toThrow("aborted");
  await ensure();
  expect(await page()).toContain("one");
});
