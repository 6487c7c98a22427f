import { type Infer, v } from "convex/values";
import { CLOCK_ERROR_MS } from "../../src/policy/periods.ts";

/** Where a sweep that passes some rows by goes on. */
export const vSweepPlace = v.object({
  /** What is older than this is due. The same for all pages of a run, as their cursor demands. */
  beforeMs: v.number(),
  cursor: v.union(v.string(), v.null()),
});

/** What was stamped by then is past its period for sure, however wrong clocks are: see `CLOCK_ERROR_MS`. Pure. */
export function surelyPast(periodMs: number, nowMs: number): number {
  return nowMs - periodMs - CLOCK_ERROR_MS;
}

/** Where a sweep begins of what is past a period for sure. Pure. */
export function firstPlace(periodMs: number, nowMs: number): Infer<typeof vSweepPlace> {
  return { beforeMs: surelyPast(periodMs, nowMs), cursor: null };
}
