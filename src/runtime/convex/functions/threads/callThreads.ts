/** The threads that run actions of a deployment: one takes new calls, others end the calls they have. */
import { type CallHost, CallThread, type CallThreadParts } from "./callThread.ts";
import type { CallTarget, Result } from "./messages.ts";

export interface CallThreadsParts extends Omit<CallThreadParts, "onEnd"> {
  /** What the log calls such a thread. */
  name: string;
  log: (line: string) => void;
  /** Called when none is left, and none will be started. */
  onUnused?: () => void;
}

export class CallThreads {
  readonly #parts: CallThreadsParts;
  readonly #all = new Set<CallThread>();
  #current: CallThread | undefined;
  #isRetired = false;

  constructor(parts: CallThreadsParts) {
    this.#parts = parts;
  }

  /** What the functions of a module are. */
  analyse(modulePath: string): Promise<Result> {
    return this.#started().analyse(modulePath);
  }

  /** Runs an action; aborting `signal` ends the call with the signal's reason, a `FunctionError`. */
  async call(target: CallTarget, host: CallHost, signal: AbortSignal): Promise<Result> {
    const thread = this.#started();
    const result = await thread.call(target, host, signal);
    // It may be in an endless loop, with which nothing else should be in one thread.
    if (signal.aborted) this.#replace(thread);
    return result;
  }

  /** Ends the threads once their calls have ended. */
  retire(): void {
    this.#isRetired = true;
    for (const thread of this.#all) thread.retire();
    this.#tellIfUnused();
  }

  close(): void {
    this.#isRetired = true;
    for (const thread of this.#all) thread.close();
    this.#tellIfUnused();
  }

  /** The thread for the next call, another one when the last does not come back. */
  #started(): CallThread {
    if (this.#current?.isStuck) this.#replace(this.#current);
    this.#current ??= this.#start();
    return this.#current;
  }

  #start(): CallThread {
    const thread: CallThread = new CallThread({ ...this.#parts, onEnd: (why) => this.#ended(thread, why) });
    this.#all.add(thread);
    return thread;
  }

  #replace(thread: CallThread): void {
    if (this.#current === thread) this.#current = undefined;
    thread.retire();
  }

  #ended(thread: CallThread, why: string | null): void {
    this.#all.delete(thread);
    if (this.#current === thread) this.#current = undefined;
    this.#tellIfUnused();
    if (why === null) return;
    this.#parts.log(`The thread of ${this.#parts.name} ended (${why}); another is started when it is needed.`);
  }

  #tellIfUnused(): void {
    if (this.#isRetired && this.#all.size === 0) this.#parts.onUnused?.();
  }
}
