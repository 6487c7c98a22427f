import { TEMPORARY_THREAD_MS, UNPINNED_THREAD_MS } from "./periods.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long before its deletion a chat is listed as expiring. */
export const EXPIRY_NOTICE_MS = 7 * DAY_MS;

/** What decides how long a chat is kept. */
export interface ThreadClock {
  pinned: boolean;
  /** `max(last message, unpinning)`, in milliseconds since the epoch; of a temporary chat its beginning. */
  retentionClockAt: number;
  state?: "live" | "temporary" | "removed" | "erasing";
}

/** When a chat is due for deletion under the period that applies now, or null while it is pinned. */
export function deletesAt({ pinned, retentionClockAt, state }: ThreadClock): number | null {
  if (state === "temporary") return retentionClockAt + TEMPORARY_THREAD_MS;
  return pinned ? null : retentionClockAt + UNPINNED_THREAD_MS;
}

/** A clock that is started anew: never to an earlier time, which would bring the end forward where a clock was set back. */
export function startedAnew({ retentionClockAt }: Pick<ThreadClock, "retentionClockAt">, nowMs: number): number {
  return Math.max(retentionClockAt, nowMs);
}

/** Whether a chat is past its period. An expired chat is hidden from every read, whether or not it was swept yet. */
export function isExpired(thread: ThreadClock, nowMs: number): boolean {
  const at = deletesAt(thread);
  return at !== null && at <= nowMs;
}
