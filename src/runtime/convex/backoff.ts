/** Waiting longer after each failure, never in step with others. */

export interface BackoffRange {
  firstMs: number;
  longestMs: number;
}

/** How long to wait after the `failures`-th failure (1, 2, …); `random` is in [0, 1). */
export function backoffMs(failures: number, { firstMs, longestMs }: BackoffRange, random: number): number {
  const ceilingMs = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return ceilingMs * (0.5 + random / 2);
}
