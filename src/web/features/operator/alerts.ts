import type { FunctionReturnType } from "convex/server";
import type { api } from "../../app/api.ts";
import type { Words } from "../../words/words.ts";

export type Overview = FunctionReturnType<typeof api.operator.overview>;
export type Count = Overview["missingObjects"];

const HOUR_MS = 60 * 60_000;
/** What was not deleted elsewhere for so long, and an erasure that has not moved, need somebody to look. */
const OUTBOX_LATE_MS = HOUR_MS;
const ERASURE_SILENT_MS = HOUR_MS;

/** What needs somebody to do something, worst first, as sentences. Pure. */
export function alertsOf({ operator, formats }: Pick<Words, "operator" | "formats">, overview: Overview): string[] {
  const { alerts } = operator;
  const { at: nowMs, requests, outbox, orders, inbox, erasures, holds, missingObjects, creditAlerts } = overview;
  const [oldestFile, oldestOrder] = [outbox.oldestAskedAt, orders.oldestAskedAt];
  const isLate = (askedAt: number | null): askedAt is number => askedAt !== null && askedAt <= nowMs - OUTBOX_LATE_MS;
  const silent = erasures.find(({ beatAt, state }) => state !== "held" && beatAt <= nowMs - ERASURE_SILENT_MS);
  const toReview = holds.filter(({ isOverdue }) => isOverdue).length;
  const number = (count: Count) => countLabel(operator, formats, count);
  const found = [
    requests.overdue > 0 && alerts.requests(requests.overdue),
    silent && alerts.erasures(silent.beatAt),
    isLate(oldestFile) && alerts.outbox(oldestFile),
    isLate(oldestOrder) && alerts.orders(oldestOrder),
    missingObjects.count > 0 && alerts.missing(number(missingObjects)),
    creditAlerts.count > 0 && alerts.credits(number(creditAlerts)),
    inbox.silence.silentSinceAt !== null && alerts.silence(inbox.silence.silentSinceAt),
    inbox.counts.parked.count > 0 && alerts.parked(number(inbox.counts.parked)),
    toReview > 0 && alerts.holds(toReview),
  ];
  return found.filter((sentence) => typeof sentence === "string");
}

/** A count as it is shown: one that was not counted to its end as "1,000+". Pure. */
export function countLabel(
  { atLeast }: Words["operator"],
  { number }: Words["formats"],
  { count, isAtLeast }: Count,
): string {
  return isAtLeast ? atLeast(count) : number(count);
}
