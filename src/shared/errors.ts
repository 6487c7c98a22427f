/** What a person's request can be refused for. The list is part of the public API. */
export const ERROR_CODES = [
  "unauthenticated",
  "forbidden",
  "not_found",
  "invalid",
  "limit_exceeded",
  "insufficient_credits",
  "restricted",
  "closing",
  "conflict",
  "unavailable",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** The data of every `ConvexError` this backend throws. `message` is a sentence made to be shown. */
export type RefusalData = {
  code: ErrorCode;
  message: string;
  /** With `limit_exceeded`: when trying again can succeed, in milliseconds since the epoch. */
  retryAt?: number;
};

/** Why a reply ended before it was complete. Stored with the reply as its code; the sentence is looked up on reading. */
export const REPLY_ERRORS = {
  provider_unavailable: "The model could not be reached. Try again in a moment.",
  provider_busy: "The model is very busy right now. Try again in a minute.",
  provider_silent: "The model stopped answering, so this reply was ended.",
  provider_cut: "The connection to the model broke before the reply was finished.",
  provider_invalid: "The model sent something that could not be read.",
  reply_too_long: "The reply reached the longest length that is kept.",
  abandoned: "Writing this reply was interrupted. What had arrived was kept.",
  fenced: "The account was closed while this reply was being written.",
} as const;

export type ReplyErrorCode = keyof typeof REPLY_ERRORS;
