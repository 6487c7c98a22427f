import { httpAction } from "../_generated/server.js";
import { answerExport } from "../exports/serving.ts";
import { refuse, refuseError } from "./refusals.ts";
import { respond } from "./responses.ts";

/**
 * `GET /exports/:id`: an archive, by bearer token or by the ticket in the URL that `privacy:exports` gives; one of more
 * than 16 MiB in ranges. What is missing, over and not the caller's are the same 404.
 */
export const serveExport = httpAction(async (ctx, request) => {
  const isAnonymous = !request.headers.has("Authorization") && !new URL(request.url).searchParams.has("signature");
  if (isAnonymous) return refuse(request, "unauthenticated", "Sign in to go on.");
  try {
    const answer = await answerExport(ctx, request);
    if (!answer) return refuse(request, "not_found", "This export does not exist.");
    return respond(request, answer.body, answer);
  } catch (error) {
    return refuseError(request, error);
  }
});
