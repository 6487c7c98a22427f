/** A stretch of the thread list under one heading. */
export interface ThreadGroup<Thread> {
  heading: string;
  threads: Thread[];
}

/** What the stretches are called. Times are milliseconds since the epoch. */
export interface GroupHeadings {
  today: string;
  yesterday: string;
  week: string;
  month: string;
  ofMonth: (timeMs: number) => string;
  ofMonthAndYear: (timeMs: number) => string;
}

const dayMs = 86_400_000;

/**
 * Puts threads, newest first, under the headings people look for: Today, Yesterday, the last 7 and 30 days, then by
 * month. Days begin at midnight where the person is, so `nowMs` and the times are read in the local time zone.
 */
export function groupByAge<Thread extends { lastActivityAt: number }>(
  threads: readonly Thread[],
  nowMs: number,
  headings: GroupHeadings,
): ThreadGroup<Thread>[] {
  const groups: ThreadGroup<Thread>[] = [];
  for (const thread of threads) {
    const heading = headingFor(thread.lastActivityAt, nowMs, headings);
    const group = groups.at(-1);
    if (group?.heading === heading) group.threads.push(thread);
    else groups.push({ heading, threads: [thread] });
  }
  return groups;
}

/** Whole days until a time, 0 on the last; null where it is further away than people are told of. */
export function daysLeft(deletesAtMs: number | null, { nowMs, noticeMs }: { nowMs: number; noticeMs: number }) {
  if (deletesAtMs === null || deletesAtMs > nowMs + noticeMs) return null;
  return Math.max(0, Math.floor((deletesAtMs - nowMs) / dayMs));
}

function headingFor(timeMs: number, nowMs: number, headings: GroupHeadings): string {
  const daysAgo = daysBetween(timeMs, nowMs);
  if (daysAgo <= 0) return headings.today;
  if (daysAgo === 1) return headings.yesterday;
  if (daysAgo <= 7) return headings.week;
  if (daysAgo <= 30) return headings.month;
  const sameYear = new Date(timeMs).getFullYear() === new Date(nowMs).getFullYear();
  return sameYear ? headings.ofMonth(timeMs) : headings.ofMonthAndYear(timeMs);
}

/** Calendar days, not spans of 24 hours; rounding absorbs the days that daylight saving makes longer or shorter. */
function daysBetween(earlierMs: number, laterMs: number): number {
  return Math.round((midnightBefore(laterMs) - midnightBefore(earlierMs)) / dayMs);
}

function midnightBefore(timeMs: number): number {
  return new Date(timeMs).setHours(0, 0, 0, 0);
}
