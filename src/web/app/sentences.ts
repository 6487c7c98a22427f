import { ConvexError } from "convex/values";
import type { ErrorCode, RefusalData } from "../../shared/errors.ts";
import type { ErrorWords } from "../words/errorWords.ts";
import { wordsNow } from "../words/words.ts";

/**
 * The sentence to show a person for anything a call threw, in the language that is spoken. A refusal is told by its
 * code; everything else stays out of sight, because a stack trace helps nobody who is chatting.
 */
export function sentenceOf(error: unknown): string {
  return sentenceIn(wordsNow().errors, error);
}

/** The sentence for `error` in the given words. A code that is newer than this page is told by the server's message. */
export function sentenceIn(words: ErrorWords, error: unknown): string {
  const refusal = error instanceof ConvexError ? (error.data as Partial<RefusalData> | null) : null;
  if (!refusal?.code || !refusal.message) return words.unknown;
  return words[refusal.code]?.(refusal as RefusalData) ?? refusal.message;
}

/** Whether a call was refused with that code. */
export function isRefusal(error: unknown, code: ErrorCode): boolean {
  return error instanceof ConvexError && (error.data as Partial<RefusalData> | null)?.code === code;
}
