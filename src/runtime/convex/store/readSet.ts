/** What a transaction has read: intervals of index keys, per index. */
import type { ReadSet } from "../types.ts";
import type { IndexKey, KeyInterval } from "../values/indexKey.ts";

/** Keys written, sorted ascending, per index id. */
export type WrittenKeys = ReadonlyMap<number, readonly IndexKey[]>;

export class IntervalReadSet implements ReadSet {
  readonly #intervalsOfIndex = new Map<number, KeyInterval[]>();
  #intervalCount = 0;

  get intervalCount(): number {
    return this.#intervalCount;
  }

  get indexIds(): Iterable<number> {
    return this.#intervalsOfIndex.keys();
  }

  /** Adds an interval, merged with those it overlaps or touches. */
  add(indexId: number, interval: KeyInterval): void {
    if (interval.start >= interval.end) return;
    const intervals = this.#intervalsOfIndex.get(indexId);
    if (!intervals) {
      this.#intervalsOfIndex.set(indexId, [interval]);
      this.#intervalCount++;
      return;
    }
    const countBefore = intervals.length;
    insertMerged(intervals, interval);
    this.#intervalCount += intervals.length - countBefore;
  }

  /** Whether any of the keys lies in any of the intervals. */
  isTouchedBy(written: WrittenKeys): boolean {
    for (const [indexId, intervals] of this.#intervalsOfIndex) {
      const keys = written.get(indexId);
      if (keys && intervals.some((interval) => holdsAny(interval, keys))) return true;
    }
    return false;
  }
}

/** `intervals` is sorted and disjoint before and after. */
function insertMerged(intervals: KeyInterval[], added: KeyInterval): void {
  const from = firstIndex(intervals, (interval) => interval.end >= added.start);
  let { start, end } = added;
  let to = from;
  for (let next = intervals[to]; next && next.start <= end; next = intervals[++to]) {
    if (next.start < start) start = next.start;
    if (next.end > end) end = next.end;
  }
  // Replacing one in place is what every step of a scan does; splice is several times slower.
  if (to - from === 1) intervals[from] = { start, end };
  else intervals.splice(from, to - from, { start, end });
}

function holdsAny(interval: KeyInterval, keys: readonly IndexKey[]): boolean {
  const candidate = keys[firstIndex(keys, (key) => key >= interval.start)];
  return candidate !== undefined && candidate < interval.end;
}

/** Index of the first element that satisfies `reached`, which once true stays true; the length when none does. */
export function firstIndex<Element>(sorted: readonly Element[], reached: (element: Element) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (reached(sorted[middle] as Element)) high = middle;
    else low = middle + 1;
  }
  return low;
}
