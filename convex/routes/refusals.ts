import { ConvexError } from "convex/values";
import type { ErrorCode, RefusalData } from "../../src/shared/errors.ts";
import { BucketError } from "../media/bucket.ts";
import { respondJson } from "./responses.ts";

const STATUSES: Record<ErrorCode, number> = {
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  invalid: 400,
  limit_exceeded: 413,
  insufficient_credits: 402,
  restricted: 403,
  closing: 403,
  conflict: 409,
  unavailable: 503,
};

/** A refusal in its own words; anything else is logged and told as trouble of ours. */
export function refuseError(request: Request, error: unknown): Response {
  if (error instanceof ConvexError) {
    const { code, message, retryAt } = error.data as RefusalData;
    return refuse(request, code, message, retryAt === undefined ? STATUSES[code] : 429);
  }
  console.error(error);
  const isPassing = error instanceof BucketError;
  return refuse(request, "unavailable", isPassing ? "Files cannot be reached right now." : "This file cannot be read.");
}

/** A refusal as people and programs get it: `{ code, message }`. */
export function refuse(request: Request, code: ErrorCode, message: string, status = STATUSES[code]): Response {
  return respondJson(request, { code, message }, { status });
}
