import { globSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_KEY, startRuntime, type TestRuntime, until } from "../serving/support.ts";
import { makeProject, type Project, succeeded } from "./officialCli.ts";

/** What `auth.config.ts` of this project asks for. */
const ENV = { CLERK_JWT_ISSUER_DOMAIN: "https://issuer.test" };
const SOURCES = ["convex", "src/shared", "src/policy", "convex.json", "package.json", "tsconfig.json"];

let emptyDir: string;
let runtime: TestRuntime;

beforeAll(async () => {
  emptyDir = await mkdtemp(path.join(tmpdir(), "noruxa-empty-"));
  await mkdir(path.join(emptyDir, "convex"));
  await symlink(path.resolve("node_modules"), path.join(emptyDir, "node_modules"));
  runtime = await startRuntime({ convexDir: path.join(emptyDir, "convex"), env: ENV });
});
afterAll(async () => {
  await runtime.close();
  await rm(emptyDir, { recursive: true });
});

const deployment = () => ({ apiUrl: runtime.apiUrl, adminKey: ADMIN_KEY });

interface Spec {
  functions: { identifier?: string; method?: string; path?: string }[];
}

async function functionSpec(of: Project): Promise<Spec["functions"]> {
  const { functions } = JSON.parse(succeeded(await of.convex("function-spec")).stdout) as Spec;
  const nameOf = ({ identifier, method, path }: Spec["functions"][number]) => identifier ?? `${method} ${path}`;
  return functions.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

describe("npx convex with this project", { timeout: 180_000 }, () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject(path.resolve("."), SOURCES, deployment());
  });
  afterAll(() => project.remove());

  async function generated(): Promise<Record<string, string>> {
    const dir = path.join(project.convexDir, "_generated");
    const files = globSync("*", { cwd: dir });
    const texts = await Promise.all(files.map((file) => readFile(path.join(dir, file), "utf8")));
    return Object.fromEntries(files.map((file, position) => [file, texts[position] ?? ""]));
  }

  test("deploy pushes it with its components, and type-checks it", async () => {
    const { stderr } = succeeded(await project.convex("deploy", "--typecheck", "enable"));
    expect(stderr).toContain("Schema validation complete");
    expect(stderr).toContain("Deployed Convex functions");
    expect(stderr).toContain("Installed component rateLimiter");
    expect(stderr).toMatch(/Added table indexes:[\s\S]*\[\+\] threads\.by/);
  });

  test("deploy serves the same functions as the folder loaded by npm start", async () => {
    const loaded = await startRuntime({ convexDir: path.resolve("convex"), env: ENV });
    const other = await makeProject(path.resolve("."), [], { apiUrl: loaded.apiUrl, adminKey: ADMIN_KEY });
    try {
      const pushed = await functionSpec(project);
      expect(pushed.length).toBeGreaterThan(50);
      expect(pushed).toEqual(await functionSpec(other));
    } finally {
      await loaded.close();
      await other.remove();
    }
  });

  test("deploy serves what it pushed: functions, HTTP actions and component tables", async () => {
    const client = new ConvexHttpClient(runtime.apiUrl, { logger: false });
    await expect(client.query(makeFunctionReference<"query">("account:me"), {})).resolves.toBeNull();
    const health = await fetch(`${runtime.siteUrl}/health`);
    expect(health.headers.get("content-type")).toContain("application/json");
    const tables = succeeded(await project.convex("data", "--component", "rateLimiter")).stdout;
    expect(tables).toContain("rateLimits");
  });

  test("dev --once regenerates _generated with its components, and the same each time", async () => {
    const first = await generated();
    const used = (await readFile("convex/convex.config.ts", "utf8")).match(/app\.use\(/g) ?? [];
    const typed =
      first["api.d.ts"]?.match(/^ {2}\w+: import\("@convex-dev\/[\w./-]+"\)\.ComponentApi<"\w+">;$/gm) ?? [];
    expect(used.length).toBeGreaterThan(0);
    expect(typed).toHaveLength(used.length);
    const { stderr } = succeeded(await project.convex("dev", "--once", "--typecheck", "disable"));
    expect(stderr).toContain("Convex functions ready");
    expect(await generated()).toEqual(first);
  });
});

const SCHEMA = (type: string) => `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ notes: defineTable({ text: ${type} }) });
`;

const NOTES = `import { mutationGeneric as mutation, queryGeneric as query } from "convex/server";
export const add = mutation({ handler: (ctx, { text }) => ctx.db.insert("notes", { text }) });
export const greeting = query({ handler: () => process.env.GREETING ?? null });
export const all = query({
  handler: async (ctx) => {
    console.warn("reading all");
    return (await ctx.db.query("notes").collect()).map(({ text }) => text);
  },
});
`;

describe("npx convex with a small project", { timeout: 120_000 }, () => {
  let project: Project;
  let dir: string;

  const save = (file: string, text: string) => writeFile(path.join(project.convexDir, file), text);
  const deploy = (...flags: string[]) => project.convex("deploy", "--typecheck", "disable", ...flags);

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "noruxa-small-"));
    project = await makeProject(dir, [], deployment());
    await mkdir(project.convexDir);
    await save("schema.ts", SCHEMA("v.string()"));
    await save("notes.ts", NOTES);
    succeeded(await deploy());
    succeeded(await project.convex("run", "notes:add", '{"text":"first"}'));
  });
  afterAll(async () => {
    await project.remove();
    await rm(dir, { recursive: true });
  });

  test("deploy --dry-run changes nothing", async () => {
    const before = await functionSpec(project);
    await save("extra.ts", "export {};\n");
    await save("notes.ts", NOTES.replace("greeting", "farewell"));
    expect(succeeded(await deploy("--dry-run")).stderr).toContain("Would have deployed");
    expect(await functionSpec(project)).toEqual(before);
    await save("notes.ts", NOTES);
  });

  test("deploy says file and line of a mistake that only evaluation finds, and keeps what ran", async () => {
    await save("broken.ts", '\nthrow new Error("not at import");\nexport const x = 1;\n');
    const { exitCode, stderr } = await deploy();
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("not at import");
    expect(stderr).toContain("convex/broken.ts:2");
    await rm(path.join(project.convexDir, "broken.ts"));
    expect(succeeded(await project.convex("run", "notes:all")).stdout).toContain("first");
  });

  test("deploy with a schema that documents break names one, and changes nothing", async () => {
    await save("schema.ts", SCHEMA("v.number()"));
    const { exitCode, stderr } = await deploy();
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/Document with ID "\w+" in table "notes" does not match the schema/);
    succeeded(await project.convex("run", "notes:add", '{"text":"still text"}'));
    await save("schema.ts", SCHEMA("v.string()"));
  });

  test("run calls functions, names those there are when there is none, and follows queries with --watch", async () => {
    const { stderr } = await project.convex("run", "notes:none");
    expect(stderr).toContain("• notes:add");
    const watching = project.watch("run", "notes:all", "--watch");
    await until(watching.output, (text) => text.includes("first"));
    succeeded(await project.convex("run", "notes:add", '{"text":"seen live"}'));
    await until(watching.output, (text) => text.includes("seen live"));
    await watching.stop();
  });

  test("logs shows what functions print and what fails, as it happens", async () => {
    const client = new ConvexHttpClient(runtime.apiUrl, { logger: false });
    const [add, all] = [makeFunctionReference<"mutation">("notes:add"), makeFunctionReference<"query">("notes:all")];
    const watching = project.watch("logs", "--success");
    await until(watching.output, (text) => text.includes("Watching logs"));
    await until(
      async () => {
        await client.mutation(add, { text: "so that no earlier answer will do" });
        await client.query(all, {});
        await client.mutation(add, { text: 5 }).catch(() => undefined);
        return watching.output();
      },
      (text) => text.includes("reading all") && text.includes("does not match the schema"),
    );
    expect(watching.output()).toMatch(/\[CONVEX Q\(notes:all\)\] \[WARN\] 'reading all'/);
    await watching.stop();
  });

  test("data lists tables and documents", async () => {
    expect(succeeded(await project.convex("data")).stdout).toContain("notes");
    const { stdout } = succeeded(await project.convex("data", "notes", "--order", "asc", "--limit", "1"));
    expect(stdout).toContain('"first"');
    expect(stdout).not.toContain('"still text"');
  });

  test("env sets variables, which live queries see at once and which outlive a restart", async () => {
    const seen: (string | null)[] = [];
    const greeting = makeFunctionReference<"query", Record<string, never>, string | null>("notes:greeting");
    runtime.client().onUpdate(greeting, {}, (text) => seen.push(text));
    await until(
      () => seen,
      (texts) => texts.length === 1,
    );
    succeeded(await project.convex("env", "set", "GREETING", "good morning"));
    await until(
      () => seen,
      (texts) => texts.at(-1) === "good morning",
    );
    runtime = await runtime.restart();
    expect(succeeded(await project.convex("env", "get", "GREETING")).stdout.trim()).toBe("good morning");
    const listed = succeeded(await project.convex("env", "list", "--include-values")).stdout;
    expect(listed).toContain("good morning");
    expect(listed).toContain("CLERK_JWT_ISSUER_DOMAIN=https://issuer.test");
    succeeded(await project.convex("env", "remove", "GREETING"));
    expect((await project.convex("env", "get", "GREETING")).stderr).toContain("not found");
  });

  test("env refuses to take back what the process was started with, and built-in names", async () => {
    const removal = await project.convex("env", "remove", "CLERK_JWT_ISSUER_DOMAIN");
    expect(removal.exitCode).not.toBe(0);
    expect(removal.stderr).toContain("remove it there");
    expect((await project.convex("env", "set", "CONVEX_SITE_URL", "x")).stderr).toContain("built in");
  });

  test("with another admin key is refused", async () => {
    const stranger = await makeProject(dir, [], { apiUrl: runtime.apiUrl, adminKey: "test|ffff" });
    const { exitCode, stderr } = await stranger.convex("env", "set", "A", "b");
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("admin key");
    await stranger.remove();
  });
});
