/** The plans a person can be on. Ids are the plan slugs at the billing processor. */
export const PLAN_IDS = ["free", "plus", "pro"] as const;

export type PlanId = (typeof PLAN_IDS)[number];

/** What a plan gives and allows. */
export interface Plan {
  id: PlanId;
  label: string;
  /** Orders the plans: of two that apply at once, the higher counts. */
  rank: number;
  /** Credits granted for each month, whole. */
  monthlyCredits: number;
  /** Price of a month in cents of the processor's currency. */
  monthlyCents: number;
  /** Replies that may be written at once. */
  openReplies: number;
  /** Media jobs that may run at once. */
  openJobs: number;
  /** How much faster than on the free plan things may be done. */
  rateFactor: number;
}

export const PLANS: Readonly<Record<PlanId, Plan>> = {
  free: {
    id: "free",
    label: "Free",
    rank: 0,
    monthlyCredits: 2_000,
    monthlyCents: 0,
    openReplies: 8,
    openJobs: 2,
    rateFactor: 1,
  },
  plus: {
    id: "plus",
    label: "Plus",
    rank: 1,
    monthlyCredits: 20_000,
    monthlyCents: 1_000,
    openReplies: 16,
    openJobs: 4,
    rateFactor: 2,
  },
  pro: {
    id: "pro",
    label: "Pro",
    rank: 2,
    monthlyCredits: 80_000,
    monthlyCents: 3_000,
    openReplies: 32,
    openJobs: 8,
    rateFactor: 4,
  },
};
