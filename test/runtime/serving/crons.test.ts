import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeFunctionReference } from "convex/server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FIXTURES, startRuntime, type TestRuntime, until } from "./support.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const count = makeFunctionReference<"query", { name: string }, number>("runs:count");

let projectDir: string;
let convexDir: string;
let runtime: TestRuntime;

beforeEach(async () => {
  projectDir = await mkdtemp(path.join(tmpdir(), "noruxa-crons-"));
  convexDir = path.join(projectDir, "convex");
  await cp(path.join(FIXTURES, "crons"), convexDir, { recursive: true });
  await symlink(path.resolve("node_modules"), path.join(projectDir, "node_modules"));
  runtime = await startRuntime({ convexDir });
});
afterEach(async () => {
  await runtime.close();
  await rm(projectDir, { recursive: true, force: true });
});

const runs = (name: string) => runtime.http().query(count, { name });

/** Waits for that many runs; a run too many shows as a wait without end. */
function untilRuns(name: string, wanted: number) {
  return until(
    () => runs(name),
    (seen) => seen === wanted,
  );
}

/** The rows the runtime keeps about its cron jobs. */
function cronRows(table: "_cron_jobs" | "_cron_job_logs"): Record<string, unknown>[] {
  const tx = runtime.store.begin();
  const source = { type: "FullTableScan", tableName: table, order: "asc" } as const;
  const stream = tx.query("", { source, operators: [] });
  const rows: Record<string, unknown>[] = [];
  for (let text = stream.next(); text !== null; text = stream.next()) rows.push(JSON.parse(text));
  stream.close();
  tx.close();
  return rows;
}

describe("cron jobs", () => {
  test("at an interval start at once and then run once each time it is over", async () => {
    await untilRuns("hour", 1);
    runtime.clock.advance(HOUR_MS);
    await untilRuns("hour", 2);
    runtime.clock.advance(HOUR_MS);
    await untilRuns("hour", 3);
    expect(cronRows("_cron_job_logs").filter(({ status }) => (status as { kind: string }).kind === "skipped")).toEqual(
      [],
    );
  });

  test("on the calendar wait for their time, and actions run too", async () => {
    await untilRuns("hour", 1);
    expect(await runs("day")).toBe(0);
    runtime.clock.advance(DAY_MS);
    await untilRuns("day", 1);
  });

  test("skip the runs that were missed", async () => {
    await untilRuns("hour", 1);
    runtime.clock.advance(10 * DAY_MS);
    await untilRuns("hour", 2);
    await untilRuns("day", 1);
    const kinds = cronRows("_cron_job_logs").map(({ status }) => (status as { kind: string }).kind);
    expect(kinds).toContain("skipped");
    expect(await runs("hour")).toBe(2);
  });

  test("that fail write nothing, are logged, and run again next time", async () => {
    const failures = () =>
      cronRows("_cron_job_logs").filter(({ status }) => (status as { kind: string }).kind === "failed").length;
    await until(failures, (seen) => seen === 1);
    runtime.clock.advance(HOUR_MS);
    await until(failures, (seen) => seen === 2);
    expect(await runs("failing")).toBe(0);
  });

  test("keep their last 5 logs", async () => {
    for (let run = 1; run <= 7; run += 1) {
      await untilRuns("hour", run);
      runtime.clock.advance(HOUR_MS);
    }
    await untilRuns("hour", 8);
    const job = cronRows("_cron_jobs").find(({ identifier }) => identifier === "every hour");
    expect(cronRows("_cron_job_logs").filter(({ cronId }) => cronId === job?._id)).toHaveLength(5);
  });

  test("survive a restart: an unchanged job keeps its next time", async () => {
    await untilRuns("hour", 1);
    const before = cronRows("_cron_jobs");
    runtime = await runtime.restart();
    expect(cronRows("_cron_jobs")).toEqual(before);
    expect(await runs("hour")).toBe(1);
    runtime.clock.advance(HOUR_MS);
    await untilRuns("hour", 2);
  });

  test("follow a deploy: a changed schedule gets a new time, other changes do not, removed ones go", async () => {
    await untilRuns("hour", 1);
    const file = path.join(convexDir, "crons.ts");
    const source = await readFile(file, "utf8");
    const changed = source
      .replace("hourUTC: 3", "hourUTC: 4")
      .replace('"hour"', '"renamed"')
      .replace(/crons\.interval\("failing".*\n/, "");
    const before = cronRows("_cron_jobs");
    await writeFile(file, changed);
    runtime = await runtime.restart();
    const after = cronRows("_cron_jobs");
    expect(after.map(({ identifier }) => identifier)).toEqual(["every hour", "every day"]);
    const unchanged = before.find(({ identifier }) => identifier === "every hour");
    expect(after[0]).toEqual({ ...unchanged, args: { name: "renamed" } });
    expect(new Date(after[1]?.nextTime as number).getUTCHours()).toBe(4);
  });
});
