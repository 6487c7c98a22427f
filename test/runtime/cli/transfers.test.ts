import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openArchive } from "../../../src/runtime/convex/transfer/archive.ts";
import { noTerminal } from "../../support/terminal.ts";
import { ADMIN_KEY, api, FIXTURES, startRuntime, type TestRuntime, until } from "../serving/support.ts";
import { makeProject, type Project, succeeded } from "./officialCli.ts";

let runtime: TestRuntime;
let other: TestRuntime;
let project: Project;
let otherProject: Project;
let dir: string;
let zip: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "noruxa-transfers-"));
  zip = path.join(dir, "snapshot.zip");
  [runtime, other] = await Promise.all([startRuntime(), startRuntime()]);
  project = await makeProject(FIXTURES, [], { apiUrl: runtime.apiUrl, adminKey: ADMIN_KEY });
  otherProject = await makeProject(FIXTURES, [], { apiUrl: other.apiUrl, adminKey: ADMIN_KEY });
});
afterAll(async () => {
  await Promise.all([runtime.close(), other.close(), project.remove(), otherProject.remove()]);
  await rm(dir, { recursive: true });
});

const bodies = (of: TestRuntime) => of.http().query(api.messages.list, { channel: "c" });

async function file(name: string, text: string): Promise<string> {
  const target = path.join(dir, name);
  await writeFile(target, text);
  return target;
}

async function documents(table: string): Promise<object[]> {
  const archive = await openArchive(zip);
  const found = archive.tables.find(({ name }) => name === table);
  const all = await Array.fromAsync(found?.documents() ?? []);
  archive.close();
  return all;
}

describe("npx convex export", { timeout: 60_000 }, () => {
  test("writes every table of every component, each document with its id and creation time", async () => {
    for (const body of ["one", "two", "drei ✓"])
      await runtime.http().mutation(api.messages.send, { channel: "c", body });
    await runtime.http().mutation(api.accounts.book, { amount: 5 });
    succeeded(await project.convex("export", "--path", zip));
    const archive = await openArchive(zip);
    archive.close();
    const names = archive.tables.map(({ component, name }) => `${component}:${name}`);
    expect(names).toContain(":messages");
    expect(names).toContain("ledger:entries");
    expect(names.some((name) => name.includes(":_"))).toBe(false);
    expect(await documents("messages")).toMatchObject([
      { body: "one", _id: expect.any(String), _creationTime: expect.any(Number) },
      { body: "two" },
      { body: "drei ✓" },
    ]);
    expect(await documents("entries")).toHaveLength(1);
  });

  test("writes a ZIP that other programs read", () => {
    const script = "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), sorted(z.namelist())[0])";
    expect(execFileSync("python3", ["-c", script, zip], { encoding: "utf8" }).trim()).toBe("None README.md");
  });
});

describe("npx convex import", { timeout: 60_000 }, () => {
  test("brings a snapshot into another deployment, ids included, and live queries see it", async () => {
    const seen: number[] = [];
    other.client().onUpdate(api.messages.list, { channel: "c" }, (list) => seen.push(list.length));
    await until(
      () => seen,
      (counts) => counts.length === 1,
    );
    const { stderr } = succeeded(await otherProject.convex("import", zip));
    expect(stderr).toMatch(/Added \d+ documents/);
    await until(
      () => seen,
      (counts) => counts.at(-1) === 3,
    );
    const [first] = (await documents("messages")) as { _id: string }[];
    expect(succeeded(await otherProject.convex("data", "messages")).stdout).toContain(`"${first?._id}"`);
    expect(await other.http().query(api.accounts.total, {})).toBe(5);
  });

  test.skipIf(noTerminal)(
    `counts on a terminal, and leaves a pipe to what it was asked for${noTerminal ? ` (${noTerminal})` : ""}`,
    async () => {
      const lines = await file("many.jsonl", '{"channel":"many","body":"one of many"}\n'.repeat(3_000));
      const args = ["import", "--append", "-y", "--table", "messages", lines];
      expect(await otherProject.convexOnTerminal(...args)).toMatch(/Importing "messages" \(\d+\/3000 documents\)/);
      expect(succeeded(await otherProject.convex(...args)).stdout).toBe("");
    },
  );

  test("refuses tables that are not empty, unless told what to do with them", async () => {
    const { exitCode, stderr } = await otherProject.convex("import", zip);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('Table "messages" is not empty');
  });

  test("--append adds lines of JSON, --replace puts an array of JSON in place, CSV works as well", async () => {
    const lines = await file("a.jsonl", '{"channel":"c","body":"appended"}\n');
    succeeded(await otherProject.convex("import", "--append", "-y", "--table", "messages", lines));
    expect(await bodies(other)).toHaveLength(4);
    const array = await file("b.json", '[{"channel":"c","body":"alone"}]');
    succeeded(await otherProject.convex("import", "--replace", "-y", "--table", "messages", array));
    expect(await bodies(other)).toEqual(["alone"]);
    const csv = await file("c.csv", 'channel,body\nc,"with, comma"\n');
    succeeded(await otherProject.convex("import", "--append", "-y", "--table", "messages", csv));
    expect((await bodies(other)).toSorted()).toEqual(["alone", "with, comma"]);
  });

  test("that does not fit the schema changes nothing, and its reason is told but not logged", async () => {
    const before = await bodies(other);
    const good = '{"channel":"c","body":"fits"}\n';
    const bad = await file("bad.jsonl", `${good.repeat(700)}{"channel":"c","body":"a secret","surprise":1}\n`);
    const { exitCode, stderr } = await otherProject.convex("import", "--replace", "-y", "--table", "messages", bad);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("does not match the schema");
    expect(await bodies(other)).toEqual(before);
    expect(other.logs.join("\n")).not.toContain("a secret");
  });

  test("--replace-all clears what the snapshot does not hold, and survives a restart", async () => {
    await other.http().mutation(api.messages.send, { channel: "c", body: "to be gone" });
    succeeded(await otherProject.convex("import", "--replace-all", "-y", zip));
    expect(await bodies(other)).toHaveLength(3);
    other = await other.restart();
    expect((await bodies(other)).toSorted()).toEqual(["drei ✓", "one", "two"]);
    await other.http().mutation(api.messages.send, { channel: "c", body: "and on it goes" });
    expect(await bodies(other)).toHaveLength(4);
  });
});

test("uploads and exports are gone from the data folder after a restart", async () => {
  runtime = await runtime.restart();
  await expect(readFile(path.join(runtime.dataDir, "exports"))).rejects.toThrow("ENOENT");
});
