/**
 * Trouble on purpose, for tests: `GET /_control` shows, `POST /_control` sets. Fields that are left out stay.
 *
 *     only            the operations that get delay, failures and cuts, such as ["PutObject"]; [] means all
 *     delayMs         waits so long before each operation
 *     failNext        that many requests answer `failStatus` (500, or 503: SlowDown) and change nothing
 *     dropNext        that many requests take effect, but lose their connection instead of being answered
 *     failKeys        keys that DeleteObjects reports as errors and keeps
 *     keptKeys        keys that DeleteObjects confirms and keeps all the same
 *     bytesPerSecond  pace of object bodies, in runs of up to 256 KiB; null: as fast as it goes
 *     largestPage     pages of ListObjectsV2 hold no more entries; null: 1,000
 *     clearLog        forgets the operations seen so far
 *     reset           everything back to no trouble; applied first
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { z } from "zod";
import { adminOnly } from "../adminOnly.ts";
import { S3Error } from "./s3Errors.ts";

const LONGEST_DELAY_MS = 10 * 60 * 1000;
const LOG_ENTRIES = 1000;
const count = z.number().int().min(0);

const controlBody = z
  .strictObject({
    reset: z.boolean(),
    clearLog: z.boolean(),
    only: z.array(z.string()),
    delayMs: count.max(LONGEST_DELAY_MS),
    failNext: count,
    failStatus: z.union([z.literal(500), z.literal(503)]),
    dropNext: count,
    failKeys: z.array(z.string()),
    keptKeys: z.array(z.string()),
    bytesPerSecond: z.number().int().min(1).nullable(),
    largestPage: z.number().int().min(1).nullable(),
  })
  .partial();

export interface Plan {
  only: string[];
  delayMs: number;
  failNext: number;
  failStatus: 500 | 503;
  dropNext: number;
  failKeys: string[];
  keptKeys: string[];
  bytesPerSecond: number | null;
  largestPage: number | null;
}

const NO_TROUBLE: Plan = {
  only: [],
  delayMs: 0,
  failNext: 0,
  failStatus: 500,
  dropNext: 0,
  failKeys: [],
  keptKeys: [],
  bytesPerSecond: null,
  largestPage: null,
};

/** One request as the store saw it. */
export interface LogEntry {
  atMs: number;
  /** Null: the request named none, or was refused before that mattered. */
  operation: string | null;
  key: string | null;
  /** Null: the connection was cut instead. */
  status: number | null;
  errorCode: string | null;
  /** Bytes of an object sent so far. */
  sentBytes: number;
}

export class Trouble {
  readonly plan: Plan = { ...NO_TROUBLE };
  readonly #log: LogEntry[] = [];

  /** Opens an entry of the log, which the caller goes on filling in. Only the newest are kept. */
  record(atMs: number): LogEntry {
    const entry: LogEntry = { atMs, operation: null, key: null, status: null, errorCode: null, sentBytes: 0 };
    this.#log.push(entry);
    if (this.#log.length > LOG_ENTRIES) this.#log.shift();
    return entry;
  }

  /** Before an operation has any effect. Throws the failure that was asked for. */
  async before(operation: string): Promise<void> {
    if (!this.#concerns(operation)) return;
    if (this.plan.delayMs > 0) await sleep(this.plan.delayMs);
    if (this.plan.failNext === 0) return;
    this.plan.failNext -= 1;
    throw new S3Error(this.plan.failStatus === 503 ? "SlowDown" : "InternalError", "Failing as POST /_control asked.");
  }

  /** After an operation took effect: whether its answer gets lost. */
  losesAnswer(operation: string): boolean {
    if (!this.#concerns(operation) || this.plan.dropNext === 0) return false;
    this.plan.dropNext -= 1;
    return true;
  }

  /** Waits as long as so many bytes take at the pace that was asked for. */
  async pace(sizeBytes: number): Promise<void> {
    if (this.plan.bytesPerSecond) await sleep((sizeBytes / this.plan.bytesPerSecond) * 1000, undefined, { ref: false });
  }

  /** The routes under `/_control`. */
  routes(adminKey: string): Hono {
    const routes = new Hono();
    routes.use(adminOnly(adminKey));
    routes.get("/", (c) => c.json({ ...this.plan, log: this.#log }));
    routes.post("/", async (c) => {
      const parsed = controlBody.safeParse(await c.req.json().catch(() => null));
      if (!parsed.success) return c.json({ error: z.prettifyError(parsed.error) }, 400);
      const { reset, clearLog, ...changes } = parsed.data;
      if (clearLog || reset) this.#log.length = 0;
      Object.assign(this.plan, reset ? NO_TROUBLE : {}, changes);
      return c.json({ ...this.plan, log: this.#log });
    });
    return routes;
  }

  #concerns(operation: string): boolean {
    return this.plan.only.length === 0 || this.plan.only.includes(operation);
  }
}
