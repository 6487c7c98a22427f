import { ConvexError } from "convex/values";

/** The sentence for trouble that has none of its own: it says what to do, since we cannot say what happened. */
export const unknownTrouble = "Something went wrong on our side. Please try again.";

/**
 * The sentence to show a person for anything a call threw. Refusals carry their own (`ConvexError({ code, message })`);
 * everything else stays out of sight, because a stack trace helps nobody who is chatting.
 */
export function sentenceOf(error: unknown): string {
  return refusalOf(error)?.message ?? unknownTrouble;
}

/** The code of a refusal, for example `not_found`, or null where the trouble was of another kind. */
export function codeOf(error: unknown): string | null {
  return refusalOf(error)?.code ?? null;
}

function refusalOf(error: unknown): { code: string; message: string } | null {
  if (!(error instanceof ConvexError)) return null;
  const { code, message } = (error.data ?? {}) as Record<string, unknown>;
  return typeof code === "string" && typeof message === "string" ? { code, message } : null;
}
