/**
 * What the runtime counts about itself, per function and as a whole: the numbers a deployment is billed and
 * sized by. Served by `GET /_runtime/metrics`.
 */
import type { FunctionKind, TransactionUsage } from "./types.ts";

export interface FunctionMetrics {
  kind: FunctionKind | "httpAction";
  /** As Convex bills them: every answer delivered, also from the cache and to each subscriber. */
  calls: number;
  cachedCalls: number;
  failures: number;
  conflicts: number;
  documentsRead: number;
  bytesRead: number;
  documentsWritten: number;
  bytesWritten: number;
  /** User time of queries and mutations, wall time of actions. */
  runTimeMs: number;
}

export interface RuntimeMetrics {
  functions: Record<string, FunctionMetrics>;
  totals: Omit<FunctionMetrics, "kind">;
  commits: number;
  /** Groups of commits that shared one fsync. */
  commitGroups: number;
  /** Answers of live queries that had to be looked up again: a commit, the client's identity or a deploy changed them. */
  reruns: number;
}

/** Counters of one run of a function, or of one cached answer. */
export interface CallRecord {
  component: string;
  path: string;
  kind: FunctionMetrics["kind"];
  isCached?: boolean;
  isFailure?: boolean;
  usage?: TransactionUsage;
  runTimeMs?: number;
}

export class Metrics {
  #functions = new Map<string, FunctionMetrics>();
  #commits = 0;
  #commitGroups = 0;
  #reruns = 0;

  recordCall(record: CallRecord): void {
    const metrics = this.#of(record);
    metrics.calls += 1;
    if (record.isCached) metrics.cachedCalls += 1;
    if (record.isFailure) metrics.failures += 1;
    if (record.usage) addUsage(metrics, record.usage);
    metrics.runTimeMs += record.runTimeMs ?? 0;
  }

  /** A mutation that has to run again; its reads and writes were spent in vain but are counted. */
  recordConflict(record: CallRecord): void {
    const metrics = this.#of(record);
    metrics.conflicts += 1;
    if (record.usage) addUsage(metrics, record.usage);
    metrics.runTimeMs += record.runTimeMs ?? 0;
  }

  recordCommit(): void {
    this.#commits += 1;
  }

  recordCommitGroup(): void {
    this.#commitGroups += 1;
  }

  recordRerun(): void {
    this.#reruns += 1;
  }

  snapshot(): RuntimeMetrics {
    const functions: Record<string, FunctionMetrics> = {};
    const totals = noCalls();
    for (const [name, metrics] of this.#functions) {
      functions[name] = { ...metrics };
      for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += metrics[key];
    }
    return {
      functions,
      totals,
      commits: this.#commits,
      commitGroups: this.#commitGroups,
      reruns: this.#reruns,
    };
  }

  reset(): void {
    this.#functions = new Map();
    this.#commits = 0;
    this.#commitGroups = 0;
    this.#reruns = 0;
  }

  #of({ component, path, kind }: CallRecord): FunctionMetrics {
    const name = component === "" ? path : `${component}/${path}`;
    const known = this.#functions.get(name);
    if (known) return known;
    const metrics = { kind, ...noCalls() };
    this.#functions.set(name, metrics);
    return metrics;
  }
}

function noCalls(): Omit<FunctionMetrics, "kind"> {
  return {
    calls: 0,
    cachedCalls: 0,
    failures: 0,
    conflicts: 0,
    documentsRead: 0,
    bytesRead: 0,
    documentsWritten: 0,
    bytesWritten: 0,
    runTimeMs: 0,
  };
}

function addUsage(metrics: FunctionMetrics, usage: TransactionUsage): void {
  metrics.documentsRead += usage.documentsRead;
  metrics.bytesRead += usage.bytesRead;
  metrics.documentsWritten += usage.documentsWritten;
  metrics.bytesWritten += usage.bytesWritten;
}
