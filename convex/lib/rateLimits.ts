import { HOUR, MINUTE, type RateLimitConfig, RateLimiter } from "@convex-dev/rate-limiter";
import { components } from "../_generated/api.js";
import type { ActionCtx, MutationCtx } from "../_generated/server.js";
import { refusal } from "./errors.ts";

/**
 * What one person on the free plan may do how often. Far above what hands can do, and low enough to bound a runaway
 * script. Larger plans multiply turns, uploads, jobs and exports by their `rateFactor`.
 */
const RATES = {
  /** Send, edit and regenerate: each costs a call to a model. */
  turn: { kind: "token bucket", rate: 60, period: MINUTE, capacity: 60 },
  /** Branching copies messages. */
  heavy: { kind: "token bucket", rate: 60, period: MINUTE, capacity: 30 },
  /** Calls of a search, each of which opens hundreds of messages: ten thousand take 28. */
  search: { kind: "token bucket", rate: 180, period: MINUTE, capacity: 120 },
  upload: { kind: "token bucket", rate: 30, period: MINUTE, capacity: 60 },
  /** Images and videos that models make. */
  job: { kind: "token bucket", rate: 20, period: MINUTE, capacity: 20 },
  export: { kind: "token bucket", rate: 5, period: 24 * HOUR, capacity: 3 },
  signIn: { kind: "token bucket", rate: 60, period: HOUR, capacity: 60 },
} as const satisfies Record<string, RateLimitConfig>;

const limiter = new RateLimiter(components.rateLimiter, {});

/** Forgets how often somebody did anything, for whom `key` is no longer to be known. */
export async function resetRates(ctx: MutationCtx, key: string): Promise<void> {
  for (const kind of Object.keys(RATES)) await limiter.reset(ctx, kind, { key });
}

/**
 * Counts one use by the person whose identity id `key` is, whose plan allows `factor` times what is free. Throws
 * `limit_exceeded` with `retryAt` when they have none left.
 */
export async function spendRate(
  ctx: MutationCtx | ActionCtx,
  kind: keyof typeof RATES,
  { key, nowMs, factor = 1 }: { key: string; nowMs: number; factor?: number },
): Promise<void> {
  const { rate, capacity, ...basis } = RATES[kind];
  const config = { ...basis, rate: rate * factor, capacity: capacity * factor };
  const { ok, retryAfter } = await limiter.limit(ctx, kind, { key, config });
  if (ok) return;
  const seconds = Math.ceil(retryAfter / 1000);
  throw refusal("limit_exceeded", `That was a lot at once. Try again in ${seconds} s.`, {
    retryAt: nowMs + retryAfter,
  });
}
