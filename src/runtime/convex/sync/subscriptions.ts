/**
 * The queries one socket follows. Their results live in `Application.live`, shared with every other socket
 * that follows the same query, so a commit runs each distinct query it touches once.
 */
import { createHash } from "node:crypto";
import { errorMessage, type QueryAnswer } from "../answers.ts";
import type { Application } from "../application.ts";
import { type Caller, callBy } from "../auth/identity.ts";
import { badRequest } from "../errors.ts";
import type { LiveResult } from "../liveResults.ts";
import type { Modification, QuerySetChange } from "./protocol.ts";

type AddedQuery = Extract<QuerySetChange, { type: "Add" }>;

interface Subscription {
  query: AddedQuery;
  journal: string | null;
  /** Null before the first run, and when the result has to be looked up again. */
  result: LiveResult<QueryAnswer> | null;
  unwatch: () => void;
  /** Fingerprint of what the client has; null before it has anything. */
  sentFingerprint: string | null;
}

export class Subscriptions {
  readonly #application: Application;
  readonly #onInvalid: () => void;
  readonly #byId = new Map<number, Subscription>();
  #removed: number[] = [];

  /** `onInvalid` is called when at least one result no longer holds. */
  constructor(application: Application, onInvalid: () => void) {
    this.#application = application;
    this.#onInvalid = onInvalid;
  }

  get count(): number {
    return this.#byId.size;
  }

  apply(changes: QuerySetChange[]): void {
    for (const change of changes) {
      if (change.type === "Add") this.#add(change);
      else this.#remove(change.queryId);
    }
  }

  /** Another caller asks: every result has to be looked up again. */
  forgetResults(): void {
    for (const subscription of this.#byId.values()) this.#forgetResult(subscription);
  }

  /**
   * Brings every query to the latest timestamp and returns what changed for the client. Synchronous: see [Note: One
   * turn, one timestamp].
   */
  update(caller: Caller): Modification[] {
    const modifications: Modification[] = this.#removed.map((queryId) => ({ type: "QueryRemoved", queryId }));
    this.#removed = [];
    for (const subscription of this.#byId.values()) {
      if (subscription.result?.holds) continue;
      const modification = this.#refresh(subscription, caller);
      if (modification) modifications.push(modification);
    }
    return modifications;
  }

  close(): void {
    this.forgetResults();
    this.#byId.clear();
  }

  #add(query: AddedQuery): void {
    if (this.#byId.has(query.queryId)) throw badRequest("DuplicateQueryId", `Duplicate query ID: ${query.queryId}`);
    const journal = query.journal ?? null;
    this.#byId.set(query.queryId, { query, journal, result: null, unwatch: () => {}, sentFingerprint: null });
  }

  #remove(queryId: number): void {
    const subscription = this.#byId.get(queryId);
    if (!subscription) throw badRequest("NonexistentQueryId", `Nonexistent query id: ${queryId}`);
    this.#forgetResult(subscription);
    this.#byId.delete(queryId);
    this.#removed.push(queryId);
  }

  #forgetResult(subscription: Subscription): void {
    subscription.unwatch();
    subscription.unwatch = () => {};
    subscription.result = null;
  }

  /** Null when the client already has this very result. */
  #refresh(subscription: Subscription, caller: Caller): Modification | null {
    const { query, journal } = subscription;
    const { componentPath: component, udfPath: path, args } = query;
    const call = callBy(caller, { component, path, args: args[0] ?? {} });
    if (subscription.sentFingerprint !== null) this.#application.metrics.recordRerun();
    const result = this.#application.liveQuery(call, journal);
    subscription.unwatch();
    subscription.result = result;
    subscription.unwatch = this.#application.live.watch(result, this.#onInvalid);
    subscription.journal = result.answer.journal;
    const fingerprint = fingerprintOf(result.answer);
    if (fingerprint === subscription.sentFingerprint) return null;
    subscription.sentFingerprint = fingerprint;
    return modificationOf(query.queryId, result.answer);
  }
}

function modificationOf(queryId: number, { outcome, logLines, journal, requestId }: QueryAnswer): Modification {
  if (outcome.ok) return { type: "QueryUpdated", queryId, value: outcome.value, logLines, journal };
  const failed = {
    type: "QueryFailed",
    queryId,
    errorMessage: errorMessage(outcome.error, requestId),
    logLines,
    journal,
  } as const;
  return outcome.error.data === undefined ? failed : { ...failed, errorData: outcome.error.data };
}

/** Answers are shared between sockets, so each is digested once. */
const fingerprints = new WeakMap<QueryAnswer, string>();

/** Result and log lines, but not the request id of an error. A digest, so that a large result is kept once. */
function fingerprintOf(answer: QueryAnswer): string {
  const known = fingerprints.get(answer);
  if (known) return known;
  const { outcome, logLines } = answer;
  const result = outcome.ok ? outcome.value : JSON.stringify(outcome.error);
  const fingerprint = createHash("sha256").update(JSON.stringify(logLines)).update(result).digest("base64");
  fingerprints.set(answer, fingerprint);
  return fingerprint;
}
