import { ConvexError } from "convex/values";
import type { ErrorCode, RefusalData } from "../../src/shared/errors.ts";
import { httpAction } from "../_generated/server.js";
import { BucketError } from "../media/bucket.ts";
import { answerMedia } from "../media/serving.ts";
import { receiveFile } from "../media/uploading.ts";
import { respond, respondJson } from "./responses.ts";

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

/**
 * `POST /media/upload`: takes the body as a file of the caller's, by bearer token. `X-File-Name` may give its name,
 * percent-encoded. Answers `{ mediaId }`, or `{ code, message }`.
 */
export const uploadMedia = httpAction(async (ctx, request) => {
  if (!(await ctx.auth.getUserIdentity())) return refuse(request, "unauthenticated", "Sign in to go on.");
  try {
    const mediaId = await receiveFile(ctx, {
      body: request.body,
      announcedBytes: announcedBytes(request.headers.get("Content-Length")),
      announcedType: request.headers.get("Content-Type"),
      name: fileName(request.headers.get("X-File-Name")),
    });
    return respondJson(request, { mediaId });
  } catch (error) {
    return refuseError(request, error);
  }
});

/**
 * `GET /media/:id`: an object of a medium, by bearer token or by the ticket in the URL; `?variant=thumbnail` for the
 * small picture. What is missing and what is not the caller's are the same 404.
 */
export const serveMedia = httpAction(async (ctx, request) => {
  const isAnonymous = !request.headers.has("Authorization") && !new URL(request.url).searchParams.has("signature");
  if (isAnonymous) return refuse(request, "unauthenticated", "Sign in to go on.");
  try {
    const answer = await answerMedia(ctx, request);
    if (!answer) return refuse(request, "not_found", "This file does not exist.");
    return respond(request, answer.body, answer);
  } catch (error) {
    return refuseError(request, error);
  }
});

/** A refusal in its own words; anything else is logged and told as trouble of ours. */
function refuseError(request: Request, error: unknown): Response {
  if (error instanceof ConvexError) {
    const { code, message, retryAt } = error.data as RefusalData;
    return refuse(request, code, message, retryAt === undefined ? STATUSES[code] : 429);
  }
  console.error(error);
  const isPassing = error instanceof BucketError;
  return refuse(request, "unavailable", isPassing ? "Files cannot be reached right now." : "This file cannot be read.");
}

function refuse(request: Request, code: ErrorCode, message: string, status = STATUSES[code]): Response {
  return respondJson(request, { code, message }, { status });
}

function announcedBytes(header: string | null): number | null {
  return header !== null && /^\d{1,15}$/.test(header) ? Number(header) : null;
}

function fileName(header: string | null): string | null {
  if (!header) return null;
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}
