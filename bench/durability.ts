/** Durable mutations a second, side by side with bare SQLite under the same guarantee (`synchronous=FULL`). */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConvexClient } from "convex/browser";
import { type FunctionReference, makeFunctionReference } from "convex/server";
import { type Measurement, median } from "./measurement.ts";
import { type NotesServer, startNotesServer } from "./notesServer.ts";

const ROUNDS = 3;
const ROUND_MS = 1_500;
const WRITERS = 32;
const LIVE_UPDATES = 40;
const NOTE = { author: "writer", text: "x".repeat(1_000) };

type Add = FunctionReference<"mutation", "public", { author: string; text: string }>;
const add = makeFunctionReference("notes:add") as Add;
/** Of a module that has its context kept, where that of the other has to be proven as good as new each time. */
const addInKept = makeFunctionReference("keptNotes:add") as Add;
const newest = makeFunctionReference<"query", { author: string }, string | null>("notes:newest");

/** Mutations of 32 clients and of one, each over its socket, and how soon a second client sees a commit. */
export async function measureDurability(): Promise<Measurement[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "noruxa-bench-"));
  const server = await startNotesServer(folder);
  const series = [
    { mutation: add, count: 1, reach: 0.4 },
    { mutation: add, count: WRITERS, reach: 1.5 },
    { mutation: addInKept, count: 1, reach: 0.4 },
    { mutation: addInKept, count: WRITERS, reach: 1.5 },
  ].map((each) => ({ ...each, speeds: [] as Speed[] }));
  try {
    const bare: number[] = [];
    // In turns, so that whatever else the machine does meets all alike.
    for (let round = 0; round < ROUNDS; round += 1) {
      bare.push(measureBareSqlite(path.join(folder, `bare${round}.sqlite3`)));
      for (const { mutation, count, speeds } of series) speeds.push(await measureWriters(server, mutation, count));
    }
    const against = { name: "node:sqlite alone", value: median(bare) };
    const mutations = series.flatMap(({ mutation, count, reach, speeds }) => {
      const name = `durable mutations, ${count} client${count === 1 ? "" : "s"}${mutation === add ? "" : ", context kept"}`;
      const target = { of: "ratio", atLeast: reach } as const;
      const [perSecond, cpuMs] = [speeds.map((speed) => speed.perSecond), speeds.map((speed) => speed.cpuMs)];
      return [
        { name, value: median(perSecond), unit: "per second", against, target },
        { name: "  processor time of each in the server", value: median(cpuMs), unit: "ms" },
      ] satisfies Measurement[];
    });
    return [...mutations, await measureLiveUpdates(server.url)];
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

interface Speed {
  perSecond: number;
  /** What the server's processors spent on one. */
  cpuMs: number;
}

async function measureWriters(server: NotesServer, mutation: Add, count: number): Promise<Speed> {
  const options = { unsavedChangesWarning: false };
  const clients = Array.from({ length: count }, () => new ConvexClient(server.url, options));
  await Promise.all(clients.map((client) => client.mutation(mutation, NOTE)));
  const before = await server.usage();
  const startedMs = performance.now();
  let done = 0;
  const write = async (client: ConvexClient) => {
    for (; performance.now() - startedMs < ROUND_MS; done += 1) await client.mutation(mutation, NOTE);
  };
  await Promise.all(clients.map(write));
  const perSecond = (done * 1_000) / (performance.now() - startedMs);
  const after = await server.usage();
  await Promise.all(clients.map((client) => client.close()));
  return { perSecond, cpuMs: (after.cpuMs - before.cpuMs) / done };
}

async function measureLiveUpdates(url: string): Promise<Measurement> {
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
  const against = { name: "the mutation's own round trip", value: median(roundTrips) };
  return { name: "a commit shown to another client", value: median(pushes), unit: "ms", against };
}
