import { expect, test } from "vitest";
import { groupByAge } from "../../src/web/features/threads/groups.ts";

const nowMs = new Date(2026, 4, 20, 9, 0).getTime();

/** The heading a thread gets that was last used at that local time. */
function headingAt(year: number, month: number, day: number, hour = 12): string | undefined {
  const lastActivityAt = new Date(year, month - 1, day, hour).getTime();
  return groupByAge([{ lastActivityAt }], nowMs)[0]?.heading;
}

test("days begin at midnight, not 24 hours ago", () => {
  expect(headingAt(2026, 5, 20, 0)).toBe("Today");
  expect(headingAt(2026, 5, 19, 23)).toBe("Yesterday");
  expect(headingAt(2026, 5, 18, 23)).toBe("Last 7 days");
});

test("older threads stand under 7 days, 30 days, their month, and their month and year", () => {
  expect(headingAt(2026, 5, 13)).toBe("Last 7 days");
  expect(headingAt(2026, 5, 12)).toBe("Last 30 days");
  expect(headingAt(2026, 4, 20)).toBe("Last 30 days");
  expect(headingAt(2026, 4, 19)).toBe("April");
  expect(headingAt(2025, 12, 31)).toBe("December 2025");
});

test("a clock that runs behind the server's still shows today's threads as today's", () => {
  expect(headingAt(2026, 5, 20, 23)).toBe("Today");
});

test("neighbours share a heading, and the order of the list stays", () => {
  const threads = [20, 20, 19, 2].map((day, index) => ({
    id: index,
    lastActivityAt: new Date(2026, 4, day, 8).getTime(),
  }));
  const groups = groupByAge(threads, nowMs);
  expect(groups.map(({ heading, threads }) => [heading, threads.map(({ id }) => id)])).toEqual([
    ["Today", [0, 1]],
    ["Yesterday", [2]],
    ["Last 30 days", [3]],
  ]);
});
