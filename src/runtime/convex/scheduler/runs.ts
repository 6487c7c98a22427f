/** Runs under way, each tried until it succeeds or everything stops. */
import { setTimeout as sleep } from "node:timers/promises";
import { type BackoffRange, backoffMs } from "../backoff.ts";
import { ConflictError } from "../errors.ts";

/** Conflicts are retried for as long as they last, and so is trouble of the runtime itself. */
const CONFLICT_BACKOFF: BackoffRange = { firstMs: 100, longestMs: 60_000 };
const TROUBLE_BACKOFF: BackoffRange = { firstMs: 500, longestMs: 2 * 60 * 60 * 1000 };

export interface Run {
  id: string;
  /** What the log calls it. */
  name: string;
  /** Throws when it has to be tried again. */
  attempt: () => Promise<void>;
  onEnd: () => void;
}

export class Runs {
  readonly #log: (line: string) => void;
  readonly #byId = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  get count(): number {
    return this.#byId.size;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  start(run: Run): void {
    const ended = this.#persist(run).then(() => {
      this.#byId.delete(run.id);
      run.onEnd();
    });
    this.#byId.set(run.id, ended);
  }

  /** Tries nothing again, and waits for what runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#byId.values());
  }

  async #persist({ name, attempt }: Run): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (signal.aborted) return;
        const isConflict = error instanceof ConflictError;
        if (!isConflict) this.#log(`${name} will be tried again: ${String(error)}`);
        const waitMs = backoffMs(failures, isConflict ? CONFLICT_BACKOFF : TROUBLE_BACKOFF, Math.random());
        // Rejects only when everything stops, which ends the loop.
        await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
