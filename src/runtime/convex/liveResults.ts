/**
 * Query results that still hold: the query cache and the live queries of sockets are the same objects.
 *
 * [Note: One turn, one timestamp]
 * Queries run synchronously and commits become visible only between turns of the event loop. All results
 * looked up or computed in one turn therefore hold at the same timestamp, `store.latestTs()`, and a socket's
 * whole update is consistent without asking for an old snapshot.
 */
import type { Commit, FunctionCall, Identity, ReadSet } from "./types.ts";

/** Results remembered beyond those that sockets watch. */
const MAX_RESULTS = 2_000;
const MAX_TOTAL_CHARS = 64 * 1024 * 1024;

/** A result that looked at the clock serves new look-ups this long; Convex allows the same 17 s. */
const TIME_READER_LIFETIME_MS = 17_000;

/** A computed value, what it was computed from, and who wants to know when it no longer holds. */
export class LiveResult<Answer> {
  readonly key: string;
  readonly answer: Answer;
  readonly reads: ReadSet;
  /** When new look-ups stop using it; it never expires for those who watch it. */
  readonly expiresAtMs: number;
  readonly sizeChars: number;
  readonly #watchers = new Set<() => void>();
  #holds = true;

  constructor(fields: { key: string; answer: Answer; reads: ReadSet; expiresAtMs: number; sizeChars: number }) {
    this.key = fields.key;
    this.answer = fields.answer;
    this.reads = fields.reads;
    this.expiresAtMs = fields.expiresAtMs;
    this.sizeChars = fields.sizeChars;
  }

  get holds(): boolean {
    return this.#holds;
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  addWatcher(watcher: () => void): void {
    this.#watchers.add(watcher);
  }

  removeWatcher(watcher: () => void): void {
    this.#watchers.delete(watcher);
  }

  /** Tells every watcher once. */
  invalidate(): void {
    if (!this.#holds) return;
    this.#holds = false;
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher();
  }
}

/** Least recently used first, bounded by count and size; watched results are kept whatever the bounds. */
export class LiveResults<Answer> {
  /** What a look-up can find; the newest result of a key. */
  readonly #byKey = new Map<string, LiveResult<Answer>>();
  readonly #watched = new Set<LiveResult<Answer>>();
  /** Both, by the indexes they read, so that a commit costs nothing for results of other tables. */
  readonly #byIndex = new Map<number, Set<LiveResult<Answer>>>();
  #totalChars = 0;

  get watchedCount(): number {
    return this.#watched.size;
  }

  find(key: string, nowMs: number): LiveResult<Answer> | null {
    const result = this.#byKey.get(key);
    if (!result) return null;
    if (result.expiresAtMs <= nowMs) {
      this.#forget(result);
      return null;
    }
    // Last in the map: used most recently.
    this.#byKey.delete(key);
    this.#byKey.set(key, result);
    return result;
  }

  add(result: LiveResult<Answer>): void {
    const older = this.#byKey.get(result.key);
    if (older) this.#forget(older);
    this.#remember(result);
    for (const oldest of this.#byKey.values()) {
      if (this.#byKey.size <= MAX_RESULTS && this.#totalChars <= MAX_TOTAL_CHARS) break;
      this.#forget(oldest);
    }
  }

  /** Calls `onInvalid` once when the result no longer holds. Returns a function that stops watching. */
  watch(result: LiveResult<Answer>, onInvalid: () => void): () => void {
    result.addWatcher(onInvalid);
    this.#watched.add(result);
    this.#link(result);
    return () => {
      result.removeWatcher(onInvalid);
      if (!result.isWatched) this.#watched.delete(result);
      this.#unlinkUnused(result);
    };
  }

  /** Drops what the commit touches and tells its watchers. */
  applyCommit(commit: Commit): void {
    for (const indexId of commit.indexIds) {
      for (const result of this.#byIndex.get(indexId) ?? []) if (commit.touches(result.reads)) this.#drop(result);
    }
  }

  /** Drops everything, as after a deploy. */
  invalidateAll(): void {
    for (const result of this.#byKey.values()) this.#drop(result);
    // Those no look-up finds any more: expired or displaced, but still watched.
    for (const result of this.#watched) this.#drop(result);
  }

  #drop(result: LiveResult<Answer>): void {
    if (this.#byKey.get(result.key) === result) this.#forget(result);
    this.#watched.delete(result);
    this.#unlinkUnused(result);
    result.invalidate();
  }

  #remember(result: LiveResult<Answer>): void {
    this.#byKey.set(result.key, result);
    this.#totalChars += result.sizeChars;
    this.#link(result);
  }

  #forget(result: LiveResult<Answer>): void {
    this.#byKey.delete(result.key);
    this.#totalChars -= result.sizeChars;
    this.#unlinkUnused(result);
  }

  #link(result: LiveResult<Answer>): void {
    for (const indexId of result.reads.indexIds) {
      const results = this.#byIndex.get(indexId);
      if (results) results.add(result);
      else this.#byIndex.set(indexId, new Set([result]));
    }
  }

  #unlinkUnused(result: LiveResult<Answer>): void {
    if (this.#byKey.get(result.key) === result || this.#watched.has(result)) return;
    for (const indexId of result.reads.indexIds) {
      const results = this.#byIndex.get(indexId);
      results?.delete(result);
      if (results?.size === 0) this.#byIndex.delete(indexId);
    }
  }
}

/** Everything a query's result may depend on but the identity, which counts only when it was read. */
export function queryKey(deploymentVersion: number, call: FunctionCall, journal: string | null): string {
  return JSON.stringify([deploymentVersion, call.component, call.path, call.visibility, call.args, journal]);
}

export function keyWithIdentity(key: string, identity: Identity): string {
  return `${key} ${identity.kind === "user" ? JSON.stringify(identity.attributes) : identity.kind}`;
}

/** When a result computed at `nowMs` stops serving new look-ups. */
export function resultExpiresAtMs(readTime: boolean, nowMs: number): number {
  return readTime ? nowMs + TIME_READER_LIFETIME_MS : Number.POSITIVE_INFINITY;
}
