import type { UsageDay } from "../../app/api.ts";

/** What credits go on, in the order it is stacked and listed. */
export const uses = ["chat", "image", "video"] as const;
export type Use = (typeof uses)[number];

/** What all days cost together, by what it was for. */
export function totalOf(days: readonly UsageDay[]): Record<Use, number> {
  const sum = (use: Use) => days.reduce((total, day) => total + day[use], 0);
  return { chat: sum("chat"), image: sum("image"), video: sum("video") };
}

/**
 * Whole steps for the lines of a chart that reaches `most` credits: 1, 2 or 5 times a power of ten, four lines at most
 * above the ground.
 */
export function stepsUpTo(most: number): number[] {
  const least = Math.max(1, most / 4);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= least) ?? 10 * power;
  return Array.from({ length: Math.max(1, Math.ceil(most / step)) + 1 }, (_, index) => index * step);
}
