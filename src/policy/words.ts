import type { RetentionRule } from "./dataClasses.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const MONTH_DAYS = 31;

/** A period as it is shown to people: "60 days", "7 full years", "until you unpin or delete it". Pure. */
export function periodInWords(period: RetentionRule["period"]): string {
  if ("until" in period) return `until ${period.until}`;
  if ("fullYears" in period) return `${period.fullYears} full years`;
  const days = period.ms / DAY_MS;
  if (days % MONTH_DAYS === 0 && days > MONTH_DAYS) return `${days / MONTH_DAYS} months`;
  return days === 1 ? "1 day" : `${days} days`;
}
