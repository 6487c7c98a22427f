"use node";

import { createFal } from "@ai-sdk/fal";
import { generateImage, experimental_startVideo as startVideo } from "ai";
import { z } from "zod";
import type { MediaProviderSettings } from "../../models/mediaCatalogue.ts";
import { ask, type Request, readAnswer, sendOrder, unlessGone } from "./asking.ts";
import { type MediaProvider, type Operation, type Order, OrderError, type Standing } from "./orders.ts";

/** Where fal deletes what it keeps of a request; needs a key of the scope "admin". */
const PLATFORM_URL = "https://api.fal.ai";
/** How long fal's CDN keeps a result that nobody has deleted. */
const RESULT_SECONDS = 3_600;

/** fal keeps nothing of what was asked, and what was made for an hour. */
const PRIVATELY = {
  "X-Fal-Store-IO": "0",
  "X-Fal-Object-Lifecycle-Preference": JSON.stringify({ expiration_duration_seconds: RESULT_SECONDS }),
};

type VideoModel = Parameters<typeof startVideo>[0]["model"];

const queued = z.object({
  request_id: z.string(),
  status_url: z.string(),
  response_url: z.string(),
  cancel_url: z.string(),
});
const state = z.object({ status: z.string() });
const file = z.object({ url: z.string() });
const result = z.object({
  video: file.nullish(),
  image: file.nullish(),
  images: z.array(file).nullish(),
  has_nsfw_concepts: z.array(z.boolean()).nullish(),
});

/**
 * fal's queue: https://docs.fal.ai/model-apis/model-endpoints/queue. It shows no progress, and no failure but in place
 * of the result.
 */
export function falMedia(settings: MediaProviderSettings): MediaProvider {
  const { baseUrl, apiKey } = settings;
  const headers = { Authorization: `Key ${apiKey}` };
  return {
    async place(order) {
      const answer = await sendOrder(
        (fetch) => writeOrder(createFal({ apiKey, fetch }), order),
        (request) => submit(settings, order, request),
      );
      const { request_id, status_url, response_url, cancel_url } = readAnswer(queued, answer);
      const operation = { id: request_id, statusUrl: status_url, responseUrl: response_url, cancelUrl: cancel_url };
      return { kind: "queued", requestId: request_id, operation };
    },
    async look({ statusUrl = "", responseUrl = "" }) {
      const { status } = readAnswer(state, await ask(statusUrl, { headers, origin: baseUrl }));
      if (status !== "COMPLETED") return { kind: "pending", progress: null };
      return readResult(() => ask(responseUrl, { headers, origin: baseUrl }));
    },
    async cancel({ cancelUrl = "" }) {
      await ask(cancelUrl, { method: "PUT", headers, origin: baseUrl }).catch(unlessGone);
    },
    async forget({ id = "" }: Operation) {
      const url = `${PLATFORM_URL}/v1/models/requests/${encodeURIComponent(id)}/payloads`;
      await ask(url, { method: "DELETE", headers, origin: PLATFORM_URL }).catch(unlessGone);
    },
  };
}

/** Has the SDK write an order, as far as the model can be told what is wanted. */
function writeOrder(fal: ReturnType<typeof createFal>, { kind, model, prompt, options }: Order): Promise<unknown> {
  const { aspectRatio, size, seconds, seed } = options as {
    aspectRatio?: `${number}:${number}`;
    size?: `${number}x${number}`;
    seconds?: number;
    seed?: number;
  };
  const common = { prompt, aspectRatio, seed, maxRetries: 0 };
  if (kind === "image") return generateImage({ ...common, model: fal.imageModel(model), size });
  // fal's package pins an earlier copy of the SDK's types; what is used here is the same in both.
  return startVideo({ ...common, model: fal.videoModel(model) as unknown as VideoModel, duration: seconds });
}

/** Sends an order to the queue, whichever of fal's addresses the SDK has written it for. */
function submit({ baseUrl }: MediaProviderSettings, order: Order, { url, headers, body }: Request): Promise<unknown> {
  const target = new URL(baseUrl + url.pathname);
  if (order.webhookUrl) target.searchParams.set("fal_webhook", order.webhookUrl);
  return ask(target.href, { method: "POST", headers: { ...headers, ...PRIVATELY }, body, origin: baseUrl });
}

async function readResult(load: () => Promise<unknown>): Promise<Standing> {
  const loaded = await load().catch((error: unknown) => {
    if (error instanceof OrderError && !error.mayPass) return error;
    throw error;
  });
  if (loaded instanceof OrderError) return { kind: "failed", error: loaded.code };
  const { video, image, images, has_nsfw_concepts } = readAnswer(result, loaded);
  if (has_nsfw_concepts?.[0]) return { kind: "failed", error: "provider_refused" };
  const url = (video ?? image ?? images?.[0])?.url;
  if (!url) return { kind: "failed", error: "provider_invalid" };
  return { kind: "ready", source: { kind: "url", url, headers: {} } };
}
