import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { api, FIXTURES, until } from "./support.ts";

let dataDir: string;
let running: ChildProcess | null = null;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "noruxa-crash-"));
});
afterEach(async () => {
  await kill();
  await rm(dataDir, { recursive: true, force: true });
});

/** A runtime in a process of its own; `aheadMs` moves its clock. */
async function start(aheadMs = 0): Promise<ConvexHttpClient> {
  const script = path.join(FIXTURES, "runtimeProcess.ts");
  const args = [
    "--disable-warning=ExperimentalWarning",
    script,
    dataDir,
    path.join(FIXTURES, "convex"),
    String(aheadMs),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  running = child;
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return new ConvexHttpClient(line.toString().trim(), { logger: false });
}

async function kill(): Promise<void> {
  if (!running || running.exitCode !== null) return;
  running.kill("SIGKILL");
  await once(running, "exit");
  running = null;
}

describe("after kill -9", () => {
  test("every acknowledged mutation is there, and mutations scheduled with them run exactly once", async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const http = await start();
      const batch = Array.from({ length: 10 }, (_, index) => `r${round}-${index}`);
      const sent = batch.map(async (name) => {
        await http.mutation(api.jobs.schedule, { target: "record", name, delayMs: 0 }, { skipQueue: true });
        acknowledged.push(name);
      });
      // Some rounds die with mutations under way, whose callers hear nothing.
      if (round % 2 === 0) await Promise.all(sent);
      else await Promise.race(sent);
      await kill();
      await Promise.allSettled(sent);
    }
    const http = await start();
    expect(acknowledged.length).toBeGreaterThanOrEqual(22);
    for (const name of acknowledged) {
      const runs = await until(
        () => http.query(api.jobs.runsOf, { name }),
        (list) => list.length > 0,
      );
      expect(runs).toEqual([null]);
    }
  });

  test("an action that was running has failed and does not run again", async () => {
    let http = await start();
    const id = await http.mutation(api.jobs.schedule, { target: "hang", name: "hung", delayMs: 0 });
    await until(
      () => http.query(api.jobs.runsOf, { name: "hung" }),
      (runs) => runs.length === 1,
    );
    await kill();
    http = await start();
    expect(await http.query(api.jobs.state, { id: id as never })).toBe("failed");
    expect(await http.query(api.jobs.runsOf, { name: "hung" })).toHaveLength(1);
  });

  test("what was scheduled for later still runs at its time", async () => {
    let http = await start();
    const name = "survivor";
    await http.mutation(api.jobs.schedule, { target: "record", name, delayMs: 3_600_000 });
    await kill();
    http = await start(3_600_000);
    await until(
      () => http.query(api.jobs.runsOf, { name }),
      (runs) => runs.length === 1,
    );
    expect(await http.query(api.jobs.runsOf, { name })).toEqual([null]);
  });
});
