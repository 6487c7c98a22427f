/** A stretch of the thread list under one heading. */
export interface ThreadGroup<Thread> {
  heading: string;
  threads: Thread[];
}

/**
 * Puts threads, newest first, under the headings people look for: Today, Yesterday, the last 7 and 30 days, then by
 * month. Days begin at midnight where the person is, so `nowMs` and the times are read in the local time zone.
 */
export function groupByAge<Thread extends { lastActivityAt: number }>(
  threads: readonly Thread[],
  nowMs: number,
): ThreadGroup<Thread>[] {
  const groups: ThreadGroup<Thread>[] = [];
  for (const thread of threads) {
    const heading = headingFor(thread.lastActivityAt, nowMs);
    const group = groups.at(-1);
    if (group?.heading === heading) group.threads.push(thread);
    else groups.push({ heading, threads: [thread] });
  }
  return groups;
}

function headingFor(timeMs: number, nowMs: number): string {
  const daysAgo = daysBetween(timeMs, nowMs);
  if (daysAgo <= 0) return "Today";
  if (daysAgo === 1) return "Yesterday";
  if (daysAgo <= 7) return "Last 7 days";
  if (daysAgo <= 30) return "Last 30 days";
  const sameYear = new Date(timeMs).getFullYear() === new Date(nowMs).getFullYear();
  return new Date(timeMs).toLocaleDateString("en", { month: "long", year: sameYear ? undefined : "numeric" });
}

/** Calendar days, not spans of 24 hours; rounding absorbs the days that daylight saving makes longer or shorter. */
function daysBetween(earlierMs: number, laterMs: number): number {
  return Math.round((midnightBefore(laterMs) - midnightBefore(earlierMs)) / 86_400_000);
}

function midnightBefore(timeMs: number): number {
  return new Date(timeMs).setHours(0, 0, 0, 0);
}
