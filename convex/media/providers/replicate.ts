"use node";

import { createReplicate } from "@ai-sdk/replicate";
import { generateImage, experimental_startVideo as startVideo } from "ai";
import { z } from "zod";
import type { MediaProviderSettings } from "../../models/mediaCatalogue.ts";
import { ask, codeOf, type Request, readAnswer, sendOrder, unlessGone } from "./asking.ts";
import type { MediaProvider, Order, Standing } from "./orders.ts";

const prediction = z.object({
  id: z.string(),
  status: z.string(),
  output: z.union([z.string(), z.array(z.string())]).nullish(),
  error: z.string().nullish(),
  urls: z.object({ get: z.string(), cancel: z.string().nullish() }),
});

/**
 * Replicate's predictions: https://replicate.com/docs/reference/http. It has no way to delete a prediction; it deletes
 * what went in and came out of those made by its API an hour after their end.
 */
export function replicateMedia(settings: MediaProviderSettings): MediaProvider {
  const { baseUrl, apiKey } = settings;
  const headers = { Authorization: `Bearer ${apiKey}` };
  return {
    async place(order) {
      const answer = await sendOrder(
        (fetch) => writeOrder(createReplicate({ apiToken: apiKey, baseURL: baseUrl, fetch }), order),
        (request) => submit(settings, order, request),
      );
      const { id, urls } = readAnswer(prediction, answer);
      return { kind: "queued", requestId: id, operation: { getUrl: urls.get, cancelUrl: urls.cancel ?? "" } };
    },
    async look({ getUrl = "" }) {
      return readPrediction(readAnswer(prediction, await ask(getUrl, { headers, origin: baseUrl })));
    },
    async cancel({ cancelUrl }) {
      if (cancelUrl) await ask(cancelUrl, { method: "POST", headers, origin: baseUrl }).catch(unlessGone);
    },
    async forget() {
      // Replicate does so by itself.
    },
  };
}

function writeOrder(
  replicate: ReturnType<typeof createReplicate>,
  { kind, model, prompt, options }: Order,
): Promise<unknown> {
  const { aspectRatio, size, seconds, seed } = options as {
    aspectRatio?: `${number}:${number}`;
    size?: `${number}x${number}`;
    seconds?: number;
    seed?: number;
  };
  const common = { prompt, aspectRatio, seed, maxRetries: 0 };
  if (kind === "image") return generateImage({ ...common, model: replicate.imageModel(model), size });
  return startVideo({ ...common, model: replicate.videoModel(model), duration: seconds, resolution: size });
}

/** Sends an order, to be made while nobody waits. */
function submit({ baseUrl }: MediaProviderSettings, order: Order, { url, headers, body }: Request): Promise<unknown> {
  const { prefer: _wait, ...others } = headers;
  const webhook = order.webhookUrl && { webhook: order.webhookUrl, webhook_events_filter: ["completed"] };
  const full = JSON.stringify({ ...JSON.parse(body), ...webhook });
  return ask(url.href, { method: "POST", headers: others, body: full, origin: baseUrl });
}

function readPrediction({ status, output, error }: z.infer<typeof prediction>): Standing {
  if (status === "failed" || status === "canceled") return { kind: "failed", error: codeOf(400, error ?? "") };
  if (status !== "succeeded") return { kind: "pending", progress: null };
  const url = Array.isArray(output) ? output[0] : output;
  if (!url) return { kind: "failed", error: "provider_invalid" };
  return { kind: "ready", source: { kind: "url", url, headers: {} } };
}
