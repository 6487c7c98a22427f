const DAY_MS = 24 * 60 * 60_000;

/** Whole days of a period of the policy. */
export function daysOf(periodMs: number): number {
  return Math.round(periodMs / DAY_MS);
}
