/** The sending half of a socket: keepalive, back-pressure, and large transitions in chunks. */
import type { WebSocket } from "ws";
import { encodeServerMessage, type ServerMessage, splitTransition } from "./protocol.ts";

/** Convex keeps at most two transitions unsent; later changes wait and are folded into one. */
const MAX_UNSENT_TRANSITIONS = 2;

export interface Keepalive {
  /** A `Ping` message after this long without any other message. */
  pingAfterMs: number;
  /** A client that neither sends nor answers pings for this long is dropped. */
  dropAfterMs: number;
  /** How often both are checked, with a WebSocket ping each time. */
  checkEveryMs: number;
}

export const KEEPALIVE: Keepalive = { pingAfterMs: 15_000, dropAfterMs: 120_000, checkEveryMs: 5_000 };

/** A client that does not read may hold this much unsent data before it is dropped. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

export class Outbox {
  readonly #socket: WebSocket;
  readonly #canChunk: boolean;
  readonly #keepalive: Keepalive;
  readonly #onDrained: () => void;
  readonly #timer: NodeJS.Timeout;
  #unsentTransitions = 0;
  #lastSentMs = performance.now();
  #lastHeardMs = performance.now();

  /** `onDrained` is called whenever a transition has left. */
  constructor(
    socket: WebSocket,
    { canChunk, keepalive, onDrained }: { canChunk: boolean; keepalive: Keepalive; onDrained: () => void },
  ) {
    this.#socket = socket;
    this.#canChunk = canChunk;
    this.#keepalive = keepalive;
    this.#onDrained = onDrained;
    this.#timer = setInterval(() => this.#check(), keepalive.checkEveryMs);
    socket.on("message", () => this.#heard());
    socket.on("pong", () => this.#heard());
    socket.on("ping", () => this.#heard());
    socket.on("close", () => clearInterval(this.#timer));
  }

  get canTakeTransition(): boolean {
    return this.#unsentTransitions < MAX_UNSENT_TRANSITIONS;
  }

  send(message: ServerMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#lastSentMs = performance.now();
    const text = encodeServerMessage(message);
    if (message.type === "Transition") this.#sendTransition(this.#canChunk ? splitTransition(text) : [text]);
    else this.#socket.send(text);
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) void this.close(1013, "ClientTooSlow");
  }

  /** Sends what is queued, then closes. `reason` is a short code of at most 123 bytes. Resolves when closed. */
  close(code: number, reason: string): Promise<void> {
    clearInterval(this.#timer);
    if (this.#socket.readyState === this.#socket.CLOSED) return Promise.resolve();
    this.#socket.close(code, reason);
    return new Promise((resolve) => this.#socket.once("close", () => resolve()));
  }

  #sendTransition(frames: string[]): void {
    this.#unsentTransitions += 1;
    for (const frame of frames.slice(0, -1)) this.#socket.send(frame);
    this.#socket.send(frames.at(-1) ?? "", () => {
      this.#unsentTransitions -= 1;
      this.#onDrained();
    });
  }

  #heard(): void {
    this.#lastHeardMs = performance.now();
  }

  #check(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastHeardMs > this.#keepalive.dropAfterMs) return this.#socket.terminate();
    this.#socket.ping();
    if (nowMs - this.#lastSentMs >= this.#keepalive.pingAfterMs) this.send({ type: "Ping" });
  }
}
