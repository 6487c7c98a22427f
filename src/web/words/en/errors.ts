import type { ErrorWords } from "../errorWords.ts";
import { formats } from "./formats.ts";

/** What a refusal means and what to do next, by its code. */
export const errors: ErrorWords = {
  unknown: "Something went wrong on our side. Please try again.",
  unauthenticated: () => "Your session has ended. Sign in again to go on.",
  forbidden: () => "Your role does not allow this. Ask whoever owns the workspace.",
  not_found: () => "This does not exist any more, or never did. Go back and choose something else.",
  invalid: ({ message }) => `${message} Change it and try again.`,
  limit_exceeded: ({ retryAt, message }) =>
    retryAt === undefined
      ? `${message} Try again with less, or a little later.`
      : `That is more than is allowed for now. Try again at ${formats.time(retryAt)}.`,
  insufficient_credits: () => "You do not have enough credits for this. Your usage page shows when new ones come.",
  restricted: () => "Your account can only be read at the moment. Your privacy page says why, and how to change it.",
  closing: () => "This account is closed or being erased. Reopen it to go on, if it still can be.",
  conflict: () => "This has changed in the meantime. Look at it again and decide anew.",
  unavailable: ({ message }) => `${message} Try again later, or contact the operator.`,
};
