/**
 * Webhooks as Clerk sends them through Svix: kept in SQLite before they are sent, signed, tried again on
 * Svix's timetable by the shared clock, also after a restart. Order is not promised, as with Svix.
 */
import type { DatabaseSync } from "node:sqlite";
import { Webhook } from "svix";
import type { Clock } from "../convex/types.ts";
import { newId } from "./ids.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Svix's timetable: the wait after each failed attempt. After the last, the message has failed. */
const RETRY_WAITS_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
];

/** An endpoint that has not answered by then has failed, as with Svix. */
const ATTEMPT_TIMEOUT_MS = 15 * SECOND_MS;

/** Messages that are done are kept this long, to be replayed. They hold names and addresses, so not longer. */
const KEEP_MS = 7 * DAY_MS;

const TABLES = `
  CREATE TABLE IF NOT EXISTS webhooks (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL, createdAtMs INTEGER NOT NULL, nextAttemptAtMs INTEGER NOT NULL
  ) STRICT;
`;

export type MessageState = "pending" | "delivered" | "failed" | "dropped";

export interface Message {
  id: string;
  type: string;
  payload: string;
  state: MessageState;
  attempts: number;
  createdAtMs: number;
  nextAttemptAtMs: number;
}

/** What becomes of a message after an attempt. Pure. */
export function afterAttempt(message: Message, delivered: boolean, nowMs: number): Message {
  const attempts = message.attempts + 1;
  if (delivered) return { ...message, attempts, state: "delivered" };
  const waitMs = RETRY_WAITS_MS[attempts - 1];
  if (waitMs === undefined) return { ...message, attempts, state: "failed" };
  return { ...message, attempts, nextAttemptAtMs: nowMs + waitMs };
}

export interface WebhookOptions {
  db: DatabaseSync;
  clock: Clock;
  /** `whsec_…` */
  secret: string;
  instanceId: string;
}

export class WebhookOutbox {
  /** Messages to lose on purpose, and how long to hold each attempt back; set by `POST /_control`. */
  readonly faults = { dropNext: 0, delayMs: 0 };
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  readonly #signer: Webhook;
  readonly #instanceId: string;
  readonly #closing = new AbortController();
  readonly #wakes = new Map<string, () => void>();
  readonly #attempts = new Set<Promise<void>>();
  #endpoint: string | null = null;

  constructor({ db, clock, secret, instanceId }: WebhookOptions) {
    this.#db = db;
    this.#clock = clock;
    this.#signer = new Webhook(secret);
    this.#instanceId = instanceId;
    db.exec(TABLES);
  }

  /** From now on messages go to `endpoint`; those that waited for one are sent. */
  deliverTo(endpoint: string): void {
    this.#endpoint = endpoint;
    for (const message of this.messages()) if (message.state === "pending") this.#arm(message);
  }

  /** Keeps a message and sends it soon. Called inside the transaction of the change it tells of. */
  add(type: string, data: object): void {
    const nowMs = this.#clock.nowMs();
    const payload = { data, object: "event", type, timestamp: nowMs, instance_id: this.#instanceId };
    const message: Message = {
      id: newId("msg"),
      type,
      payload: JSON.stringify(payload),
      state: this.#takeDrop() ? "dropped" : "pending",
      attempts: 0,
      createdAtMs: nowMs,
      nextAttemptAtMs: nowMs + this.faults.delayMs,
    };
    this.#db.prepare("DELETE FROM webhooks WHERE state <> 'pending' AND createdAtMs < ?").run(nowMs - KEEP_MS);
    this.#save(message);
    if (message.state === "pending") this.#arm(message);
  }

  /** Sends one message again, or all of them, under their own ids; false when there is none. */
  replay(id: string | "all"): boolean {
    const chosen = this.messages().filter((message) => id === "all" || message.id === id);
    for (const message of chosen) {
      const again: Message = { ...message, state: "pending", attempts: 0, nextAttemptAtMs: this.#clock.nowMs() };
      this.#save(again);
      this.#arm(again);
    }
    return chosen.length > 0;
  }

  /** Oldest first. */
  messages(): Message[] {
    return this.#db.prepare("SELECT * FROM webhooks ORDER BY createdAtMs, rowid").all() as unknown as Message[];
  }

  /** Stops sending; what is pending goes out after the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const cancel of this.#wakes.values()) cancel();
    await Promise.all(this.#attempts);
  }

  #takeDrop(): boolean {
    if (this.faults.dropNext === 0) return false;
    this.faults.dropNext -= 1;
    return true;
  }

  #arm(message: Message): void {
    if (!this.#endpoint) return;
    this.#wakes.get(message.id)?.();
    const wake = () => {
      this.#wakes.delete(message.id);
      const attempt = this.#attempt(message).finally(() => this.#attempts.delete(attempt));
      this.#attempts.add(attempt);
    };
    this.#wakes.set(message.id, this.#clock.at(message.nextAttemptAtMs, wake));
  }

  async #attempt(message: Message): Promise<void> {
    const delivered = await this.#send(message);
    if (this.#closing.signal.aborted) return;
    const next = afterAttempt(message, delivered, this.#clock.nowMs());
    this.#save(next);
    if (next.state === "pending") this.#arm(next);
  }

  async #send({ id, payload }: Message): Promise<boolean> {
    const sentAt = new Date(this.#clock.nowMs());
    try {
      const response = await fetch(this.#endpoint!, {
        method: "POST",
        redirect: "manual",
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
        headers: {
          "content-type": "application/json",
          "svix-id": id,
          "svix-timestamp": String(Math.floor(sentAt.getTime() / SECOND_MS)),
          "svix-signature": this.#signer.sign(id, sentAt, payload),
        },
        body: payload,
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      // Unreachable, too slow or closing: all mean "not delivered", and the timetable says what follows.
      return false;
    }
  }

  #save(message: Message): void {
    const { id, type, payload, state, attempts, createdAtMs, nextAttemptAtMs } = message;
    this.#db
      .prepare(
        `INSERT INTO webhooks VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
         state = excluded.state, attempts = excluded.attempts, nextAttemptAtMs = excluded.nextAttemptAtMs`,
      )
      .run(id, type, payload, state, attempts, createdAtMs, nextAttemptAtMs);
  }
}
