import { ConvexError } from "convex/values";

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 100;

/**
 * For actions: tries a write again after growing pauses, where it lost a race more often than Convex itself retries or the
 * database could not be reached. A refusal is thrown at once, since it would come again, and so is what the last attempt
 * ends with.
 */
export async function withRetries<Result>(write: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (attempt === ATTEMPTS || error instanceof ConvexError) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    }
  }
}
