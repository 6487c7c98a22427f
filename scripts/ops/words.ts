/** How commands of operators say numbers and times. */
import type { Count } from "../../convex/operator/counting.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** "12", or "1000 or more" where they were not all counted. Pure. */
export function countInWords({ count, isAtLeast }: Count): string {
  return isAtLeast ? `${count} or more` : String(count);
}

/** "3 min", "5 h", "12 days". Pure. */
export function ageInWords(ms: number): string {
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} days`;
}

/** A time as 2026-11-21T09:30Z. Pure. */
export function timeInWords(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}Z`;
}

/** The start of a day such as 2026-11-21 (UTC). Throws an Error for anything else. */
export function startOfDay(day: string): number {
  const timeMs = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(timeMs)) throw new Error(`${day} is no day such as 2026-11-21.`);
  return timeMs;
}
