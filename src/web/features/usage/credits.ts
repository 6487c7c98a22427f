import type { LedgerEntry } from "../../app/api.ts";
import type { Words } from "../../words/words.ts";

type UsageWords = Words["usage"];

const DAYS_IN_YEAR = 365;

/** What an entry of the ledger was for, in words. */
export function describeEntry(words: UsageWords, { kind, reason, use }: LedgerEntry): string {
  if (use === null) return words.reasons[reason];
  if (kind === "hold") return `${words.uses[use]}: ${words.held}`;
  if (kind === "refund") return `${words.uses[use]}: ${words.refunded}`;
  return reason === "use" ? words.uses[use] : `${words.uses[use]}: ${words.reasons[reason]}`;
}

/** How long credits last at the present pace, in words. */
export function forecast({ pace }: UsageWords, daysLeft: number | null): string {
  if (daysLeft === null) return pace.none;
  if (daysLeft === 0) return pace.lessThanADay;
  if (daysLeft > DAYS_IN_YEAR) return pace.moreThanAYear;
  return pace.days(daysLeft);
}
