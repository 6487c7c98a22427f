/** Clients that go on working across crashes, each in its own way, and remember what they were told. */
import { setTimeout as sleep } from "node:timers/promises";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { type ApiFromModules, anyApi } from "convex/server";
import { WebSocket } from "ws";
import { decodeU64, encodeU64 } from "../../../src/runtime/convex/sync/protocol.ts";
import type * as load from "./fixtures/convex/load.ts";

export const api = anyApi as unknown as ApiFromModules<{ load: typeof load }>;

/** What one client was told. Entries are numbered by the client, from 0. */
export interface Testimony {
  readonly writer: string;
  /** Entries whose mutation was acknowledged. */
  readonly acknowledged: Set<number>;
  /** Entries that were sent, acknowledged or not. */
  sent: number;
  /** Whether a mutation sent again is the same one, so that no entry may be missing or double at the end. */
  readonly isExactlyOnce: boolean;
  /** Newest timestamp seen. */
  latestTs: bigint;
  /** What must not have happened. */
  readonly complaints: string[];
}

export interface Client {
  readonly testimony: Testimony;
  /** Resolves once everything sent has an answer, after `finish`. */
  finish(): Promise<void>;
  close(): void;
}

const RETRY_MS = 20;
/** A flaky connection breaks right after every so many messages, so that answers get lost without a kill too. */
const FLAKY_EVERY = 9;
/** Every fifth entry schedules a mutation, every seventh an action. */
function schedulesFor(sequence: number): "mutation" | "action" | null {
  if (sequence % 5 === 0) return "mutation";
  return sequence % 7 === 0 ? "action" : null;
}

function testimonyOf(writer: string, isExactlyOnce: boolean): Testimony {
  return { writer, acknowledged: new Set(), sent: 0, isExactlyOnce, latestTs: 0n, complaints: [] };
}

/** Speaks the protocol by hand, so that it is back at once: several mutations at a time, all sent again after a loss. */
export class SocketClient implements Client {
  readonly testimony: Testimony;
  readonly #url: string;
  readonly #inFlight: number;
  readonly #isFlaky: boolean;
  readonly #sessionId = crypto.randomUUID();
  readonly #waiting = new Map<number, string>();
  readonly #finished = Promise.withResolvers<void>();
  #socket: WebSocket | null = null;
  #connections = 0;
  #isFinishing = false;
  #isClosed = false;

  constructor(apiUrl: string, writer: string, { inFlight, isFlaky }: { inFlight: number; isFlaky: boolean }) {
    this.testimony = testimonyOf(writer, true);
    this.#isFlaky = isFlaky;
    this.#url = `${apiUrl.replace("http", "ws")}/api/1.48.0/sync`;
    this.#inFlight = inFlight;
    this.#connect();
  }

  finish(): Promise<void> {
    this.#isFinishing = true;
    this.#sendMore();
    return this.#finished.promise;
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.terminate();
  }

  #connect(): void {
    if (this.#isClosed) return;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.on("open", () => this.#opened(socket));
    socket.on("message", (data) => this.#receive(JSON.parse(data.toString())));
    socket.on("error", () => {}); // `close` follows.
    socket.on("close", () => setTimeout(() => this.#connect(), RETRY_MS));
  }

  #opened(socket: WebSocket): void {
    const { sessionId, connectionCount } = { sessionId: this.#sessionId, connectionCount: this.#connections };
    const maxObservedTimestamp = encodeU64(this.testimony.latestTs);
    socket.send(
      JSON.stringify({ type: "Connect", sessionId, connectionCount, lastCloseReason: null, maxObservedTimestamp }),
    );
    this.#connections += 1;
    const add = { type: "Add", queryId: 0, udfPath: "load:countOf", args: [{ writer: this.testimony.writer }] };
    socket.send(JSON.stringify({ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [add] }));
    for (const message of this.#waiting.values()) socket.send(message);
    this.#sendMore();
  }

  #sendMore(): void {
    if (this.#isFinishing && this.#waiting.size === 0) this.#finished.resolve();
    while (!this.#isFinishing && this.#waiting.size < this.#inFlight) {
      const sequence = this.testimony.sent++;
      const args = [{ writer: this.testimony.writer, sequence, schedules: schedulesFor(sequence) }];
      const message = JSON.stringify({ type: "Mutation", requestId: sequence, udfPath: "load:append", args });
      this.#waiting.set(sequence, message);
      if (this.#socket?.readyState === WebSocket.OPEN) this.#send(this.#socket, message, sequence);
    }
  }

  #send(socket: WebSocket, message: string, sequence: number): void {
    const isLast = this.#isFlaky && sequence % FLAKY_EVERY === 0;
    socket.send(message, () => isLast && socket.terminate());
  }

  // biome-ignore lint/suspicious/noExplicitAny: messages are looked at field by field.
  #receive(message: any): void {
    const { testimony } = this;
    if (message.type === "FatalError") testimony.complaints.push(`FatalError: ${message.error}`);
    if (message.type === "Transition") this.#see(decodeU64(message.endVersion.ts), "transition");
    if (message.type !== "MutationResponse") return;
    if (!message.success) testimony.complaints.push(`Mutation ${message.requestId} failed: ${message.result}`);
    testimony.acknowledged.add(message.requestId);
    this.#waiting.delete(message.requestId);
    this.#sendMore();
  }

  #see(ts: bigint, where: string): void {
    const { testimony } = this;
    if (ts < testimony.latestTs) testimony.complaints.push(`A ${where} went back from ${testimony.latestTs} to ${ts}`);
    testimony.latestTs = ts;
  }
}

/** The official client with a live query; it sends the next entry when the last one is acknowledged. */
export class OfficialClient implements Client {
  readonly testimony: Testimony;
  readonly #client: ConvexClient;
  readonly #done: Promise<void>;
  #isFinishing = false;

  constructor(apiUrl: string, writer: string) {
    this.testimony = testimonyOf(writer, true);
    this.#client = new ConvexClient(apiUrl, { logger: false, unsavedChangesWarning: false });
    let seen = 0;
    this.#client.onUpdate(api.load.countOf, { writer }, (count) => {
      if (count < seen) this.testimony.complaints.push(`A live count went back from ${seen} to ${count}`);
      seen = count;
    });
    this.#done = this.#write();
  }

  finish(): Promise<void> {
    this.#isFinishing = true;
    return this.#done;
  }

  close(): void {
    void this.#client.close();
  }

  async #write(): Promise<void> {
    const { writer, acknowledged } = this.testimony;
    while (!this.#isFinishing) {
      const sequence = this.testimony.sent++;
      await this.#client.mutation(api.load.append, { writer, sequence, schedules: schedulesFor(sequence) });
      acknowledged.add(sequence);
    }
  }
}

/** Asks over HTTP and never asks twice: what got no answer may have happened or not. */
export class HttpClient implements Client {
  readonly testimony: Testimony;
  readonly #http: ConvexHttpClient;
  readonly #ask: (http: ConvexHttpClient, testimony: Testimony, sequence: number) => Promise<unknown>;
  readonly #done: Promise<void>;
  #isFinishing = false;

  constructor(apiUrl: string, writer: string, ask: HttpWork) {
    this.testimony = testimonyOf(writer, false);
    this.#http = new ConvexHttpClient(apiUrl, { logger: false });
    this.#ask = HTTP_WORK[ask];
    this.#done = this.#work();
  }

  finish(): Promise<void> {
    this.#isFinishing = true;
    return this.#done;
  }

  close(): void {
    this.#isFinishing = true;
  }

  async #work(): Promise<void> {
    while (!this.#isFinishing) {
      const sequence = this.testimony.sent++;
      try {
        await this.#ask(this.#http, this.testimony, sequence);
      } catch {
        await sleep(RETRY_MS);
      }
    }
  }
}

export type HttpWork = keyof typeof HTTP_WORK;

const HTTP_WORK = {
  async mutations(http: ConvexHttpClient, { writer, acknowledged }: Testimony, sequence: number) {
    await http.mutation(api.load.append, { writer, sequence, schedules: schedulesFor(sequence) });
    acknowledged.add(sequence);
  },
  async actions(http: ConvexHttpClient, { writer, acknowledged }: Testimony, sequence: number) {
    await http.action(api.load.act, { writer, sequence });
    acknowledged.add(sequence);
  },
  async drifting(http: ConvexHttpClient, { writer }: Testimony, sequence: number) {
    await http.mutation(api.load.drift, { writer, mark: sequence % 5, text: `${writer} ${sequence}` });
  },
};
