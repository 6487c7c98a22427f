import { type Infer, v } from "convex/values";

/** Where a sweep that passes some rows by goes on. */
export const vSweepPlace = v.object({
  /** What is older than this is due. The same for all pages of a run, as their cursor demands. */
  beforeMs: v.number(),
  cursor: v.union(v.string(), v.null()),
});

/** Where a sweep begins of what is older than a period. Pure. */
export function firstPlace(periodMs: number, nowMs: number): Infer<typeof vSweepPlace> {
  return { beforeMs: nowMs - periodMs, cursor: null };
}
