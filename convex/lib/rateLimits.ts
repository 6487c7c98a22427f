import { MINUTE, RateLimiter } from "@convex-dev/rate-limiter";
import type { ActionCtx, MutationCtx } from "../_generated/server.js";
import { components } from "../components.ts";
import { refusal } from "./errors.ts";

/** What one person may do how often. Far above what hands can do, and low enough to bound a runaway script. */
const limiter = new RateLimiter(components.rateLimiter, {
  /** Send, edit and regenerate: each costs a call to a model. */
  turn: { kind: "token bucket", rate: 60, period: MINUTE, capacity: 60 },
  /** Branching copies messages; a search opens hundreds. */
  heavy: { kind: "token bucket", rate: 60, period: MINUTE, capacity: 30 },
});

/** Counts one use by the person whose identity id `key` is. Throws `limit_exceeded` with `retryAt` when they have none left. */
export async function spendRate(
  ctx: MutationCtx | ActionCtx,
  kind: "turn" | "heavy",
  { key, nowMs }: { key: string; nowMs: number },
): Promise<void> {
  const { ok, retryAfter } = await limiter.limit(ctx, kind, { key });
  if (ok) return;
  const seconds = Math.ceil(retryAfter / 1000);
  throw refusal("limit_exceeded", `That was a lot at once. Try again in ${seconds} s.`, {
    retryAt: nowMs + retryAfter,
  });
}
