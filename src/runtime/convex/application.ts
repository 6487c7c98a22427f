/**
 * Owns transactions: runs queries over live results, mutations with optimistic retries, actions within their
 * slots, and answers what actions ask of the database.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, MutationAnswer, QueryAnswer } from "./answers.ts";
import { type BackoffRange, backoffMs } from "./backoff.ts";
import { badRequest, ConflictError, RequestError } from "./errors.ts";
import type { FunctionLog } from "./functionLog.ts";
import { keyWithIdentity, LiveResult, LiveResults, queryKey, resultExpiresAtMs } from "./liveResults.ts";
import type { CallRecord, Metrics } from "./metrics.ts";
import { PinnedTimestamps } from "./pinnedTimestamps.ts";
import { cancelJob, insertJob } from "./scheduler/jobRows.ts";
import { SessionRecord, type SessionRequest } from "./sessionRequests.ts";
import { Slots } from "./slots.ts";
import { isSystemPath } from "./system/runner.ts";
import type {
  ActionHost,
  Clock,
  Deployment,
  Execution,
  FunctionCall,
  FunctionKind,
  FunctionRunner,
  Identity,
  Store,
  Transaction,
} from "./types.ts";

/** Convex retries a mutation whose reads changed 4 times. */
const MAX_CONFLICT_RETRIES = 4;
const CONFLICT_BACKOFF: BackoffRange = { firstMs: 100, longestMs: 2_000 };

/** Convex's smallest plan runs 64 actions at once in isolates, as many in Node, and lets others wait 10 s. */
const ACTION_SLOTS = 64;
const ACTION_SLOT_WAIT_MS = 10_000;

/**
 * The longest result of an action's query that is remembered. Actions read on and on, each page once: an archive's pages
 * would take all the memory there is for results, and displace those that people look at.
 */
const ACTION_RESULT_CHARS_MAX = 16 * 1024;

/** Rows of the runtime that commit together with a mutation. */
export interface CompanionRows {
  /** Written before the mutation runs, and seen by it; false calls everything off. */
  before(tx: Transaction): boolean;
  /** Written after it; what a failed mutation wrote is undone by then. */
  after(tx: Transaction, execution: Execution): void;
}

const NO_ROWS: CompanionRows = { before: () => true, after: () => {} };

export interface ApplicationParts {
  store: Store;
  runner: FunctionRunner;
  clock: Clock;
  metrics: Metrics;
  functionLog: FunctionLog;
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
  readonly #functionLog: FunctionLog;
  readonly #log: (line: string) => void;
  readonly #random: () => number;
  readonly #actionSlots = { isolate: new Slots(ACTION_SLOTS), node: new Slots(ACTION_SLOTS) };
  readonly #pinned: PinnedTimestamps;
  readonly #mutating = new Set<Promise<unknown>>();
  #turnEnding: Promise<void> | undefined;

  constructor(parts: ApplicationParts) {
    this.store = parts.store;
    this.metrics = parts.metrics;
    this.clock = parts.clock;
    this.newRequestId = parts.newRequestId;
    this.#runner = parts.runner;
    this.#functionLog = parts.functionLog;
    this.#log = parts.log;
    this.#random = parts.random;
    this.#pinned = new PinnedTimestamps(parts.store);
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
    return this.#resultOf(call, { journal, rememberedCharsMax: Number.POSITIVE_INFINITY });
  }

  /**
   * Runs a mutation until it commits. With `session`, a request that already committed answers again without
   * running. Throws `RequestError` when it keeps conflicting with others.
   */
  mutation(call: FunctionCall, session: SessionRequest | null = null): Promise<MutationAnswer> {
    return this.#track(this.#mutate(withRequestId(call, this.newRequestId), session));
  }

  /** The latest timestamp, at which `queryAt` can answer for a while. */
  pinTs(): bigint {
    return this.#pinned.pinLatest();
  }

  /** The answer at a timestamp from `pinTs`; throws `RequestError` when that is too long ago. */
  queryAt(call: FunctionCall, ts: bigint): QueryAnswer {
    if (ts === this.store.latestTs()) return this.query(call);
    const tx = this.#pinned.begin(ts);
    const message = "The timestamp is too old, or did not come from /api/query_ts.";
    if (!tx) throw badRequest("InvalidTimestamp", message);
    return this.#runQuery(tx, call, null).answer;
  }

  /** Runs an action; `maxWaitMs` bounds the wait for a slot, null does not. */
  action(call: FunctionCall, maxWaitMs: number | null = ACTION_SLOT_WAIT_MS): Promise<Answer> {
    return this.#act(withRequestId(call, this.newRequestId), maxWaitMs);
  }

  /** Runs an HTTP action; aborting `signal` stops it. The slot is held until its response has begun. */
  async httpAction(request: Request, identity: Identity, signal: AbortSignal): Promise<Response> {
    const release = await this.#actionSlots.isolate.acquire(ACTION_SLOT_WAIT_MS);
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
    if (!kind && call.visibility === "any" && !isSystemPath(call.path)) return this.#missingFunction(call);
    if (kind === "mutation") return this.mutation(call);
    return kind === "action" ? this.action(call) : this.query(call);
  }

  /** In the words by which the CLI knows that it should list the functions there are. */
  #missingFunction({ component, path, request }: FunctionCall): Answer {
    const where = component === "" ? "" : ` in component "${component}"`;
    const message = `Could not find function for '${path}'${where}. Did you forget to run \`npx convex dev\`?`;
    const outcome = { ok: false, error: { message, code: "FunctionNotFound" } } as const;
    return { outcome, logLines: [], requestId: request?.requestId ?? this.newRequestId() };
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
  async mutateWith(call: FunctionCall, rows: CompanionRows): Promise<void> {
    await this.#track(this.#attempt(withRequestId(call, this.newRequestId), rows));
  }

  /** What actions ask of the database. */
  readonly actionHost: ActionHost = {
    query: async (call) => {
      const result = this.#resultOf(call, { journal: null, rememberedCharsMax: ACTION_RESULT_CHARS_MAX });
      return result.answer.outcome;
    },
    mutation: async (call) => (await this.mutation(call)).outcome,
    action: async (call) => (await this.action(call)).outcome,
    schedule: (component, job) => this.transact((tx) => insertJob(tx, component, job)),
    cancel: (component, jobId) => this.transact((tx) => cancelJob(tx, component, jobId, this.clock.nowMs())),
  };

  /** Resolves when the mutations that were running have ended. Actions are not waited for. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#mutating);
    this.#pinned.close();
  }

  /** The result that is remembered, or a new one, which is remembered unless it is longer than that. */
  #resultOf(
    call: FunctionCall,
    { journal, rememberedCharsMax }: { journal: string | null; rememberedCharsMax: number },
  ): LiveResult<QueryAnswer> {
    const key = queryKey(this.deployment.version, call, journal);
    const known = this.#knownResult(key, call);
    if (known) {
      this.metrics.recordCall({ ...call, kind: "query", isCached: true });
      return known;
    }
    const result = this.#computeQuery(call, journal, key);
    if (result.sizeChars <= rememberedCharsMax) this.live.add(result);
    return result;
  }

  /** Convex's own queries also tell what no read set covers, such as which tables there are. */
  #knownResult(key: string, { path, identity }: FunctionCall): LiveResult<QueryAnswer> | null {
    if (isSystemPath(path)) return null;
    const nowMs = this.clock.nowMs();
    return this.live.find(keyWithIdentity(key, identity), nowMs) ?? this.live.find(key, nowMs);
  }

  #computeQuery(call: FunctionCall, journal: string | null, key: string): LiveResult<QueryAnswer> {
    const { answer, execution, reads } = this.#runQuery(this.store.begin(), call, journal);
    return new LiveResult<QueryAnswer>({
      key: execution.readIdentity ? keyWithIdentity(key, call.identity) : key,
      answer,
      reads,
      expiresAtMs: resultExpiresAtMs(execution.readTime, this.clock.nowMs()),
      sizeChars: key.length + sizeOf(execution),
    });
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
      this.#report("query", call, { outcome, logLines, requestId }, execution.userTimeMs);
      this.metrics.recordCall(recordOf("query", call, tx, execution));
      const answer: QueryAnswer = { outcome, logLines, journal: execution.journal, requestId };
      return { answer, execution, reads: tx.reads };
    } finally {
      tx.close();
    }
  }

  async #mutate(call: FunctionCall, session: SessionRequest | null): Promise<MutationAnswer> {
    const record = session && new SessionRecord(session);
    const requestId = call.request?.requestId ?? "";
    const committed = await this.#attemptWithRetries(call, record ?? NO_ROWS);
    if (committed) {
      const { outcome, logLines } = committed.execution;
      return { outcome, logLines, requestId, ts: outcome.ok ? committed.ts : null };
    }
    const { value = "null", logLines = [] } = record?.found ?? {};
    return { outcome: { ok: true, value }, logLines, requestId, ts: this.store.latestTs() };
  }

  async #attemptWithRetries(call: FunctionCall, rows: CompanionRows): Promise<Committed | null> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.#attempt(call, rows);
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        if (failures > MAX_CONFLICT_RETRIES) throw keptConflicting(call);
      }
      await sleep(backoffMs(failures, CONFLICT_BACKOFF, this.#random()));
    }
  }

  /** Null when `rows` called it off. A mutation that failed commits nothing but `rows`. */
  async #attempt(call: FunctionCall, rows: CompanionRows): Promise<Committed | null> {
    await this.#turnEnd();
    const tx = this.store.begin();
    try {
      if (!rows.before(tx)) return null;
      const savepoint = tx.savepoint();
      const execution = await this.#runner.runMutation(tx, call);
      if (execution.outcome.ok) savepoint.release();
      else savepoint.rollback();
      const record = recordOf("mutation", call, tx, execution);
      rows.after(tx, execution);
      const ts = await this.#commit(tx, record);
      this.#report("mutation", call, { ...execution, requestId: call.request?.requestId ?? "" }, execution.userTimeMs);
      this.metrics.recordCall(record);
      return { execution, ts };
    } finally {
      tx.close();
    }
  }

  /** Resolves when the event loop's turn ends, so that mutations that arrive in one turn run and commit together. */
  #turnEnd(): Promise<void> {
    this.#turnEnding ??= new Promise((resolve) =>
      setImmediate(() => {
        this.#turnEnding = undefined;
        resolve();
      }),
    );
    return this.#turnEnding;
  }

  async #act(call: FunctionCall, maxWaitMs: number | null): Promise<Answer> {
    const environment = this.deployment.find(call.component, call.path)?.environment ?? "isolate";
    const release = await this.#actionSlots[environment].acquire(maxWaitMs);
    try {
      const startedMs = performance.now();
      const { outcome, logLines } = await this.#runner.runAction(call);
      const answer = { outcome, logLines, requestId: call.request?.requestId ?? "" };
      const runTimeMs = performance.now() - startedMs;
      this.#report("action", call, answer, runTimeMs);
      this.metrics.recordCall({ ...call, kind: "action", isFailure: !outcome.ok, runTimeMs });
      return answer;
    } finally {
      release();
    }
  }

  async #commit(tx: Transaction, record?: CallRecord): Promise<bigint> {
    try {
      const ts = await this.store.commit(tx);
      if (tx.hasWrites) this.metrics.recordCommit();
      return ts;
    } catch (error) {
      if (record && error instanceof ConflictError) this.metrics.recordConflict(record);
      throw error;
    }
  }

  #report(kind: FunctionKind, call: FunctionCall, answer: Answer, runTimeMs: number): void {
    if (isSystemPath(call.path)) return;
    const { component, path } = call;
    const { logLines, requestId, outcome } = answer;
    const name = component === "" ? path : `${component}/${path}`;
    for (const line of logLines) this.#log(`[${name}] ${line}`);
    if (!outcome.ok && outcome.error.data === undefined)
      this.#log(`[${name}] [Request ID: ${requestId}] ${outcome.error.message}`);
    const error = outcome.ok ? undefined : outcome.error.message;
    const endedAtMs = this.clock.nowMs();
    this.#functionLog.record({ kind, component, path, requestId, endedAtMs, runTimeMs, logLines, error });
  }

  async #track<Result>(mutation: Promise<Result>): Promise<Result> {
    this.#mutating.add(mutation);
    try {
      return await mutation;
    } finally {
      this.#mutating.delete(mutation);
    }
  }
}

/** A mutation's run, and the timestamp from which its writes can be seen. */
interface Committed {
  execution: Execution;
  ts: bigint;
}

function keptConflicting({ path }: FunctionCall): RequestError {
  return new RequestError(
    "conflict",
    "OptimisticConcurrencyControlFailure",
    `Documents read or written by the mutation "${path}" kept changing while it ran, also when it was tried again. See https://docs.convex.dev/error#1`,
  );
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
