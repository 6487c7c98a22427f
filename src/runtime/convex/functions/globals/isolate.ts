/**
 * Runs inside every isolate before any code of the app: furnishes its globals and drives one execution.
 *
 * [Note: Turns]
 * The host enters a query's or mutation's isolate in turns. A turn runs the code and its microtasks until
 * nothing is left to do. Most syscalls are answered within the turn, so most executions take a single one.
 * A syscall is parked when the turn has spent too much of its time in the database, or when it is a nested
 * call: the turn then comes to an end, the host does the work with no time limit running, and the next
 * turn goes on with the answer. Syscalls that come after a parked one are parked behind it.
 */
import { forgetTimers, installConsole } from "./console.ts";
import { installCrypto } from "./crypto.ts";
import { defineGlobal } from "./define.ts";
import { describeFailure, type Failure, installStackTraces, localError, recognizeHostErrors } from "./errors.ts";
import { type IsolateHost, PARKED } from "./host.ts";
import { type Exports, ModuleLoader } from "./modules.ts";
import { Random } from "./random.ts";
import { structuredClone } from "./structuredClone.ts";
import { forgetEntries, installDate, installPerformance } from "./time.ts";
import { installFetch, installTimers } from "./waiting.ts";
import { NoFinalizationRegistry, StrongRef } from "./weak.ts";
import { installWeb } from "./web.ts";

/** How far the execution has come. `value` is whatever the work resolved to. */
export type State = { kind: "pending" } | { kind: "done"; value: unknown } | { kind: "failed"; failure: Failure };

export interface ParkedSyscall {
  operation: string;
  args: string;
  resolve: (text: string) => void;
  reject: (error: unknown) => void;
}

/** The first code that runs in an execution; what it returns or resolves to is the execution's value. */
export type Work = (load: (path: string) => Exports) => unknown;

/** `lent`: globals of the host, by name; `errors`: its error classes. */
export function install(lent: Record<string, unknown>, errors: Parameters<typeof recognizeHostErrors>[0]): Isolate {
  for (const [name, value] of Object.entries(lent)) defineGlobal(name, value);
  return new Isolate(errors);
}

export class Isolate {
  state: State = { kind: "pending" };
  /** Called once when the state is no longer pending. */
  onSettled: () => void = () => {};
  readonly parked: ParkedSyscall[] = [];
  #host: IsolateHost | undefined;
  #modules = new ModuleLoader(() => this.#host as IsolateHost);
  #random: Random | undefined;
  #next: (() => void) | undefined;

  constructor(errors: Parameters<typeof recognizeHostErrors>[0]) {
    const host = () => this.#host as IsolateHost;
    recognizeHostErrors(errors);
    installStackTraces(host);
    installDate(host);
    installConsole(host);
    const random = () => this.#random ?? noRandomness();
    installCrypto(host, random);
    installPerformance(host);
    installTimers(host);
    installWeb(host);
    installFetch(host);
    installProcess(host);
    Math.random = () => random().float();
    Atomics.wait = noWaiting;
    defineGlobal("self", globalThis);
    defineGlobal("WeakRef", StrongRef);
    defineGlobal("FinalizationRegistry", NoFinalizationRegistry);
    defineGlobal("structuredClone", structuredClone);
    defineGlobal("Convex", {
      syscall: (operation: string, args: string) => locally(() => host().syscall(operation, args)),
      asyncSyscall: (operation: string, args: string) => this.#asyncSyscall(operation, args),
      jsSyscall: (operation: string, args: unknown) => locally(() => host().jsSyscall(operation, args)),
    });
  }

  /** Forgets what it was used for, as far as no object shows it ([Note: Restored contexts]). */
  forget(): void {
    this.#modules = new ModuleLoader(() => this.#host as IsolateHost);
    this.#random = undefined;
    forgetTimers();
    forgetEntries();
    forgetMatch();
  }

  /** Gives the isolate to `host`; `work` runs with the next turn. Modules loaded before stay as they are. */
  begin(host: IsolateHost, work: Work): void {
    this.#host = host;
    this.state = { kind: "pending" };
    this.#next = () => this.#start(() => work((path) => this.#modules.load(path)));
  }

  /** From now on random numbers follow `seed`; without one there are none. */
  reseed(seed: Uint32Array): void {
    this.#random = new Random(seed);
  }

  /** What is reported of a thrown value, judged by this realm. */
  describe(thrown: unknown): Failure {
    return describeFailure(thrown, (site) => (this.#host as IsolateHost).describeFrame(site));
  }

  /** Entered by the host; microtasks run when it returns. */
  turn(): void {
    const next = this.#next;
    this.#next = undefined;
    next?.();
  }

  /** Answers the oldest parked syscall in the next turn, and then those behind it as far as the host allows. */
  resume(answer: { text: string } | { error: unknown }): void {
    this.#next = () => {
      const first = this.parked.shift();
      if (!first) return;
      if ("text" in answer) first.resolve(answer.text);
      else first.reject(localError(answer.error));
      while (this.parked[0] && this.#answerNow(this.parked[0])) this.parked.shift();
    };
  }

  /** Marks the execution failed by the first of `promises` that was rejected. */
  failByRejected(promises: Promise<unknown>[]): void {
    this.#next = () => {
      const fail = (reason: unknown) => {
        if (this.state.kind !== "failed") this.state = { kind: "failed", failure: this.describe(reason) };
      };
      for (const promise of promises) Promise.prototype.then.call(promise, undefined, fail);
    };
  }

  #start(work: () => unknown): void {
    const settle = (state: State) => {
      if (this.state.kind !== "pending") return;
      this.state = state;
      this.onSettled();
    };
    new Promise((resolve) => resolve(work())).then(
      (value) => settle({ kind: "done", value }),
      (reason) => settle({ kind: "failed", failure: this.describe(reason) }),
    );
  }

  #asyncSyscall(operation: string, args: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const syscall = { operation, args, resolve, reject };
      if (this.parked.length > 0 || !this.#answerNow(syscall)) this.parked.push(syscall);
    });
  }

  #answerNow({ operation, args, resolve, reject }: ParkedSyscall): boolean {
    try {
      const answer = (this.#host as IsolateHost).asyncSyscall(operation, args);
      if (answer === PARKED) return false;
      if (typeof answer === "string") resolve(answer);
      else answer.then(resolve, (error) => reject(localError(error)));
    } catch (error) {
      reject(localError(error));
    }
    return true;
  }
}

/** Waiting would hold the whole process; the words are V8's own, where waiting is switched off. */
function noWaiting(): never {
  throw new TypeError("Atomics.wait cannot be called in this context");
}

/** `RegExp.$1` and the like tell of the last match: let it be one of nothing in nothing. */
function forgetMatch(): void {
  /(?:)/.exec("");
}

function noRandomness(): never {
  throw new Error("Random values are unsupported in configuration");
}

function locally<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw localError(error);
  }
}

/** `process` has only `env`, and `env` can only be asked for one name at a time. */
function installProcess(host: () => IsolateHost): void {
  const env = new Proxy(
    {},
    { get: (_, name) => (typeof name === "string" ? locally(() => host().env(name)) : undefined) },
  );
  defineGlobal("process", { env });
}
