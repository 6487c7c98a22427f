/** One thread that runs actions, and the calls it is busy with. */
import { Worker, type WorkerOptions } from "node:worker_threads";
import { DeveloperError } from "../../errors.ts";
import type { FunctionError } from "../../types.ts";
import type { LogLevel } from "../globals/host.ts";
import type { Answer, CallTarget, FromThread, Result, ThrownInNode, ToThread } from "./messages.ts";

/** A thread that has not come to answer for so long computes without a pause, perhaps without end. */
const STUCK_AFTER_MS = 10_000;

/** What a call needs from the runtime while it runs. */
export interface CallHost {
  asyncSyscall(operation: string, args: string): Promise<string>;
  log(level: LogLevel, message: string): void;
}

export interface CallThreadParts {
  /** What the thread runs. */
  file: URL;
  options: WorkerOptions;
  /** How far the runtime's clock is ahead of the wall clock. */
  aheadMs: () => number;
  failureOf: (thrown: ThrownInNode) => FunctionError;
  /** Called once when the thread has ended; `why` when it did so by itself. */
  onEnd: (why: string | null) => void;
}

type Unstamped<Message> = Message extends unknown ? Omit<Message, "aheadMs"> : never;

interface Pending {
  host: CallHost | null;
  settle: (result: Result) => void;
}

const NO_HOST_MESSAGE = "The call has ended.";

export class CallThread {
  readonly #parts: CallThreadParts;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  /** When it was asked for a sign of life that it has not given yet. */
  #pingedAtMs: number | null = null;
  #lastId = 0;
  #isRetired = false;
  #isClosed = false;
  #hasEnded = false;

  constructor(parts: CallThreadParts) {
    this.#parts = parts;
    this.#worker = new Worker(parts.file, { execArgv: ["--no-warnings"], ...parts.options });
    this.#worker.on("message", (message: FromThread) => this.#receive(message));
    this.#worker.on("error", (error) => this.#end(error.message));
    this.#worker.on("exit", (code) => this.#end(`exit code ${code}`));
  }

  get isStuck(): boolean {
    return this.#pingedAtMs !== null && performance.now() - this.#pingedAtMs > STUCK_AFTER_MS;
  }

  /** What the module's functions are. */
  analyse(modulePath: string): Promise<Result> {
    return this.#ask((id) => ({ type: "analyse", id, modulePath }), null);
  }

  /** Aborting `signal` ends the call with the signal's reason, a `FunctionError`, whatever the thread does. */
  call(target: CallTarget, host: CallHost, signal: AbortSignal): Promise<Result> {
    return this.#ask((id) => {
      const stop = () => {
        const error = signal.reason as FunctionError;
        this.#post({ type: "stop", id, error });
        this.#settle(id, { ok: false, error });
      };
      signal.addEventListener("abort", stop, { once: true });
      return { type: "call", id, ...target };
    }, host);
  }

  /** Ends the thread once its calls have ended. */
  retire(): void {
    this.#isRetired = true;
    if (this.#pending.size === 0) this.close();
  }

  close(): void {
    this.#isClosed = true;
    void this.#worker.terminate();
  }

  #ask(message: (id: number) => Unstamped<ToThread>, host: CallHost | null): Promise<Result> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#pending.set(id, { host, settle: resolve });
      // A thread holds the process only while somebody waits for it.
      this.#worker.ref();
      this.#post(message(id));
      if (this.#pingedAtMs !== null) return;
      this.#pingedAtMs = performance.now();
      this.#post({ type: "ping" });
    });
  }

  #post(message: Unstamped<ToThread>): void {
    this.#worker.postMessage({ ...message, aheadMs: this.#parts.aheadMs() });
  }

  /** The calls it was running fail. */
  #end(why: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const message = this.#isClosed ? "The action was stopped." : `The thread that ran the action ended: ${why}`;
    const error = { message };
    for (const id of [...this.#pending.keys()]) this.#settle(id, { ok: false, error });
    this.#parts.onEnd(this.#isClosed ? null : why);
  }

  #receive(message: FromThread): void {
    if (message.type === "pong") this.#pingedAtMs = null;
    if (message.type === "done") this.#settle(message.id, this.#resultOf(message.result));
    if (message.type === "log") this.#pending.get(message.callId)?.host?.log(message.level, message.message);
    if (message.type === "syscall") void this.#answer(message);
  }

  async #answer({ id, callId, operation, args }: Extract<FromThread, { type: "syscall" }>): Promise<void> {
    const host = this.#pending.get(callId)?.host ?? null;
    const answer = await answerOf(host, operation, args);
    this.#post({ type: "answer", id, answer });
  }

  #settle(id: number, result: Result): void {
    this.#pending.get(id)?.settle(result);
    this.#pending.delete(id);
    if (this.#pending.size > 0) return;
    this.#worker.unref();
    if (this.#isRetired) this.close();
  }

  #resultOf(result: Extract<FromThread, { type: "done" }>["result"]): Result {
    return "thrown" in result ? { ok: false, error: this.#parts.failureOf(result.thrown) } : result;
  }
}

async function answerOf(host: CallHost | null, operation: string, args: string): Promise<Answer> {
  try {
    if (!host) throw new DeveloperError("CallEnded", NO_HOST_MESSAGE);
    return { ok: true, text: await host.asyncSyscall(operation, args) };
  } catch (error) {
    const { code, message, data } = error as DeveloperError;
    return { ok: false, code, message, data };
  }
}
