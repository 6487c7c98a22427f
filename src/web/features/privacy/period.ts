import type { RetentionRule } from "../../../policy/dataClasses.ts";
import type { Words } from "../../words/words.ts";

const DAY_MS = 24 * 60 * 60_000;
const MONTH_DAYS = 31;

/** How long something is kept, as `periodInWords` of the policy says it, in the words given. Pure. */
export function periodIn(words: Words["privacy"], period: RetentionRule["period"], until: string | undefined): string {
  if ("until" in period) return words.until(until ?? period.until);
  if ("fullYears" in period) return words.periodYears(period.fullYears);
  const days = period.ms / DAY_MS;
  if (days % MONTH_DAYS === 0 && days > MONTH_DAYS) return words.periodMonths(days / MONTH_DAYS);
  return words.periodDays(days);
}
