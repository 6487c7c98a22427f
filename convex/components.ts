import type { ComponentApi as RateLimiterApi } from "@convex-dev/rate-limiter/_generated/component.js";
import type { ComponentApi as WorkpoolApi } from "@convex-dev/workpool/_generated/component.js";
import { componentsGeneric } from "convex/server";

/**
 * The components of `convex.config.ts`. Kept by hand: code generation without a deployment leaves them out, and the
 * repository's types must not depend on having one.
 */
export const components = componentsGeneric() as unknown as {
  rateLimiter: RateLimiterApi<"rateLimiter">;
  mediaPool: WorkpoolApi<"mediaPool">;
};
