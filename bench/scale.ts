/** What a million documents on disk cost a process that does not read them: memory, and time to start. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { type Measurement, median } from "./measurement.ts";
import { type NotesServer, startNotesServer } from "./notesServer.ts";

const STARTS = 5;
const SOCKETS = 1_000;
const SETTLING_MS = 2_000;
const BYTES_A_MB = 1_000_000;

/** `manyFolder` holds `many` notes. */
export async function measureScale(manyFolder: string, many: number): Promise<Measurement[]> {
  const emptyFolder = await mkdtemp(path.join(os.tmpdir(), "noruxa-bench-"));
  try {
    const [empty, full] = await measureStarts([emptyFolder, manyFolder]);
    const idle = await measureMemory(emptyFolder, 0);
    const busy = await measureMemory(manyFolder, SOCKETS);
    const notes = `${many.toLocaleString("en")} documents`;
    return [
      {
        name: `memory with ${SOCKETS.toLocaleString("en")} idle sockets and ${notes} on disk`,
        value: busy / BYTES_A_MB,
        unit: "MB",
        against: { name: "with neither", value: idle / BYTES_A_MB },
        target: { of: "difference", atMost: 300 },
      },
      {
        name: `start with ${notes} on disk`,
        value: full ?? Number.NaN,
        unit: "ms",
        against: { name: "with none", value: empty ?? Number.NaN },
        target: { of: "difference", atMost: 1_000 },
      },
    ];
  } finally {
    await rm(emptyFolder, { recursive: true, force: true });
  }
}

/** The median start on each folder; they take turns. */
async function measureStarts(folders: string[]): Promise<number[]> {
  const times: number[][] = folders.map(() => []);
  for (let start = 0; start < STARTS; start += 1) {
    for (const [index, folder] of folders.entries()) {
      const server = await startNotesServer(folder);
      times[index]?.push(server.startMs);
      await server.stop();
    }
  }
  return times.map(median);
}

async function measureMemory(folder: string, socketCount: number): Promise<number> {
  const server = await startNotesServer(folder);
  try {
    const sockets = await Promise.all(Array.from({ length: socketCount }, () => connect(server)));
    await sleep(SETTLING_MS);
    const { rssBytes } = await server.usage();
    for (const socket of sockets) socket.terminate();
    return rssBytes;
  } finally {
    await server.stop();
  }
}

async function connect({ url }: NotesServer): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/1.48.0/sync`);
  await once(socket, "open");
  const sessionId = crypto.randomUUID();
  socket.send(JSON.stringify({ type: "Connect", sessionId, connectionCount: 0, lastCloseReason: "InitialConnect" }));
  return socket;
}
