import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { refusal } from "../lib/errors.ts";
import { readStanding, type Standing } from "./ledger.ts";

export const DAY_MS = 24 * 60 * 60_000;

/** The start of the day, in UTC, that `atMs` is in. */
export function dayStart(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

/**
 * Refuses what would exceed the ceiling a person set for what they spend in a day (UTC), counting what is held as spent.
 * Throws `limit_exceeded` with the next midnight. Costs nothing where no ceiling is set.
 */
export async function refuseAboveDailyCeiling(
  ctx: MutationCtx,
  { user, credits, nowMs }: { user: Doc<"users">; credits: number; nowMs: number },
): Promise<void> {
  const ceiling = user.settings.dailyCeiling;
  if (typeof ceiling !== "number") return;
  const todayMs = dayStart(nowMs);
  const now = await standingBefore(ctx.db, user._id, Number.POSITIVE_INFINITY);
  const atMidnight = await standingBefore(ctx.db, user._id, todayMs);
  const spent = (now?.spent ?? 0) - (atMidnight?.spent ?? 0);
  if (spent + (now?.held ?? 0) + credits <= ceiling) return;
  throw refusal("limit_exceeded", `This would exceed the ${ceiling} credits a day that you allow yourself.`, {
    retryAt: todayMs + DAY_MS,
  });
}

/** How a person's account stood just before a moment, or null before its first entry. One indexed read. */
export async function standingBefore(
  db: QueryCtx["db"],
  ownerId: Doc<"users">["_id"],
  beforeMs: number,
): Promise<Standing | null> {
  const entry = await db
    .query("creditEntries")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId).lt("at", beforeMs))
    .order("desc")
    .first();
  return entry && readStanding(entry.after);
}
