/** Contexts in which the app's code runs, and the two ways to run them. */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import path from "node:path";
import { promiseHooks } from "node:v8";
import vm from "node:vm";
import type { Isolate } from "./globals/isolate.ts";
import type { ModuleFactory } from "./globals/modules.ts";
import { reachableFrom } from "./pristine.ts";

/** The host's classes that isolates share ([Note: Lent classes]). Everything else in an isolate is its own. */
const LENT: Record<string, unknown> = {
  ...{ ArrayBuffer, DataView, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array },
  ...{ Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array },
  ...{ URL, URLSearchParams, Headers, Request, Response, FormData, Blob, File, TextEncoder, TextDecoder },
  ...{ Event, EventTarget, AbortController, AbortSignal, DOMException, atob, btoa, AsyncLocalStorage, AsyncResource },
};

/** Lent only where the host's promises can be waited for ([Note: Streams of one's own]). */
const LENT_STREAMS: Record<string, unknown> = {
  ...{ TextEncoderStream, TextDecoderStream, ReadableStream, ReadableStreamDefaultReader, ReadableStreamBYOBReader },
  ...{ ReadableStreamDefaultController, ReadableByteStreamController, ReadableStreamBYOBRequest, WritableStream },
  ...{ WritableStreamDefaultWriter, WritableStreamDefaultController, TransformStream },
  ...{ TransformStreamDefaultController, ByteLengthQueuingStrategy, CountQueuingStrategy },
};
const LENT_TO_WAITING = { ...LENT, ...LENT_STREAMS };

const ERRORS = { Error, TypeError, RangeError, SyntaxError };

/** An isolate with the context it lives in. */
export interface Home {
  context: vm.Context;
  isolate: Isolate;
  /** Functions of modules that were made in it, by file name. */
  factories: Map<string, ModuleFactory>;
}

export class IsolateFactory {
  /** Objects of the host that are found in isolates. */
  readonly lentObjects = reachableFrom(Object.values(LENT) as object[]);
  /** The script that furnishes isolates. */
  readonly source: string;
  readonly #furnish: vm.Script;
  readonly #turn = new vm.Script("$isolate.turn()", { filename: "node:isolate" });

  private constructor(source: string) {
    this.source = source;
    this.#furnish = new vm.Script(source, { filename: "node:isolate" });
  }

  static async create(): Promise<IsolateFactory> {
    return new IsolateFactory(await globalsSource());
  }

  /** `source`: that of another factory. */
  static of(source: string): IsolateFactory {
    return new IsolateFactory(source);
  }

  /** For queries, mutations and imports: microtasks run only within `turn`. */
  makeSynchronous(): Home {
    return this.#make(LENT, { microtaskMode: "afterEvaluate" });
  }

  /** For actions: microtasks and timers are those of the process. */
  makeWaiting(): Home {
    return this.#make(LENT_TO_WAITING, {});
  }

  /** Runs the isolate's code until nothing is left to do, however long that takes. */
  turn({ context }: Home): void {
    this.#turn.runInContext(context);
  }

  #make(lent: Record<string, unknown>, options: vm.CreateContextOptions): Home {
    const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, options);
    const start = this.#furnish.runInContext(context) as (lend: typeof LENT, errors: typeof ERRORS) => Isolate;
    return { context, isolate: start(lent, ERRORS), factories: new Map() };
  }
}

/**
 * [Note: Unhandled rejections]
 * Convex fails a query or mutation that leaves a rejected promise without a handler. Node reports such
 * promises only after the event loop's turn, when a synchronous execution has long returned. So promises
 * are watched while they are made: V8's promise hooks name each new promise and its parent, the one it was
 * derived from by `then` or `await`. A promise without children has no handler, and at the end of the
 * execution these few are asked whether they were rejected.
 *
 * One kind of child is no handler: awaiting something that is not a promise wraps it in one, and V8 names
 * the async function's own promise as the wrapper's parent. Wrappers are told by being settled at once,
 * before anything else happens.
 */
export class UnhandledPromises {
  readonly #childless = new Set<Promise<unknown>>();
  #pendingCount = 0;
  #lastInit: { promise: Promise<unknown>; parent: Promise<unknown> } | undefined;

  /** Runs `work` and watches the promises it makes. */
  watch<T>(work: () => T): T {
    hookPromises();
    watching = this;
    try {
      return work();
    } finally {
      watching = undefined;
    }
  }

  /** For when `watch` was cut off. */
  static watchNone(): void {
    watching = undefined;
  }

  /** Those that nothing handles so far, whether or not they are rejected. */
  get all(): Promise<unknown>[] {
    return [...this.#childless];
  }

  /** Whether every promise was settled, so that none can go on later. */
  get areSettled(): boolean {
    return this.#pendingCount === 0;
  }

  created(promise: Promise<unknown>, parent: Promise<unknown>): void {
    this.#pendingCount += 1;
    this.#childless.add(promise);
    this.#lastInit = parent && this.#childless.delete(parent) ? { promise, parent } : undefined;
  }

  entered(): void {
    this.#lastInit = undefined;
  }

  settled(promise: Promise<unknown>): void {
    this.#pendingCount -= 1;
    if (this.#lastInit?.promise === promise) this.#childless.add(this.#lastInit.parent);
    this.#lastInit = undefined;
  }
}

let watching: UnhandledPromises | undefined;
let isHooked = false;

/** Idempotent. The hooks stay, since setting them walks every context that is not yet collected. */
function hookPromises(): void {
  if (isHooked) return;
  isHooked = true;
  promiseHooks.createHook({
    init: (promise, parent) => watching?.created(promise, parent),
    before: () => watching?.entered(),
    settled: (promise) => watching?.settled(promise),
  });
}

/** `globals/` as one script. Its value is the function that furnishes the context it runs in. */
async function globalsSource(): Promise<string> {
  // Not for threads, which are given the outcome.
  const { build } = await import("esbuild");
  const result = await build({
    entryPoints: [path.join(import.meta.dirname, "globals/isolate.ts")],
    bundle: true,
    write: false,
    format: "cjs",
    target: "esnext",
    platform: "neutral",
  });
  const code = result.outputFiles[0]?.text ?? "";
  // A lexical binding can be reached by later scripts and is no property of the global object.
  return `let $isolate; (function (module) {\n${code}\nreturn (...lent) => ($isolate = module.exports.install(...lent));\n})({ exports: {} })`;
}
