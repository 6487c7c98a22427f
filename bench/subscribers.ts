/** How soon all of 1,000 sockets have seen a commit, and what commits cost those they do not concern. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { WebSocket } from "ws";
import type { RuntimeMetrics } from "../src/runtime/convex/metrics.ts";
import { type Measurement, median, percentile99 } from "./measurement.ts";
import { ADMIN_KEY, type NotesServer, startNotesServer } from "./notesServer.ts";

const SOCKETS = 1_000;
const COMMITS = 100;
const FOLLOWED = "followed";

const add = makeFunctionReference<"mutation", { author: string; text: string }>("notes:add");

export async function measureSubscribers(): Promise<Measurement[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "noruxa-bench-"));
  const server = await startNotesServer(folder);
  try {
    const alone = await measureCommits(server, 1);
    const many = await measureCommits(server, SOCKETS);
    return [
      {
        name: `a commit seen by the last of ${SOCKETS.toLocaleString("en")} sockets, 99 of 100`,
        value: percentile99(many.times),
        unit: "ms",
        against: { name: "by one socket, median", value: median(alone.times) },
        target: { of: "value", atMost: 300 },
      },
      {
        name: `what ${COMMITS} commits that touch nothing they follow cost those sockets`,
        value: many.rerunsByOthers,
        unit: "re-runs",
        target: { of: "value", atMost: 0 },
      },
    ];
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** From asking for a commit until the last of `count` sockets has been sent what it changed. */
async function measureCommits(server: NotesServer, count: number) {
  const followers = await Promise.all(Array.from({ length: count }, () => follow(server.url)));
  const writer = new ConvexHttpClient(server.url);
  const times: number[] = [];
  for (let index = 0; index < COMMITS; index += 1) {
    const text = `commit ${index} for ${count}`;
    const startedMs = performance.now();
    const seen = Promise.all(followers.map((follower) => follower.sees(text)));
    await writer.mutation(add, { author: FOLLOWED, text });
    await seen;
    times.push(performance.now() - startedMs);
  }
  await rerunsSoFar(server);
  for (let index = 0; index < COMMITS; index += 1)
    await writer.mutation(add, { author: `${FOLLOWED} by none`, text: "" });
  const rerunsByOthers = await rerunsSoFar(server);
  for (const follower of followers) follower.close();
  return { times, rerunsByOthers };
}

interface Follower {
  /** Resolves once a message contains the text. */
  sees(text: string): Promise<void>;
  close(): void;
}

/** A socket that only looks at the bytes it is sent, so that reading them costs little of what is measured. */
async function follow(url: string): Promise<Follower> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/1.48.0/sync`);
  let awaited = { text: "null", resolve: () => {} };
  socket.on("message", (data: Buffer) => data.includes(awaited.text) && awaited.resolve());
  const sees = (text: string) => new Promise<void>((resolve) => (awaited = { text, resolve }));
  await once(socket, "open");
  const started = sees('"QueryUpdated"');
  for (const message of opening()) socket.send(JSON.stringify(message));
  await started;
  return { sees, close: () => socket.terminate() };
}

/** What a client says first: who it is, and that it follows one query. */
function opening(): object[] {
  const query = { type: "Add", queryId: 0, udfPath: "notes:newest", args: [{ author: FOLLOWED }] };
  const sessionId = crypto.randomUUID();
  return [
    { type: "Connect", sessionId, connectionCount: 0, lastCloseReason: "InitialConnect", clientTs: Date.now() },
    { type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [query] },
  ];
}

/** Since it was last asked. */
async function rerunsSoFar({ url }: NotesServer): Promise<number> {
  const headers = { authorization: `Convex ${ADMIN_KEY}` };
  const response = await fetch(`${url}/_runtime/metrics?reset=1`, { headers });
  return ((await response.json()) as RuntimeMetrics).reruns;
}
