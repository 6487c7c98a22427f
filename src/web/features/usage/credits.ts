import type { LedgerEntry } from "../../app/api.ts";

const DAYS_IN_YEAR = 365;

/** Credits with their unit, such as "1 credit" and "1,970 credits". */
export function creditsLabel(credits: number): string {
  return `${credits.toLocaleString("en")} ${Math.abs(credits) === 1 ? "credit" : "credits"}`;
}

const USES = { chat: "Reply", image: "Image", video: "Video" } as const;

const REASONS: Record<LedgerEntry["reason"], string> = {
  use: "Used",
  plan: "A month of your plan",
  upgrade: "More from your new plan",
  period_end: "Unused at the end of the month",
  top_up: "Bought",
  failed: "Failed, nothing charged",
  cancelled: "Cancelled, nothing charged",
  unsettled: "Never finished, nothing charged",
  operator: "Corrected by the operator",
  reconciled: "Balance recomputed",
};

/** What an entry of the ledger was for, in words. */
export function describeEntry({ kind, reason, use }: LedgerEntry): string {
  if (use === null) return REASONS[reason];
  if (kind === "hold") return `${USES[use]}: set aside`;
  if (kind === "refund") return `${USES[use]}: given back`;
  return reason === "use" ? USES[use] : `${USES[use]}: ${REASONS[reason].toLowerCase()}`;
}

/** How long credits last at the present pace, in words. */
export function forecast(daysLeft: number | null): string {
  if (daysLeft === null) return "Nothing was spent in the last seven days.";
  return `At the pace of the last seven days, they last for ${durationLabel(daysLeft)}.`;
}

function durationLabel(days: number): string {
  if (days === 0) return "less than a day";
  if (days > DAYS_IN_YEAR) return "more than a year";
  return `about ${days} ${days === 1 ? "day" : "days"}`;
}
