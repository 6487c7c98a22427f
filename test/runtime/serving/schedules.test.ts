import { assert, integer, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { firstRunMs, nextRunMs, spreadOf } from "../../../src/runtime/convex/scheduler/schedules.ts";

const NOON = Date.UTC(2026, 0, 15, 12, 0, 0);
const spread = { minute: 17, second: 42 };
const iso = (ms: number) => new Date(ms).toISOString();

describe("intervals", () => {
  const every = { type: "interval", minutes: 5 } as const;

  test("start at once", () => {
    expect(firstRunMs(every, NOON, spread)).toBe(NOON);
  });

  test("are anchored to the time that was planned, not to when the run ended", () => {
    expect(nextRunMs(every, { previousMs: NOON, nowMs: NOON + 7_000, spread })).toBe(NOON + 5 * 60_000);
  });

  test("skip the runs that were missed", () => {
    const nowMs = NOON + 3 * 24 * 3_600_000 + 1;
    expect(nextRunMs(every, { previousMs: NOON, nowMs, spread })).toBe(NOON + 3 * 24 * 3_600_000 + 5 * 60_000);
  });

  test("always come after now, at most one period away, and in step", () => {
    assert(
      property(integer({ min: 1, max: 86_400 }), integer({ min: 0, max: 1e9 }), (seconds, laterMs) => {
        const nowMs = NOON + laterMs;
        const nextMs = nextRunMs({ type: "interval", seconds }, { previousMs: NOON, nowMs, spread });
        expect(nextMs).toBeGreaterThan(nowMs);
        expect(nextMs).toBeLessThanOrEqual(nowMs + seconds * 1_000);
        expect((nextMs - NOON) % (seconds * 1_000)).toBe(0);
      }),
    );
  });
});

describe("calendar schedules", () => {
  test.each([
    [{ type: "hourly", minuteUTC: 30 }, "2026-01-15T12:30:42.000Z"],
    [{ type: "hourly" }, "2026-01-15T12:17:42.000Z"],
    [{ type: "daily", hourUTC: 3, minuteUTC: 5 }, "2026-01-16T03:05:42.000Z"],
    [{ type: "weekly", dayOfWeek: "monday", hourUTC: 9, minuteUTC: 0 }, "2026-01-19T09:00:42.000Z"],
    [{ type: "monthly", day: 31, hourUTC: 0, minuteUTC: 0 }, "2026-01-31T00:00:42.000Z"],
    [{ type: "cron", cron: "*/10 12 * * *" }, "2026-01-15T12:00:42.000Z"],
  ] as const)("%j after noon of 15 January runs at %s", (schedule, expected) => {
    expect(iso(firstRunMs(schedule, NOON, spread))).toBe(expected);
  });

  test("a monthly job on day 31 passes over short months", () => {
    const january = Date.UTC(2026, 0, 31, 0, 0, 42);
    const schedule = { type: "monthly", day: 31, hourUTC: 0, minuteUTC: 0 } as const;
    expect(iso(nextRunMs(schedule, { previousMs: january, nowMs: january, spread }))).toBe("2026-03-31T00:00:42.000Z");
  });

  test("a job that is due this very moment runs next time after it", () => {
    const due = Date.UTC(2026, 0, 15, 12, 30, 42);
    const schedule = { type: "hourly", minuteUTC: 30 } as const;
    expect(iso(nextRunMs(schedule, { previousMs: due, nowMs: due, spread }))).toBe("2026-01-15T13:30:42.000Z");
  });
});

test("where a job lands within hour and minute is the same each time, and differs between jobs", () => {
  expect(spreadOf("", "sweep")).toEqual(spreadOf("", "sweep"));
  const minutes = new Set(["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => spreadOf("", name).minute));
  expect(minutes.size).toBeGreaterThan(2);
});
