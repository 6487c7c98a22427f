import { expect, test } from "vitest";
import { daysLeft, groupByAge } from "../../src/web/features/threads/groups.ts";
import { markedParts, withoutSigns } from "../../src/web/features/threads/marked.ts";
import { formatsIn } from "../../src/web/words/formats.ts";

const nowMs = new Date(2026, 4, 20, 9, 0).getTime();

const headings = {
  today: "Today",
  yesterday: "Yesterday",
  week: "Last 7 days",
  month: "Last 30 days",
  ofMonth: formatsIn("en").month,
  ofMonthAndYear: formatsIn("en").monthOfYear,
};

/** The heading a thread gets that was last used at that local time. */
function headingAt(year: number, month: number, day: number, hour = 12): string | undefined {
  const lastActivityAt = new Date(year, month - 1, day, hour).getTime();
  return groupByAge([{ lastActivityAt }], nowMs, headings)[0]?.heading;
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
  const groups = groupByAge(threads, nowMs, headings);
  expect(groups.map(({ heading, threads }) => [heading, threads.map(({ id }) => id)])).toEqual([
    ["Today", [0, 1]],
    ["Yesterday", [2]],
    ["Last 30 days", [3]],
  ]);
});

test("the days a chat has left are told in its last week alone", () => {
  const dayMs = 86_400_000;
  const left = (deletesAtMs: number | null) => daysLeft(deletesAtMs, { nowMs, noticeMs: 7 * dayMs });
  expect([left(null), left(nowMs + 7 * dayMs + 1), left(nowMs + 7 * dayMs)]).toEqual([null, null, 7]);
  expect([left(nowMs + dayMs), left(nowMs + dayMs - 1), left(nowMs - 1)]).toEqual([1, 0, 0]);
});

test("what was searched for is set off wherever it is, whatever its case and signs", () => {
  const marked = (text: string, query: string) =>
    markedParts(text, query).map(({ part, marked }) => (marked ? `[${part}]` : part));
  expect(marked("Tea, tea and TEApots", "tea").join("")).toBe("[Tea], [tea] and [TEA]pots");
  expect(marked("1+1 (is) 2", "(is)").join("")).toBe("1+1 [(is)] 2");
  expect(marked("nothing here", "x").join("")).toBe("nothing here");
});

test("a piece of Markdown that was found reads like words", () => {
  expect(withoutSigns("… - **Who has** to live with `it`? ## Later, 2 * 3")).toBe(
    "… - Who has to live with it? Later, 2 * 3",
  );
});
