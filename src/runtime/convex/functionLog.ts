/** The last runs of functions, for `npx convex logs` and `npx convex dev`, which ask again and again for what is new. */
import type { ComponentPath, FunctionKind } from "./types.ts";

/** Kept in memory; who asks later has missed what came before. */
const ENTRIES_MAX = 1_000;
/** Convex answers within a minute even when there is nothing to tell. */
const POLL_MAX_MS = 60_000;

export interface FunctionRun {
  kind: FunctionKind | "httpAction";
  component: ComponentPath;
  path: string;
  requestId: string;
  /** When it ended, milliseconds since the epoch. */
  endedAtMs: number;
  runTimeMs: number;
  /** Each begins with its level: "[LOG] …". */
  logLines: string[];
  /** What went wrong, with its stack; undefined when nothing did. */
  error?: string;
}

interface Entry {
  cursorMs: number;
  run: FunctionRun;
}

export class FunctionLog {
  #entries: Entry[] = [];
  #lastCursorMs = 0;
  #arrival = Promise.withResolvers<void>();

  record(run: FunctionRun): void {
    this.#lastCursorMs = Math.max(this.#lastCursorMs + 1, run.endedAtMs);
    this.#entries.push({ cursorMs: this.#lastCursorMs, run });
    if (this.#entries.length > ENTRIES_MAX) this.#entries.shift();
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }

  /** Runs after the cursor, waiting for one if there is none; cursor 0 asks where the log is now and never waits. */
  async after(cursorMs: number, signal: AbortSignal): Promise<{ runs: FunctionRun[]; newCursorMs: number }> {
    if (cursorMs !== 0 && this.#lastCursorMs <= cursorMs) await this.#nextArrival(signal);
    const runs = this.#entries.filter((entry) => entry.cursorMs > cursorMs).map((entry) => entry.run);
    return { runs, newCursorMs: Math.max(cursorMs, this.#lastCursorMs, 1) };
  }

  async #nextArrival(signal: AbortSignal): Promise<void> {
    const given = Promise.withResolvers<void>();
    const timer = setTimeout(given.resolve, POLL_MAX_MS);
    signal.addEventListener("abort", () => given.resolve(), { once: true });
    await Promise.race([this.#arrival.promise, given.promise]);
    clearTimeout(timer);
  }
}

/** A line of an HTTP action, which tells its lines one by one. `name`: "GET /path". */
export function httpActionLine(name: string, line: string, nowMs: number): FunctionRun {
  return {
    kind: "httpAction",
    component: "",
    path: name,
    requestId: "",
    endedAtMs: nowMs,
    runTimeMs: 0,
    logLines: [line],
  };
}
