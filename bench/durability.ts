/** Durable mutations a second, side by side with bare SQLite under the same guarantee (`synchronous=FULL`). */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConvexClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { type Measurement, median } from "./measurement.ts";
import { startNotesServer } from "./notesServer.ts";

const ROUNDS = 3;
const ROUND_MS = 1_500;
const WRITERS = 32;
const LIVE_UPDATES = 40;
const NOTE = { author: "writer", text: "x".repeat(1_000) };

const add = makeFunctionReference<"mutation", { author: string; text: string }>("notes:add");
const newest = makeFunctionReference<"query", { author: string }, string | null>("notes:newest");

/** Mutations of 32 clients and of one, each over its socket, and how soon a second client sees a commit. */
export async function measureDurability(): Promise<Measurement[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "noruxa-bench-"));
  const server = await startNotesServer(folder);
  try {
    const [bare, one, many]: [number[], number[], number[]] = [[], [], []];
    // In turns, so that whatever else the machine does meets all three alike.
    for (let round = 0; round < ROUNDS; round += 1) {
      bare.push(measureBareSqlite(path.join(folder, `bare${round}.sqlite3`)));
      one.push(await measureWriters(server.url, 1));
      many.push(await measureWriters(server.url, WRITERS));
    }
    const { pushMs, roundTripMs } = await measureLiveUpdates(server.url);
    const against = { name: "node:sqlite alone", value: median(bare) };
    return [
      {
        name: "durable mutations, one client",
        value: median(one),
        unit: "per second",
        against,
        target: { of: "ratio", atLeast: 0.4 },
      },
      {
        name: `durable mutations, ${WRITERS} clients`,
        value: median(many),
        unit: "per second",
        against,
        target: { of: "ratio", atLeast: 1.5 },
      },
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

/** The same row in one transaction each, as fast as SQLite makes them durable. */
function measureBareSqlite(file: string): number {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE notes (author TEXT, text TEXT)");
  const insert = database.prepare("INSERT INTO notes (author, text) VALUES (?, ?)");
  const startedMs = performance.now();
  let rows = 0;
  for (; performance.now() - startedMs < ROUND_MS; rows += 1) insert.run(NOTE.author, NOTE.text);
  const perSecond = (rows * 1_000) / (performance.now() - startedMs);
  database.close();
  return perSecond;
}

async function measureWriters(url: string, count: number): Promise<number> {
  const clients = Array.from({ length: count }, () => new ConvexClient(url, { unsavedChangesWarning: false }));
  await Promise.all(clients.map((client) => client.mutation(add, NOTE)));
  const startedMs = performance.now();
  let done = 0;
  const write = async (client: ConvexClient) => {
    for (; performance.now() - startedMs < ROUND_MS; done += 1) await client.mutation(add, NOTE);
  };
  await Promise.all(clients.map(write));
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
