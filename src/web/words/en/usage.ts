import { formats } from "./formats.ts";

const credits = (amount: number) => formats.count(amount, { one: "credit", other: "credits" });
const days = (count: number) => formats.count(count, { one: "day", other: "days" });

/** Credits: how they stand, what they went on, and the plan they come from. */
export const usage = {
  title: "Usage and plan",
  link: "Usage",
  creditsLeft: "credits left",
  credits,
  pace: {
    none: "Nothing was spent in the last seven days.",
    lessThanADay: "At the pace of the last seven days, they last for less than a day.",
    moreThanAYear: "At the pace of the last seven days, they last for more than a year.",
    days: (count: number) => `At the pace of the last seven days, they last for about ${days(count)}.`,
  },
  plan: "Plan",
  changePlan: "Change plan",
  newCreditsAt: (plan: string, atMs: number) => `${plan}, new credits on ${formats.day(atMs)}`,
  spentToday: "Spent today",
  ofOwnCeiling: (spent: number, ceiling: number) =>
    `${credits(spent)} of the ${formats.number(ceiling)} you allow yourself`,
  setAside: "Set aside",
  heldNow: (held: number) => `${credits(held)} for what is being made now`,
  bought: "Bought",
  notExpiring: (amount: number) => `${credits(amount)} that do not expire`,
  ownLimit: "Your own limit",
  mostADay: "Most credits a day",
  emptyForNone: "empty for none",
  save: "Save",
  lastDays: (count: number) => `The last ${days(count)}`,
  spentByDay: "Credits spent on each day",
  mostOnADay: (amount: number) => `most on a day: ${credits(amount)}`,
  today: "today",
  history: "History",
  showEarlier: "Show earlier ones",
  uses: { chat: "Reply", image: "Image", video: "Video" },
  held: "set aside",
  refunded: "given back",
  reasons: {
    use: "used",
    plan: "A month of your plan",
    upgrade: "More from your new plan",
    period_end: "Unused at the end of the month",
    top_up: "Bought",
    failed: "failed, nothing charged",
    cancelled: "cancelled, nothing charged",
    unsettled: "never finished, nothing charged",
    operator: "Corrected by the operator",
    reconciled: "Balance recomputed",
  },
};
