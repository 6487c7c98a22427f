import { httpAction } from "../_generated/server.js";
import { answerMedia } from "../media/serving.ts";
import { receiveFile } from "../media/uploading.ts";
import { refuse, refuseError } from "./refusals.ts";
import { respond, respondJson } from "./responses.ts";

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
 * small picture, `?download=1` for a file to be saved under its name. What is missing and what is not the caller's are the
 * same 404. What is longer than 16 MiB is had by ranges alone.
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
