import { ConvexError } from "convex/values";
import type { RefusalData } from "../../shared/errors.ts";

/** The sentence for trouble that has none of its own: it says what to do, since we cannot say what happened. */
export const unknownTrouble = "Something went wrong on our side. Please try again.";

/**
 * The sentence to show a person for anything a call threw. Refusals carry their own (`ConvexError({ code, message })`);
 * everything else stays out of sight, because a stack trace helps nobody who is chatting.
 */
export function sentenceOf(error: unknown): string {
  const refusal = error instanceof ConvexError ? (error.data as Partial<RefusalData> | null) : null;
  return refusal?.message ?? unknownTrouble;
}
