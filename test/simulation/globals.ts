/**
 * Puts a simulation in the place of what the functions know of the world: time, timers, randomness, cryptography, the
 * network and the console. For a process that does nothing else.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { Readable, Writable } from "node:stream";
import type { Chance } from "./chance.ts";
import { type Nonces, simulatedCrypto } from "./cryptography.ts";
import { type Answered, type Asked, type Network, NoAnswer } from "./network.ts";
import { Task, tasks } from "./tasks.ts";
import type { Event, Timeline } from "./timeline.ts";

/** What takes the place of the world. */
export interface Surroundings {
  timeline: Timeline;
  chance: Chance;
  network: Network;
  nonces: Nonces;
  /** How wrong the clock is of whoever asks. */
  skewMs(): number;
  /** What is said on the console. */
  say(line: string): void;
  /** The task that a scheduled function runs as, and how much later than asked for. */
  startJob(name: string): { task: Task; lateMs: number };
}

type Callback = (...args: unknown[]) => void;
type OnResponse = (response: http.IncomingMessage) => void;

/** The name of the function that is being scheduled: timers made meanwhile are the scheduler's. */
export const scheduling = new AsyncLocalStorage<string>();

const RealDate = Date;
const realConsole = console;
const real = { setTimeout, clearTimeout, fetch, crypto, random: Math.random };

let present: Surroundings | null = null;

/** Makes these the surroundings of everything in this process until others are, or none. */
export function surround(surroundings: Surroundings | null): void {
  present = surroundings;
}

/** To be called once, before anything else is loaded that keeps hold of what is replaced. */
export function replaceGlobals(): void {
  globalThis.Date = SimulatedDate as DateConstructor;
  globalThis.setTimeout = startTimer as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((timer: unknown) =>
    timer instanceof Timer ? timer.cancel() : real.clearTimeout(timer as number)) as typeof clearTimeout;
  globalThis.fetch = (input, init) =>
    present ? fetchFrom(present, new Request(input, init)) : real.fetch(input, init);
  Math.random = () => (present ? present.chance.next() : real.random());
  globalThis.console = simulatedConsole();
  AbortSignal.timeout = (ms) => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new DOMException("The operation timed out", "TimeoutError")), ms);
    return abort.signal;
  };
  Object.defineProperty(globalThis, "crypto", { configurable: true, get: currentCrypto });
  http.request = ((options: http.RequestOptions | URL, ...rest: unknown[]) =>
    new SimulatedRequest(options, rest)) as unknown as typeof http.request;
  syncBuiltinESMExports();
}

const cryptos = new WeakMap<Surroundings, Crypto>();

function currentCrypto(): Crypto {
  if (!present) return real.crypto;
  const known = cryptos.get(present) ?? simulatedCrypto(present.chance, present.nonces);
  cryptos.set(present, known);
  return known;
}

class SimulatedDate extends RealDate {
  constructor(...args: unknown[]) {
    if (args.length === 0) super(SimulatedDate.now());
    else super(...(args as [number]));
  }

  static override now(): number {
    return present ? present.timeline.nowMs + present.skewMs() : RealDate.now();
  }
}

class Timer {
  readonly #event: Event;

  constructor(event: Event) {
    this.#event = event;
  }

  cancel(): void {
    this.#event.act = null;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

function startTimer(act: Callback, ms = 0, ...args: unknown[]): unknown {
  if (!present) return real.setTimeout(act, ms, ...args);
  const run = AsyncLocalStorage.snapshot();
  const jobName = scheduling.getStore();
  if (jobName === undefined) return new Timer(present.timeline.after(ms, () => run(act, ...args)));
  const { task, lateMs } = present.startJob(jobName);
  const begin = () => scheduling.exit(() => tasks.run(task, act, ...args));
  return new Timer(present.timeline.after(ms + lateMs, () => run(begin)));
}

function simulatedConsole(): Console {
  const say =
    (how: "error" | "warn" | "log") =>
    (...parts: unknown[]) =>
      present ? present.say(parts.map(inWords).join(" ")) : realConsole[how](...parts);
  return {
    ...realConsole,
    error: say("error"),
    warn: say("warn"),
    log: say("log"),
    info: say("log"),
    debug: say("log"),
  };
}

function inWords(part: unknown): string {
  if (part instanceof Error) return `${part.stack ?? part.message} ${JSON.stringify(part, Object.keys(part))}`;
  return typeof part === "string" ? part : String(JSON.stringify(part));
}

async function fetchFrom({ network }: Surroundings, request: Request): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  const asked = { method: request.method, url: new URL(request.url), headers: request.headers, body };
  const answered = await untilAborted(network.ask(asked), request.signal);
  const isEmpty = answered.status === 204 || answered.status === 304;
  return new Response(isEmpty ? null : bodyOf(answered), { status: answered.status, headers: answered.headers });
}

function untilAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    promise.then(resolve, (error) =>
      reject(error instanceof NoAnswer ? new TypeError("fetch failed", { cause: error }) : error),
    );
  });
}

function bodyOf({ body, stream }: Answered): BodyInit | null {
  if (!stream) return typeof body === "string" ? body : body ? new Uint8Array(body) : null;
  return new ReadableStream({
    async start(controller) {
      for (const { afterMs, text } of stream) {
        await new Promise((resolve) => setTimeout(resolve, afterMs));
        if (text === null) return controller.error(new TypeError("terminated"));
        controller.enqueue(new TextEncoder().encode(text));
      }
      controller.close();
    },
  });
}

/** A connection that is there at once. */
const SOCKET = { connecting: false, setKeepAlive() {}, setTimeout() {}, removeListener() {}, destroy() {} };

/** A request by way of `node:http`, as far as the S3 client and the pulling of results go. */
class SimulatedRequest extends Writable {
  readonly socket = SOCKET;
  readonly #chunks: Uint8Array[] = [];
  readonly #options: http.RequestOptions | URL;
  readonly #onResponse: OnResponse | undefined;
  readonly #headers: http.OutgoingHttpHeaders;
  readonly #run = AsyncLocalStorage.snapshot();

  constructor(options: http.RequestOptions | URL, rest: unknown[]) {
    super();
    this.#options = options;
    this.#onResponse = rest.find((each) => typeof each === "function") as OnResponse | undefined;
    const given = rest.find((each) => typeof each === "object") as http.RequestOptions | undefined;
    process.nextTick(() => this.emit("continue"));
    this.#headers = ((options instanceof URL ? given?.headers : options.headers) ?? {}) as http.OutgoingHttpHeaders;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  override _final(done: () => void): void {
    done();
    void this.#run(() => this.#send());
  }

  setTimeout(): this {
    return this;
  }

  async #send(): Promise<void> {
    try {
      if (!present) throw new NoAnswer();
      this.#receive(await present.network.ask(this.#asked()));
    } catch (error) {
      this.emit("error", error);
    }
  }

  #asked(): Asked {
    const options = this.#options;
    const isUrl = options instanceof URL;
    const url = isUrl ? options : new URL(`http://${options.host}${options.path}`);
    const headers = new Headers(Object.entries(this.#headers).map(([name, value]) => [name, String(value)]));
    return { method: (isUrl ? undefined : options.method) ?? "GET", url, headers, body: Buffer.concat(this.#chunks) };
  }

  #receive({ status, headers = {}, body = "" }: Answered): void {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const response = Readable.from(bytes.length > 0 ? [bytes] : [], { objectMode: false });
    Object.assign(response, { statusCode: status, statusMessage: "", headers });
    this.emit("response", response);
    this.#onResponse?.(response as http.IncomingMessage);
  }
}
