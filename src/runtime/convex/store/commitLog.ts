/** The recent commits' written keys, for as long as a transaction that began before them may still commit. */
import type { IndexKey } from "../values/indexKey.ts";
import type { DocumentChange } from "./pendingWrites.ts";
import { firstIndex, type IntervalReadSet, type WrittenKeys } from "./readSet.ts";

interface LoggedCommit {
  readonly ts: bigint;
  readonly written: WrittenKeys;
}

export class CommitLog {
  #commits: LoggedCommit[] = [];

  /** `ts` must be above all before. */
  append(ts: bigint, written: WrittenKeys): void {
    this.#commits.push({ ts, written });
  }

  /** Whether a commit after `ts` wrote a key that lies in the read set. */
  wasTouchedSince(ts: bigint, reads: IntervalReadSet): boolean {
    const from = firstIndex(this.#commits, (commit) => commit.ts > ts);
    for (let position = from; position < this.#commits.length; position++) {
      if (reads.isTouchedBy((this.#commits[position] as LoggedCommit).written)) return true;
    }
    return false;
  }

  /** Drops what no open transaction needs: commits at or before `ts`. */
  forgetUpTo(ts: bigint): void {
    this.#commits = this.#commits.slice(firstIndex(this.#commits, (commit) => commit.ts > ts));
  }
}

/**
 * The keys a transaction wrote: of each changed document its old and its new key in every index of its table, also
 * where they are equal, since whoever read the document by that key read what is now different.
 */
export function writtenKeysOf(changes: Iterable<DocumentChange>): WrittenKeys {
  const keysOfIndex = new Map<number, Set<IndexKey>>();
  for (const { table, before, after } of changes) {
    table.indexes.forEach((index, position) => {
      const keys = keysOfIndex.get(index.id) ?? new Set();
      for (const version of [before, after]) if (version) keys.add(version.keys[position] as IndexKey);
      keysOfIndex.set(index.id, keys);
    });
  }
  return new Map([...keysOfIndex].map(([indexId, keys]) => [indexId, [...keys].sort()]));
}
