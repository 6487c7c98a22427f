/** When a cron job runs next: pure functions of its schedule and of times in milliseconds since the epoch, UTC. */
import { createHash } from "node:crypto";
import { Cron } from "croner";
import type { CronSchedule } from "../types.ts";

const MS_PER_SECOND = 1_000;
const MS_PER_MINUTE = 60 * MS_PER_SECOND;
const MS_PER_HOUR = 60 * MS_PER_MINUTE;

/**
 * Where a job without a minute of its own lands within the hour, and every calendar job within its minute, so
 * that jobs do not all start at once. The same for the life of the job.
 */
export interface Spread {
  minute: number;
  second: number;
}

/** Derived from the job's name, so it needs no storing. */
export function spreadOf(component: string, identifier: string): Spread {
  const digest = createHash("sha256").update(`${component}\n${identifier}`).digest();
  return { minute: digest.readUInt16BE(0) % 60, second: digest.readUInt16BE(2) % 60 };
}

/** An interval starts at once; a calendar job waits for its first time after `nowMs`. */
export function firstRunMs(schedule: CronSchedule, nowMs: number, spread: Spread): number {
  return schedule.type === "interval" ? nowMs : nextCalendarRunMs(schedule, nowMs, spread);
}

/** The first run after `nowMs`, given that one was due at `previousMs`; what lies between is skipped. */
export function nextRunMs(
  schedule: CronSchedule,
  { previousMs, nowMs, spread }: { previousMs: number; nowMs: number; spread: Spread },
): number {
  const afterMs = Math.max(previousMs, nowMs);
  if (schedule.type !== "interval") return nextCalendarRunMs(schedule, afterMs, spread);
  const periodMs = intervalMs(schedule);
  return previousMs + (Math.floor((afterMs - previousMs) / periodMs) + 1) * periodMs;
}

function intervalMs({ seconds, minutes, hours }: Extract<CronSchedule, { type: "interval" }>): number {
  return (seconds ?? 0) * MS_PER_SECOND + (minutes ?? 0) * MS_PER_MINUTE + (hours ?? 0) * MS_PER_HOUR;
}

function nextCalendarRunMs(
  schedule: Exclude<CronSchedule, { type: "interval" }>,
  afterMs: number,
  spread: Spread,
): number {
  const splayMs = spread.second * MS_PER_SECOND;
  const cron = new Cron(patternOf(schedule, spread), { timezone: "UTC", paused: true, mode: "5-part" });
  const next = cron.nextRun(new Date(afterMs - splayMs));
  if (!next) throw new RangeError(`The cron schedule ${JSON.stringify(schedule)} never runs.`);
  return next.getTime() + splayMs;
}

/** "minute hour day-of-month month day-of-week". */
function patternOf(schedule: Exclude<CronSchedule, { type: "interval" }>, spread: Spread): string {
  if (schedule.type === "cron") return schedule.cron;
  const minute = schedule.minuteUTC ?? spread.minute;
  switch (schedule.type) {
    case "hourly":
      return `${minute} * * * *`;
    case "daily":
      return `${minute} ${schedule.hourUTC} * * *`;
    case "weekly":
      return `${minute} ${schedule.hourUTC} * * ${schedule.dayOfWeek.slice(0, 3)}`;
    case "monthly":
      return `${minute} ${schedule.hourUTC} ${schedule.day} * *`;
  }
}
