/** The docs say what the code does: variables, commands, dependencies and links are compared with their sources. */
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { variables } from "../../scripts/doctor/variables.ts";
import { FUNCTION_VARIABLES, HOME_VARIABLES } from "../../src/runtime/config.ts";

const read = (file: string) => readFileSync(file, "utf8");
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();
const captures = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? "");

const manifest = JSON.parse(read("package.json")) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};
const direct = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
const documented = captures(read(".env.example"), /^(?:# )?([A-Z][A-Z0-9_]+)=/gm);
const handwritten = globSync(["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md"]);

/** Names taken from an environment, one by one or several at once. */
function variablesReadBy(source: string): string[] {
  const several = captures(source, /\{([^{}]*)\} = process\.env\b/g).flatMap((names) =>
    captures(names, /([A-Z][A-Z0-9_]+)/g),
  );
  return [...captures(source, /\benv(?:\.|\[")([A-Z][A-Z0-9_]+)/g), ...several];
}

/** Variables that tools define and the sources only read. */
const GIVEN_BY_TOOLS = [
  "CI",
  "DEV",
  "MALLOC_ARENA_MAX",
  "NODE_COMPILE_CACHE",
  "NODE_ENV",
  "NODE_OPTIONS",
  "PATH",
  "PROD",
  "TZ",
  "CONVEX_CLOUD_URL",
  "CONVEX_SITE_URL",
];

/** Variables with which the Convex CLI finds its deployment. */
const READ_BY_CONVEX = [
  "CONVEX_DEPLOYMENT",
  "VITE_CONVEX_URL",
  "VITE_CONVEX_SITE_URL",
  "CONVEX_SELF_HOSTED_URL",
  "CONVEX_SELF_HOSTED_ADMIN_KEY",
  "CONVEX_DEPLOY_KEY",
];

describe("the docs match the code", () => {
  test(".env.example explains every variable the sources read, each with a line before it", () => {
    const sources = globSync(["convex/**/*.ts", "src/**/*.{ts,tsx}", "scripts/**/*.{ts,mjs}", "bench/**/*.ts"]);
    const readBySources = sources.flatMap((file) => variablesReadBy(read(file)));
    const unexplained = sorted(readBySources).filter(
      (name) => !documented.includes(name) && !GIVEN_BY_TOOLS.includes(name),
    );
    expect(unexplained).toEqual([]);
    expect(read(".env.example")).not.toMatch(/\n\n(?:# )?[A-Z][A-Z0-9_]+=/);
  });

  test(".env.example names no variable twice, and none that nothing reads", () => {
    const known = [
      ...variables.map(({ name }) => name),
      ...Object.keys(HOME_VARIABLES),
      "VITE_CLERK_PUBLISHABLE_KEY",
      "CHROMIUM_PATH",
      ...READ_BY_CONVEX,
    ];
    expect(documented.toSorted()).toEqual(sorted(known));
  });

  test("the doctor knows every variable that the embedded home gives to the functions", () => {
    const names = variables.map(({ name }) => name);
    expect(
      Object.values(FUNCTION_VARIABLES)
        .flat()
        .filter((name) => !names.includes(name)),
    ).toEqual([]);
  });

  test("docs/deploy.md sets every variable that is always needed, in the doctor's order of steps", () => {
    const deploy = read("docs/deploy.md");
    const set = captures(deploy, /convex env set --prod ([A-Z0-9_]+)/g);
    const needed = variables.filter(({ needed }) => needed === "always").map(({ name }) => name);
    expect(needed.filter((name) => !set.includes(name))).toEqual([]);
  });

  test("docs/deploy.md lists every HTTP route, and no other", () => {
    const routes = [...read("convex/http.ts").matchAll(/path(?:Prefix)?: "(\/[^"]+)", method: "([A-Z]+)"/g)];
    // A route whose last part varies is a prefix in the table of the code and has a name for it on the page.
    const listed = captures(read("docs/deploy.md"), /^\| `([A-Z]+ \/[^`]*)` \|/gm).map((route) =>
      route.replace(/:\w+$/, ""),
    );
    expect(listed.toSorted()).toEqual(routes.map(([, route, method]) => `${method} ${route}`).toSorted());
  });

  test("CONTRIBUTING.md has a row for every npm script, and no other", () => {
    const rows = captures(read("CONTRIBUTING.md"), /^\| `npm (?:run )?([\w:]+)` \|/gm);
    expect(rows.toSorted()).toEqual(Object.keys(manifest.scripts).toSorted());
  });

  test("every npm script that a page names exists", () => {
    const named = handwritten.flatMap((file) => captures(read(file), /npm run ([\w:]+)/g));
    expect(sorted(named).filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  test("docs/dependencies.md lists every direct dependency with the licence its package states", () => {
    const rows = [...read("docs/dependencies.md").matchAll(/^\| (\S+) \| (.+) \| (.+) \|$/gm)].filter(
      ([, name]) => name !== "package",
    );
    const listed = Object.fromEntries(rows.map(([, name, , licence]) => [name, licence]));
    const stated = Object.keys(direct).map((name) => {
      const { license } = JSON.parse(read(`node_modules/${name}/package.json`)) as { license: string };
      return [name, license];
    });
    expect(listed).toEqual(Object.fromEntries(stated));
  });

  test("dependencies are pinned exactly", () => {
    const pins = Object.values(direct);
    expect(pins.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test("every relative link of a page leads to a file", () => {
    const broken = handwritten.flatMap((file) =>
      captures(read(file), /\]\((?!https?:|#)([^)#]+)/g)
        .filter((target) => !existsSync(path.join(path.dirname(file), target)))
        .map((target) => `${file} → ${target}`),
    );
    expect(broken).toEqual([]);
  });
});
