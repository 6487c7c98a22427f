import { expect, it } from "vitest";
import { UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { deletesAt, EXPIRY_NOTICE_MS, isExpired } from "../../src/policy/retention.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const clock = (changes = {}) => ({ pinned: false, retentionClockAt: Date.UTC(2026, 0, 31), ...changes });

it("[A6] an unpinned chat is kept for sixty days to the millisecond, whatever the calendar does", () => {
  const due = deletesAt(clock());
  expect(due).toBe(Date.UTC(2026, 3, 1));
  expect(isExpired(clock(), (due ?? 0) - 1)).toBe(false);
  expect(isExpired(clock(), due ?? 0)).toBe(true);
});

it("[A7] a pinned chat has no end", () => {
  expect(deletesAt(clock({ pinned: true }))).toBeNull();
  expect(isExpired(clock({ pinned: true }), Number.MAX_SAFE_INTEGER)).toBe(false);
});

it("the periods are those that were promised", () => {
  expect([UNPINNED_THREAD_MS / DAY_MS, EXPIRY_NOTICE_MS / DAY_MS]).toEqual([60, 7]);
});
