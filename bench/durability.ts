/** Durable mutations a second, side by side with bare SQLite under the same guarantee (`synchronous=FULL`). */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConvexClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { type Measurement, median } from "./measurement.ts";

const MEASURED_MS = 3_000;
const WRITERS = 64;
const LIVE_UPDATES = 40;
const TEXT = "x".repeat(1_000);

const add = makeFunctionReference<"mutation", { author: string; text: string }>("notes:add");
const newest = makeFunctionReference<"query", { author: string }, string | null>("notes:newest");

/** Mutations of 64 clients and of one, each over its socket, and how soon a second client sees a commit. */
export async function measureDurability(): Promise<Measurement[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "noruxa-bench-"));
  const bare = measureBareSqlite(folder);
  const server = await startServer(folder);
  try {
    const many = await measureWriters(server.url, WRITERS);
    const one = await measureWriters(server.url, 1);
    const { pushMs, roundTripMs } = await measureLiveUpdates(server.url);
    const against = { name: "node:sqlite alone", value: bare };
    return [
      { name: `durable mutations, ${WRITERS} clients`, value: many, unit: "per second", against },
      { name: "durable mutations, one client", value: one, unit: "per second", against },
      {
        name: "a commit shown to another client",
        value: pushMs,
        unit: "ms",
        against: { name: "the mutation's own round trip", value: roundTripMs },
      },
    ];
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** One row of the same size per transaction, as fast as SQLite makes them durable. */
function measureBareSqlite(folder: string): number {
  const database = new DatabaseSync(path.join(folder, "bare.sqlite3"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE notes (text TEXT)");
  const insert = database.prepare("INSERT INTO notes (text) VALUES (?)");
  const startedMs = performance.now();
  let rows = 0;
  for (; performance.now() - startedMs < MEASURED_MS; rows += 1) insert.run(TEXT);
  const perSecond = (rows * 1_000) / (performance.now() - startedMs);
  database.close();
  return perSecond;
}

async function measureWriters(url: string, count: number): Promise<number> {
  const clients = Array.from({ length: count }, () => new ConvexClient(url, { unsavedChangesWarning: false }));
  await Promise.all(clients.map((client, index) => client.mutation(add, { author: `warm ${index}`, text: TEXT })));
  const startedMs = performance.now();
  let done = 0;
  const write = async (client: ConvexClient, author: string) => {
    for (; performance.now() - startedMs < MEASURED_MS; done += 1) await client.mutation(add, { author, text: TEXT });
  };
  await Promise.all(clients.map((client, index) => write(client, `writer ${index}`)));
  const perSecond = (done * 1_000) / (performance.now() - startedMs);
  await Promise.all(clients.map((client) => client.close()));
  return perSecond;
}

async function measureLiveUpdates(url: string): Promise<{ pushMs: number; roundTripMs: number }> {
  const [writer, watcher] = [1, 2].map(() => new ConvexClient(url, { unsavedChangesWarning: false })) as [
    ConvexClient,
    ConvexClient,
  ];
  let awaited = { text: "", resolve: () => {} };
  watcher.onUpdate(newest, { author: "live" }, (text) => text === awaited.text && awaited.resolve());
  const pushes: number[] = [];
  const roundTrips: number[] = [];
  for (let index = 0; index < LIVE_UPDATES; index += 1) {
    const text = `note ${index}`;
    const seen = new Promise<void>((resolve) => (awaited = { text, resolve }));
    const startedMs = performance.now();
    const sent = writer
      .mutation(add, { author: "live", text })
      .then(() => roundTrips.push(performance.now() - startedMs));
    await seen;
    pushes.push(performance.now() - startedMs);
    await sent;
  }
  await Promise.all([writer.close(), watcher.close()]);
  return { pushMs: median(pushes), roundTripMs: median(roundTrips) };
}

async function startServer(folder: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const args = ["--disable-warning=ExperimentalWarning", `${import.meta.dirname}/fixture/server.ts`, folder];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const printed = once(child.stdout?.setEncoding("utf8") ?? child, "data") as Promise<[string]>;
  const first = await Promise.race([printed, ended.then(() => null)]);
  if (!first) throw new Error("The server of the benchmark ended while it started");
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return { url: first[0].trim(), stop };
}
