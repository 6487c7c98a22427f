/** One thread that runs "use node" modules, and the calls it is busy with. */
import { Worker } from "node:worker_threads";
import { DeveloperError } from "../../errors.ts";
import type { FunctionError } from "../../types.ts";
import type { LogLevel } from "../globals/host.ts";
import type { FromWorker, ThrownInNode, ToWorker } from "./messages.ts";

/** What Convex gives an action that runs in Node. Here it is for all that run at once. */
const HEAP_MIB_MAX = 512;
/** Small, so that the buffers through which files pass are let go of while there are few of them. */
const YOUNG_HEAP_MIB_MAX = 6;

/** What a call needs from the runtime while it runs. */
export interface NodeCallHost {
  asyncSyscall(operation: string, args: string): Promise<string>;
  log(level: LogLevel, message: string): void;
}

export type NodeResult = { ok: true; value: unknown } | { ok: false; error: FunctionError };

export interface NodeWorkerParts {
  /** Where the bundle lies. */
  folder: string;
  env: Record<string, string>;
  failureOf: (thrown: ThrownInNode) => FunctionError;
  /** Called once when the thread has ended; `why` when it did so by itself. */
  onEnd: (why: string | null) => void;
}

interface Pending {
  host: NodeCallHost | null;
  settle: (result: NodeResult) => void;
}

const NO_HOST_MESSAGE = "The call has ended.";

export class NodeWorker {
  readonly #parts: NodeWorkerParts;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #isRetired = false;
  #hasEnded = false;

  constructor(parts: NodeWorkerParts) {
    const { folder, env } = parts;
    const file = new URL("./worker.ts", import.meta.url);
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MIB_MAX, maxYoungGenerationSizeMb: YOUNG_HEAP_MIB_MAX };
    this.#parts = parts;
    this.#worker = new Worker(file, { env, workerData: folder, execArgv: ["--no-warnings"], resourceLimits });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error) => this.#end(error.message));
    this.#worker.on("exit", (code) => this.#end(`exit code ${code}`));
  }

  /** Aborting `signal` settles the call with the signal's reason, a `FunctionError`; what it began goes on. */
  ask(message: (id: number) => ToWorker, host: NodeCallHost | null, signal?: AbortSignal): Promise<NodeResult> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#pending.set(id, { host, settle: resolve });
      signal?.addEventListener("abort", () => this.#settle(id, { ok: false, error: signal.reason }), { once: true });
      // A worker holds the process only while somebody waits for it.
      this.#worker.ref();
      this.#worker.postMessage(message(id));
    });
  }

  /** Ends the thread once its calls have ended. */
  retire(): void {
    this.#isRetired = true;
    if (this.#pending.size === 0) this.close();
  }

  close(): void {
    this.#isRetired = true;
    void this.#worker.terminate();
  }

  /** The calls it was running fail. */
  #end(why: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const error = { message: `The Node.js process of the action ended: ${why}` };
    for (const id of [...this.#pending.keys()]) this.#settle(id, { ok: false, error });
    this.#parts.onEnd(this.#isRetired ? null : why);
  }

  #receive(message: FromWorker): void {
    if (message.type === "done") return this.#settle(message.id, this.#resultOf(message.result));
    const host = this.#pending.get(message.callId)?.host;
    if (message.type === "log") return host?.log(message.level, message.message);
    void this.#answer(message, host ?? null);
  }

  async #answer(
    { id, operation, args }: Extract<FromWorker, { type: "syscall" }>,
    host: NodeCallHost | null,
  ): Promise<void> {
    try {
      if (!host) throw new DeveloperError("CallEnded", NO_HOST_MESSAGE);
      const text = await host.asyncSyscall(operation, args);
      this.#worker.postMessage({ type: "answer", id, result: { ok: true, text } } satisfies ToWorker);
    } catch (error) {
      const { message, data } = error as DeveloperError;
      this.#worker.postMessage({ type: "answer", id, result: { ok: false, message, data } } satisfies ToWorker);
    }
  }

  #settle(id: number, result: NodeResult): void {
    this.#pending.get(id)?.settle(result);
    this.#pending.delete(id);
    if (this.#pending.size > 0) return;
    this.#worker.unref();
    if (this.#isRetired) this.close();
  }

  #resultOf(result: Extract<FromWorker, { type: "done" }>["result"]): NodeResult {
    return result.ok ? result : { ok: false, error: this.#parts.failureOf(result.thrown) };
  }
}
