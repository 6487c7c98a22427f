/** The embedded runtime with the app of `fixture/`, in a process of its own, on a folder that may hold many notes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { MovableClock } from "../src/runtime/clock.ts";
import { openStore } from "../src/runtime/convex/store/store.ts";
import type { SchemaJson } from "../src/runtime/convex/types.ts";
import schema from "./fixture/convex/schema.ts";

export const ADMIN_KEY = "bench|0";

/** Each author has this many notes, however many there are in all. */
export const NOTES_OF_AUTHOR = 100;

/** Below Convex's limit on the documents one transaction may write. */
const NOTES_A_COMMIT = 4_000;

export interface NotesServer {
  url: string;
  /** From the command to the address. */
  startMs: number;
  /** What the process has of the machine's memory, and what it has had of its processors. */
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

interface Usage {
  rssBytes: number;
  cpuMs: number;
}

export async function startNotesServer(folder: string): Promise<NotesServer> {
  const startedMs = performance.now();
  const args = ["--disable-warning=ExperimentalWarning", `${import.meta.dirname}/fixture/server.ts`, folder, ADMIN_KEY];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = once(child, "exit");
  const ask = async <Answer>(): Promise<Answer> => {
    const answer = await Promise.race([once(child, "message"), ended.then(() => null)]);
    if (!answer) throw new Error("The server of the benchmark has ended");
    return answer[0] as Answer;
  };
  const { url } = await ask<{ url: string }>();
  return {
    url,
    startMs: performance.now() - startedMs,
    usage: () => {
      child.send("usage");
      return ask<Usage>();
    },
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Fills an empty folder, as `count` calls of `notes:add` would. */
export async function writeNotes(
  folder: string,
  count: number,
  onProgress: (written: number) => void = () => {},
): Promise<void> {
  // biome-ignore lint/suspicious/noExplicitAny: the type hides what deployments are made of.
  const exported = (schema as any).export() as string;
  const store = openStore({ path: path.join(folder, "convex.sqlite3"), clock: new MovableClock() });
  store.catalog.applySchema("", JSON.parse(exported) as SchemaJson);
  for (let written = 0; written < count; ) {
    const tx = store.begin();
    const end = Math.min(count, written + NOTES_A_COMMIT);
    for (; written < end; written += 1) tx.insert("", "notes", noteNumber(written, count));
    await store.commit(tx);
    onProgress(written);
  }
  store.close();
}

/** Authors alternate, so that the notes of one lie far apart. */
export function noteNumber(index: number, count: number): { author: string; text: string } {
  return { author: authorNumber(index % authorCount(count)), text: `Note number ${index}, ${"x".repeat(100)}` };
}

export function authorNumber(index: number): string {
  return `author ${index}`;
}

export function authorCount(noteCount: number): number {
  return Math.max(1, Math.floor(noteCount / NOTES_OF_AUTHOR));
}
