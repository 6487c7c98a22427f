import { MEDIA_PROVIDERS } from "../../src/shared/mediaModels.ts";
import { internal } from "../_generated/api.js";
import { httpAction } from "../_generated/server.js";
import { readHint } from "../media/hints.ts";
import { respondJson } from "./responses.ts";
import { readBounded } from "./webhooks.ts";

/**
 * `POST /webhooks/media/:provider`: a provider says that an order has changed. Answers 200 to whatever is genuine,
 * also where nobody knows the order any more, 413 to what is too large, and 401 to all else, of which nothing is kept.
 */
export const mediaWebhook = httpAction(async (ctx, request) => {
  const name = new URL(request.url).pathname.split("/").at(-1);
  const provider = MEDIA_PROVIDERS.find((known) => known === name);
  const body = await readBounded(request);
  if (body === null) return respondJson(request, { code: "too_large" }, { status: 413 });
  const message = { body, headers: request.headers, nowMs: Date.now() };
  const requestId = provider ? await readHint(provider, message) : null;
  if (!provider || !requestId) return respondJson(request, { code: "unsigned" }, { status: 401 });
  await ctx.runMutation(internal.media.making.hinted, { provider, requestId });
  return respondJson(request, { state: "received" });
});
