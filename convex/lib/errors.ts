import { ConvexError } from "convex/values";
import type { ErrorCode, RefusalData } from "../../src/shared/errors.ts";

/** The error that refuses a person's request: `throw refusal("invalid", "The message is empty.")`. */
export function refusal(
  code: ErrorCode,
  message: string,
  details: { retryAt?: number } = {},
): ConvexError<RefusalData> {
  return new ConvexError({ code, message, ...details });
}

/**
 * The one answer for rows that do not exist, that were deleted, whose id is malformed or of another table, and that
 * belong to someone else: a stranger learns nothing from the difference.
 */
export function notFound(what: string): ConvexError<RefusalData> {
  return refusal("not_found", `This ${what} does not exist.`);
}
