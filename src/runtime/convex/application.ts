/**
 * Owns transactions: runs queries over live results, mutations with optimistic retries, actions within their
 * slots, and answers what actions ask of the database.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type BackoffRange, backoffMs } from "./backoff.ts";
import { ConflictError, RequestError } from "./errors.ts";
import { keyWithIdentity, LiveResult, LiveResults, queryKey, resultExpiresAtMs } from "./liveResults.ts";
import type { CallRecord, Metrics } from "./metrics.ts";
import { cancelJob, insertJob } from "./scheduler/jobRows.ts";
import { findRecordedAnswer, recordAnswer, type SessionRequest } from "./sessionRequests.ts";
import { Slots } from "./slots.ts";
import type {
  ActionHost,
  Clock,
  Deployment,
  Execution,
  FunctionCall,
  FunctionError,
  FunctionKind,
  FunctionRunner,
  Identity,
  Outcome,
  Store,
  Transaction,
} from "./types.ts";

/** Convex retries a mutation whose reads changed 4 times. */
const MAX_CONFLICT_RETRIES = 4;
const CONFLICT_BACKOFF: BackoffRange = { firstMs: 100, longestMs: 2_000 };

/** Convex's smallest plan runs 64 actions at once and lets others wait 10 s. */
const ACTION_SLOTS = 64;
const ACTION_SLOT_WAIT_MS = 10_000;

/** How long a consistent reader may take between its queries; Convex promises about as much. */
const REMEMBERED_TS_LIFETIME_MS = 30_000;
/** Each keeps a snapshot of the database open. */
const MAX_REMEMBERED_TS = 8;

/** What a function came to, with the id under which its failure is logged. */
export interface Answer {
  outcome: Outcome;
  logLines: string[];
  requestId: string;
}

export interface QueryAnswer extends Answer {
  /** Opaque text that makes a re-run paginate over the same range; null when there is nothing to remember. */
  journal: string | null;
}

/** `ts` is the commit timestamp, null when the mutation failed. */
export interface MutationAnswer extends Answer {
  ts: bigint | null;
}

/** Rows of the runtime that commit together with a mutation. */
export interface CompanionRows {
  /** Written before the mutation runs, and seen by it; false calls everything off. */
  before(tx: Transaction): boolean;
  /** Written after it; what a failed mutation wrote is undone by then. */
  after(tx: Transaction, outcome: Outcome): void;
}

export interface ApplicationParts {
  store: Store;
  runner: FunctionRunner;
  clock: Clock;
  metrics: Metrics;
  log: (line: string) => void;
  /** Fresh short ids for requests that carry none. */
  newRequestId: () => string;
  random: () => number;
}

export class Application {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly live = new LiveResults<QueryAnswer>();
  readonly newRequestId: () => string;
  readonly #runner: FunctionRunner;
  readonly #log: (line: string) => void;
  readonly #random: () => number;
  readonly #actionSlots = new Slots(ACTION_SLOTS);
  /** Transactions that keep old snapshots open for `queryAt`. */
  readonly #rememberedTs = new Map<bigint, { tx: Transaction; timer: NodeJS.Timeout }>();
  readonly #running = new Set<Promise<void>>();

  constructor(parts: ApplicationParts) {
    this.store = parts.store;
    this.metrics = parts.metrics;
    this.clock = parts.clock;
    this.newRequestId = parts.newRequestId;
    this.#runner = parts.runner;
    this.#log = parts.log;
    this.#random = parts.random;
    this.store.onCommit((commit) => {
      this.metrics.recordCommitGroup();
      this.live.applyCommit(commit);
    });
  }

  get deployment(): Deployment {
    return this.#runner.deployment;
  }

  /** The answer at the latest timestamp, from the cache when it still holds. */
  query(call: FunctionCall, journal: string | null = null): QueryAnswer {
    return this.liveQuery(call, journal).answer;
  }

  /** As `query`, as a result that can be watched (`live.watch`). */
  liveQuery(call: FunctionCall, journal: string | null): LiveResult<QueryAnswer> {
    const key = queryKey(this.deployment.version, call, journal);
    const nowMs = this.clock.nowMs();
    const known = this.live.find(keyWithIdentity(key, call.identity), nowMs) ?? this.live.find(key, nowMs);
    if (known) {
      this.metrics.recordCall({ ...call, kind: "query", isCached: true });
      return known;
    }
    return this.#computeQuery(call, journal, key);
  }

  /**
   * Runs a mutation until it commits. With `session`, a request that already committed answers again without
   * running. Throws `RequestError` when it keeps conflicting with others.
   */
  mutation(call: FunctionCall, session: SessionRequest | null = null): Promise<MutationAnswer> {
    return this.#track(this.#mutateWithRetries(withRequestId(call, this.newRequestId), session));
  }

  /** The latest timestamp, at which `queryAt` can answer for a while. */
  rememberTs(): bigint {
    const ts = this.store.latestTs();
    if (this.#rememberedTs.has(ts)) return ts;
    const timer = setTimeout(() => this.#forgetTs(ts), REMEMBERED_TS_LIFETIME_MS);
    timer.unref();
    this.#rememberedTs.set(ts, { tx: this.store.begin(), timer });
    const [oldest] = this.#rememberedTs.keys();
    if (oldest !== undefined && this.#rememberedTs.size > MAX_REMEMBERED_TS) this.#forgetTs(oldest);
    return ts;
  }

  /** The answer at a timestamp from `rememberTs`; throws `RequestError` when that is too long ago. */
  queryAt(call: FunctionCall, ts: bigint): QueryAnswer {
    if (ts === this.store.latestTs()) return this.query(call);
    if (!this.#rememberedTs.has(ts))
      throw new RequestError(
        "badRequest",
        "InvalidTimestamp",
        "The timestamp is too old, or did not come from /api/query_ts.",
      );
    return this.#runQuery(this.store.begin(ts), call, null).answer;
  }

  /** Runs an action; `maxWaitMs` bounds the wait for a slot, null does not. */
  action(call: FunctionCall, maxWaitMs: number | null = ACTION_SLOT_WAIT_MS): Promise<Answer> {
    return this.#act(withRequestId(call, this.newRequestId), maxWaitMs);
  }

  /** Runs an HTTP action; aborting `signal` stops it. The slot is held until its response has begun. */
  async httpAction(request: Request, identity: Identity, signal: AbortSignal): Promise<Response> {
    const release = await this.#actionSlots.acquire(ACTION_SLOT_WAIT_MS);
    try {
      const response = await this.#runner.runHttpAction(request, identity, signal);
      const path = `http:${request.method}`;
      this.metrics.recordCall({ component: "", path, kind: "httpAction", isFailure: response.status >= 500 });
      return response;
    } finally {
      release();
    }
  }

  /** Runs whatever kind of function the path names; one that does not exist fails as a query would. */
  async anyFunction(call: FunctionCall): Promise<Answer> {
    const kind = this.deployment.find(call.component, call.path)?.kind;
    if (kind === "mutation") return this.mutation(call);
    return kind === "action" ? this.action(call) : this.query(call);
  }

  /** Commits what `write` does, again from the start whenever it conflicts. For the runtime's own rows. */
  async transact<Result>(write: (tx: Transaction) => Result): Promise<Result> {
    for (let failures = 1; ; failures += 1) {
      const tx = this.store.begin();
      try {
        const result = write(tx);
        await this.#commit(tx);
        return result;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
      } finally {
        tx.close();
      }
      await sleep(backoffMs(failures, CONFLICT_BACKOFF, this.#random()));
    }
  }

  /**
   * Tries once to run a mutation and commit it together with the caller's own rows. Throws `ConflictError`
   * when all of it has to run again.
   */
  mutationWith(call: FunctionCall, rows: CompanionRows): Promise<void> {
    return this.#track(this.#mutateTogether(withRequestId(call, this.newRequestId), rows));
  }

  /** What actions ask of the database. */
  readonly actionHost: ActionHost = {
    query: async (call) => this.query(call).outcome,
    mutation: async (call) => (await this.mutation(call)).outcome,
    action: async (call) => (await this.action(call)).outcome,
    schedule: (component, job) => this.transact((tx) => insertJob(tx, component, job)),
    cancel: (component, jobId) => this.transact((tx) => cancelJob(tx, component, jobId, this.clock.nowMs())),
  };

  /** Resolves when the mutations that were running have ended. Actions are not waited for. */
  async close(): Promise<void> {
    await Promise.all(this.#running);
    for (const ts of [...this.#rememberedTs.keys()]) this.#forgetTs(ts);
  }

  #computeQuery(call: FunctionCall, journal: string | null, key: string): LiveResult<QueryAnswer> {
    const { answer, execution, reads } = this.#runQuery(this.store.begin(), call, journal);
    const result = new LiveResult<QueryAnswer>({
      key: execution.readIdentity ? keyWithIdentity(key, call.identity) : key,
      answer,
      reads,
      expiresAtMs: resultExpiresAtMs(execution.readTime, this.clock.nowMs()),
      sizeChars: key.length + sizeOf(execution),
    });
    this.live.add(result);
    return result;
  }

  /** Runs in `tx` and closes it. */
  #runQuery(tx: Transaction, call: FunctionCall, journal: string | null) {
    try {
      const requestId = call.request?.requestId ?? this.newRequestId();
      const execution = this.#runner.runQuery(
        tx,
        withRequestId(call, () => requestId),
        journal,
      );
      const { outcome, logLines } = execution;
      this.#report(call, { outcome, logLines, requestId });
      this.metrics.recordCall(recordOf("query", call, tx, execution));
      const answer: QueryAnswer = { outcome, logLines, journal: execution.journal, requestId };
      return { answer, execution, reads: tx.reads };
    } finally {
      tx.close();
    }
  }

  async #mutateWithRetries(call: FunctionCall, session: SessionRequest | null): Promise<MutationAnswer> {
    for (let failures = 1; failures <= MAX_CONFLICT_RETRIES + 1; failures += 1) {
      if (failures > 1) await sleep(backoffMs(failures - 1, CONFLICT_BACKOFF, this.#random()));
      const answer = await this.#mutateOnce(call, session);
      if (answer) return answer;
    }
    throw new RequestError(
      "conflict",
      "OptimisticConcurrencyControlFailure",
      `Documents read or written by the mutation "${call.path}" kept changing while it ran, also when it was tried again. See https://docs.convex.dev/error#1`,
    );
  }

  /** One attempt; null when it conflicted. */
  async #mutateOnce(call: FunctionCall, session: SessionRequest | null): Promise<MutationAnswer | null> {
    const requestId = call.request?.requestId ?? "";
    const tx = this.store.begin();
    try {
      const recorded = session && findRecordedAnswer(tx, session);
      // Any timestamp from the original commit on will do: the client only waits for an update that covers it.
      if (recorded)
        return { outcome: { ok: true, value: recorded.value }, logLines: recorded.logLines, requestId, ts: tx.beginTs };
      const execution = this.#runner.runMutation(tx, call);
      const { outcome, logLines } = execution;
      if (outcome.ok && session) recordAnswer(tx, session, { value: outcome.value, logLines });
      const ts = outcome.ok ? await this.#commitOrConflict(tx) : null;
      if (outcome.ok && ts === null) {
        this.metrics.recordConflict(recordOf("mutation", call, tx, execution));
        return null;
      }
      this.#report(call, { outcome, logLines, requestId });
      this.metrics.recordCall(recordOf("mutation", call, tx, execution));
      return { outcome, logLines, requestId, ts };
    } finally {
      tx.close();
    }
  }

  async #mutateTogether(call: FunctionCall, rows: CompanionRows): Promise<void> {
    const tx = this.store.begin();
    try {
      if (!rows.before(tx)) return;
      const savepoint = tx.savepoint();
      const execution = this.#runner.runMutation(tx, call);
      const { outcome, logLines } = execution;
      if (outcome.ok) savepoint.release();
      else savepoint.rollback();
      rows.after(tx, outcome);
      await this.#commit(tx);
      this.#report(call, { outcome, logLines, requestId: call.request?.requestId ?? "" });
      this.metrics.recordCall(recordOf("mutation", call, tx, execution));
    } catch (error) {
      if (error instanceof ConflictError)
        this.metrics.recordConflict({ ...call, kind: "mutation", usage: { ...tx.usage } });
      throw error;
    } finally {
      tx.close();
    }
  }

  async #act(call: FunctionCall, maxWaitMs: number | null): Promise<Answer> {
    const release = await this.#actionSlots.acquire(maxWaitMs);
    try {
      const startedMs = performance.now();
      const { outcome, logLines } = await this.#runner.runAction(call);
      const answer = { outcome, logLines, requestId: call.request?.requestId ?? "" };
      this.#report(call, answer);
      const runTimeMs = performance.now() - startedMs;
      this.metrics.recordCall({ ...call, kind: "action", isFailure: !outcome.ok, runTimeMs });
      return answer;
    } finally {
      release();
    }
  }

  async #commitOrConflict(tx: Transaction): Promise<bigint | null> {
    try {
      return await this.#commit(tx);
    } catch (error) {
      if (error instanceof ConflictError) return null;
      throw error;
    }
  }

  async #commit(tx: Transaction): Promise<bigint> {
    const ts = await this.store.commit(tx);
    if (tx.hasWrites) this.metrics.recordCommit();
    return ts;
  }

  #report(call: FunctionCall, answer: Answer): void {
    const name = call.component === "" ? call.path : `${call.component}/${call.path}`;
    for (const line of answer.logLines) this.#log(`[${name}] ${line}`);
    if (!answer.outcome.ok && answer.outcome.error.data === undefined)
      this.#log(`[${name}] [Request ID: ${answer.requestId}] ${answer.outcome.error.message}`);
  }

  #forgetTs(ts: bigint): void {
    const remembered = this.#rememberedTs.get(ts);
    this.#rememberedTs.delete(ts);
    if (!remembered) return;
    clearTimeout(remembered.timer);
    remembered.tx.close();
  }

  #track<Result>(work: Promise<Result>): Promise<Result> {
    const ended: Promise<void> = work.then(
      () => this.#forget(ended),
      () => this.#forget(ended),
    );
    this.#running.add(ended);
    return work;
  }

  #forget(ended: Promise<void>): void {
    this.#running.delete(ended);
  }
}

/**
 * The text clients see for a failed function: what happened and the id under which the log says where. The
 * stack is for the log alone.
 */
export function errorMessage(error: FunctionError, requestId: string): string {
  const [whatHappened] = error.message.split(/\n\s+at /);
  return `[Request ID: ${requestId}] Server Error\n${whatHappened}`;
}

function withRequestId(call: FunctionCall, newRequestId: () => string): FunctionCall {
  return call.request ? call : { ...call, request: { requestId: newRequestId() } };
}

function recordOf(kind: FunctionKind, call: FunctionCall, tx: Transaction, execution: Execution): CallRecord {
  const { component, path } = call;
  const isFailure = !execution.outcome.ok;
  return { component, path, kind, isFailure, usage: { ...tx.usage }, runTimeMs: execution.userTimeMs };
}

function sizeOf({ outcome, logLines }: Execution): number {
  const logChars = logLines.reduce((sum, line) => sum + line.length, 0);
  return logChars + (outcome.ok ? outcome.value.length : outcome.error.message.length);
}
