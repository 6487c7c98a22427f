/** How a stand-in model is to answer: its pace, and trouble on purpose. */
import { z } from "zod";
import { mediaPlanFields } from "./mediaPlans.ts";

const LONGEST_MS = 10 * 60 * 1000;
const MOST_CHUNKS = 100_000;
const wait = z.number().min(0).max(LONGEST_MS);
const count = z.number().int().min(0).max(MOST_CHUNKS);

/**
 * `POST /_control` takes one plan; fields left out keep the model's own way.
 *
 *     model               the plan is for this model only; absent: for all
 *     times               how many requests it serves, then it is gone; absent: until it is replaced or reset
 *     firstTokenMs        wait before the first chunk
 *     intervalMs          from one chunk to the next, kept against the start, so that lateness does not add up
 *     chunks              exactly that many chunks of text (the reply is repeated or cut to fit)
 *     charsPerChunk       size of each chunk; four characters are one token
 *     failStatus          answers this HTTP status instead of a reply
 *     retryAfterSeconds   sent with it
 *     cutAfterChunks      drops the connection after that many chunks
 *     garbageAfterChunks  sends bytes that are no JSON after that many chunks, then ends
 *     hangAfterChunks     sends nothing more after that many chunks, and keeps the connection open
 *
 * Models of pictures and videos have fields of their own: see mediaPlans.ts.
 */
export const planShape = z.strictObject({
  model: z.string().optional(),
  times: count.min(1).optional(),
  firstTokenMs: wait.optional(),
  intervalMs: wait.optional(),
  chunks: count.min(1).optional(),
  charsPerChunk: z.number().int().min(1).max(10_000).optional(),
  failStatus: z.number().int().min(400).max(599).optional(),
  retryAfterSeconds: z.number().int().min(0).optional(),
  cutAfterChunks: count.optional(),
  garbageAfterChunks: count.optional(),
  hangAfterChunks: count.optional(),
  ...mediaPlanFields,
});

export type Plan = z.infer<typeof planShape>;

export interface Pace {
  firstTokenMs: number;
  intervalMs: number;
  charsPerChunk: number;
}

export interface StandInModel {
  id: string;
  label: string;
  pace: Pace;
  /** Thinks aloud first, as `reasoning_content`. */
  reasons: boolean;
  /** Takes pictures, without looking at them. */
  images: boolean;
}

/** The models on offer. All say in every reply that they are stand-ins. */
export const MODELS: readonly StandInModel[] = [
  {
    id: "standin-swift",
    label: "Stand-in Swift",
    pace: { firstTokenMs: 120, intervalMs: 25, charsPerChunk: 12 },
    reasons: false,
    images: true,
  },
  {
    id: "standin-steady",
    label: "Stand-in Steady (slow)",
    pace: { firstTokenMs: 900, intervalMs: 120, charsPerChunk: 16 },
    reasons: false,
    images: true,
  },
  {
    id: "standin-thinker",
    label: "Stand-in Thinker (reasons first)",
    pace: { firstTokenMs: 300, intervalMs: 40, charsPerChunk: 14 },
    reasons: true,
    images: false,
  },
];

/** The plans in force: the newest that fits a model serves its next request. */
export class PlanBook {
  #plans: Plan[] = [];

  /** Adds a plan in place of an earlier one for the same model (or for all). */
  add(plan: Plan): void {
    this.#plans = [plan, ...this.#plans.filter((other) => other.model !== plan.model)];
  }

  clear(): void {
    this.#plans = [];
  }

  all(): readonly Plan[] {
    return this.#plans;
  }

  /** The plan for a request, used up by one; `{}` when none fits. A plan for one model goes before one for all. */
  take(model: string): Plan {
    const plan =
      this.#plans.find((each) => each.model === model) ?? this.#plans.find((each) => each.model === undefined);
    if (!plan) return {};
    if (plan.times === undefined) return plan;
    const left = { ...plan, times: plan.times - 1 };
    this.#plans = this.#plans.flatMap((each) => (each !== plan ? [each] : left.times > 0 ? [left] : []));
    return plan;
  }
}
