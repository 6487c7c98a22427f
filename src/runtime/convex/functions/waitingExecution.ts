/**
 * One execution that may wait: an action or an HTTP action. Its isolate shares the thread's event loop, so
 * everything that could call back into it (timers, requests, syscalls) is kept here and ends with it.
 */
import { DeveloperError } from "../errors.ts";
import { Slots } from "../slots.ts";
import type { FunctionError } from "../types.ts";
import { BaseHost } from "./baseHost.ts";
import type { Feature, IsolateHost, LogLevel } from "./globals/host.ts";
import type { Exports } from "./globals/modules.ts";
import type { Home, IsolateFactory } from "./isolate.ts";
import type { Program } from "./program.ts";
import { importSeed, newSeed } from "./seeds.ts";
import type { SourceMaps } from "./sourceMaps.ts";
import { type ErrorOwner, owningErrors } from "./strayErrors.ts";
import { unavailableFeature } from "./unavailable.ts";
import { functionFailure } from "./validation.ts";

/** Convex's limit for actions in its own runtime. */
export const ACTION_TIME_MAX_MS = 30 * 60 * 1000;

/** As many calls and requests of one action are under way at once; others wait. */
const OPERATIONS_MAX = 8;

const UNAWAITED_HINT =
  "Async operations should be awaited or they might not run. See https://docs.convex.dev/functions/actions#dangling-promises for more information.";

/** What such an execution needs, in whichever thread it runs. */
export interface WaitingScope {
  isolates: IsolateFactory;
  program: Program;
  sourceMaps: SourceMaps;
  /** Of the deployment: when it was loaded, and its number. */
  loadedAtMs: number;
  version: number;
  nowMs: () => number;
  env: (name: string) => string | undefined;
  /** Answers an asynchronous syscall. */
  ask: (operation: string, args: string) => Promise<string>;
  log: (level: LogLevel, message: string) => void;
}

/** What an execution does first, once it may: `begin` marks the end of importing. */
type WaitingWork = (load: (path: string) => Exports, begin: () => void) => unknown;

export type Ending = { ok: true; value: unknown } | { ok: false; error: FunctionError };

export class WaitingExecution extends BaseHost implements IsolateHost, ErrorOwner {
  readonly #scope: WaitingScope;
  override readonly home: Home;
  readonly #ended = new AbortController();
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #pendingSyscalls: string[] = [];
  readonly #operations = new Slots(OPERATIONS_MAX);
  #lastTimer = 0;
  #isImporting = true;
  readonly #startedMs = performance.now();
  #settle: (ending: Ending) => void = () => {};

  constructor(scope: WaitingScope) {
    super(scope);
    this.#scope = scope;
    this.home = scope.isolates.makeWaiting();
  }

  /** Runs `work` until it settles, fails, runs out of time or is stopped. It then still may call back, until `end`. */
  run(work: WaitingWork): Promise<Ending> {
    const { isolate } = this.home;
    return new Promise((resolve) => {
      this.#settle = resolve;
      isolate.reseed(importSeed(this.#scope.version));
      isolate.begin(this, (load) => work(load, () => this.#beginRun()));
      isolate.onSettled = () => this.#settleBy(isolate.state);
      const limit = setTimeout(() => this.stop(ACTION_TIMED_OUT), ACTION_TIME_MAX_MS);
      this.#ended.signal.addEventListener("abort", () => clearTimeout(limit));
      owningErrors(this, () => this.#scope.isolates.turn(this.home));
    });
  }

  /** Ends the execution from outside, with `error` as its result if it has none yet. */
  stop(error: FunctionError): void {
    this.#settle({ ok: false, error });
    this.end();
  }

  /** From here on nothing calls back into the isolate. */
  end(): void {
    if (this.#ended.signal.aborted) return;
    if (this.#pendingSyscalls.length > 0) this.#warnOfUnawaited();
    this.#ended.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Runs when the execution ends, at once if it has. */
  onEnd(listener: () => void): void {
    if (this.#ended.signal.aborted) listener();
    else this.#ended.signal.addEventListener("abort", listener, { once: true });
  }

  failBy(reason: unknown): void {
    if (!this.#ended.signal.aborted) this.stop(functionFailure(this.home.isolate.describe(reason)));
  }

  #beginRun(): void {
    this.#isImporting = false;
    this.home.isolate.reseed(newSeed());
  }

  #settleBy(state: Home["isolate"]["state"]): void {
    if (state.kind === "done") this.#settle({ ok: true, value: state.value });
    if (state.kind === "failed") this.#settle({ ok: false, error: functionFailure(state.failure) });
  }

  #warnOfUnawaited(): void {
    const count = this.#pendingSyscalls.length;
    const names = this.#pendingSyscalls.map((operation) => operation.replace(/^1\.0\/(actions\/)?/, "")).join(", ");
    this.#scope.log("WARN", `${count} unawaited operation${count > 1 ? "s" : ""}: [${names}]. ${UNAWAITED_HINT}`);
  }

  // What the isolate asks for.

  nowMs(): number {
    return this.#isImporting ? this.#scope.loadedAtMs : this.#scope.nowMs();
  }

  performanceNowMs(): number {
    return this.#isImporting ? 0 : performance.now() - this.#startedMs;
  }

  timeOriginMs(): number {
    return this.#scope.loadedAtMs;
  }

  refusal(feature: Feature): string | null {
    return this.#isImporting ? `${feature} unsupported at import time` : null;
  }

  fail(message: string): void {
    this.stop({ message: `Uncaught Error: ${message}` });
  }

  log(level: LogLevel, message: string): void {
    if (!this.#isImporting) this.#scope.log(level, message);
  }

  syscall(operation: string): never {
    throw unavailableFeature(operation) ?? new DeveloperError("UnknownOperation", `Unknown operation ${operation}`);
  }

  jsSyscall(operation: string): never {
    return this.syscall(operation);
  }

  async asyncSyscall(operation: string, args: string): Promise<string> {
    if (this.#isImporting) throw new DeveloperError("NoSyscallDuringImport", `${operation} unsupported at import time`);
    this.#pendingSyscalls.push(operation);
    try {
      return await this.#operate(() => this.#scope.ask(operation, args));
    } finally {
      this.#pendingSyscalls.splice(this.#pendingSyscalls.indexOf(operation), 1);
    }
  }

  async fetch(request: Request): Promise<Response> {
    const signal = AbortSignal.any([request.signal, this.#ended.signal]);
    return this.#operate(() => fetch(request, { signal }));
  }

  /** Begins at once where it can. What still waits when the execution ends never begins. */
  async #operate<T>(work: () => Promise<T>): Promise<T> {
    const release = this.#operations.take() ?? (await this.#whileRunning(this.#operations.acquire(null)));
    try {
      return await this.#whileRunning(work());
    } finally {
      release();
    }
  }

  setTimer(callback: () => void, delayMs: number, repeat: boolean): number {
    if (this.#ended.signal.aborted) return 0;
    const id = ++this.#lastTimer;
    const fire = () => {
      if (!repeat) this.#timers.delete(id);
      this.#callBack(callback);
    };
    this.#timers.set(id, repeat ? setInterval(fire, delayMs) : setTimeout(fire, delayMs));
    return id;
  }

  clearTimer(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  #callBack(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.failBy(error);
    }
  }

  /** The answer, unless the execution has ended by then: code that has no reader any more is left waiting for ever. */
  #whileRunning<T>(answer: Promise<T>): Promise<T> {
    const isOver = () => this.#ended.signal.aborted;
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => isOver() || resolve(value),
        (error) => isOver() || reject(error),
      );
    });
  }
}

export const ACTION_TIMED_OUT: FunctionError = {
  message: `Function execution timed out (maximum duration: ${ACTION_TIME_MAX_MS / 1000}s)`,
  code: "FunctionTimedOut",
};
