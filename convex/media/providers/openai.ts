"use node";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateImage } from "ai";
import { z } from "zod";
import type { MediaProviderSettings } from "../../models/mediaCatalogue.ts";
import { ask, askFor, codeOf, readAnswer, sendOrder, unlessGone } from "./asking.ts";
import { type MediaProvider, type Operation, type Order, OrderError, PICTURE_BYTES, type Placed } from "./orders.ts";
import { readPictureAnswer } from "./pictureAnswer.ts";

/** Pictures are made while one waits. Shorter than a job may be silent. */
const PICTURE_MS = 180_000;
/** The sizes that endpoints of this kind commonly have, by aspect ratio. */
const SIZES: Record<string, string> = {
  "1:1": "1024x1024",
  "3:2": "1536x1024",
  "4:3": "1536x1024",
  "16:9": "1536x1024",
  "2:3": "1024x1536",
  "3:4": "1024x1536",
  "9:16": "1024x1536",
};
const VIDEO_SIZES: Record<string, string> = { "16:9": "1280x720", "9:16": "720x1280" };

const pictures = z.object({ data: z.array(z.object({ url: z.string().nullish() })) });
const video = z.object({
  id: z.string(),
  status: z.string(),
  progress: z.number().nullish(),
  error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
});

/**
 * An endpoint in the manner of OpenAI: `POST /images/generations`, which answers with the picture, and `POST /videos`, a
 * queue (https://platform.openai.com/docs/api-reference/videos). It keeps videos until they are deleted and pictures not
 * at all. Its webhooks are set up in its own settings.
 */
export function openaiMedia(settings: MediaProviderSettings): MediaProvider {
  const { baseUrl, apiKey } = settings;
  const headers = { Authorization: `Bearer ${apiKey}` };
  const videoUrl = ({ id }: Operation) => `${baseUrl}/videos/${encodeURIComponent(id ?? "")}`;
  const remove = async (operation: Operation) => {
    await ask(videoUrl(operation), { method: "DELETE", headers, origin: baseUrl }).catch(unlessGone);
  };
  return {
    place: (order) => (order.kind === "image" ? makePicture(settings, order) : orderVideo(settings, order)),
    async look(operation) {
      const { status, progress, error } = readAnswer(
        video,
        await ask(videoUrl(operation), { headers, origin: baseUrl }),
      );
      if (status === "completed") {
        return { kind: "ready", source: { kind: "url", url: `${videoUrl(operation)}/content`, headers } };
      }
      if (status === "failed") return { kind: "failed", error: codeOf(400, `${error?.code} ${error?.message}`) };
      return { kind: "pending", progress: typeof progress === "number" ? progress / 100 : null };
    },
    cancel: remove,
    forget: remove,
  };
}

async function makePicture({ baseUrl, apiKey }: MediaProviderSettings, order: Order): Promise<Placed> {
  const { json, picture } = await sendOrder(
    (fetch) =>
      generateImage({
        model: createOpenAICompatible({ name: "image", baseURL: baseUrl, apiKey, fetch }).imageModel(order.model),
        prompt: order.prompt,
        size: sizeOf(order, SIZES),
        // Told as an option of the provider's: OpenAI's own models know no seed, which others of this kind do.
        providerOptions: order.options.seed === undefined ? {} : { image: { seed: order.options.seed } },
        headers: { "Idempotency-Key": order.name },
        maxRetries: 0,
      }),
    ({ url, headers, body }) => {
      const asked = { method: "POST", headers, body, origin: baseUrl, answerMs: PICTURE_MS } as const;
      return askFor(url.href, asked, (answer) => readPictureAnswer(answer, PICTURE_BYTES));
    },
  );
  if (picture.length > 0) return { kind: "made", source: { kind: "bytes", bytes: picture } };
  const [made] = readAnswer(pictures, json).data;
  if (made?.url) return { kind: "made", source: { kind: "url", url: made.url, headers: {} } };
  throw new OrderError("provider_invalid", "no picture in the answer");
}

/** The SDK has no model for videos of this kind of endpoint, so this order is written here. */
async function orderVideo({ baseUrl, apiKey }: MediaProviderSettings, order: Order): Promise<Placed> {
  const { seconds, seed } = order.options;
  const body = JSON.stringify({
    model: order.model,
    prompt: order.prompt,
    size: sizeOf(order, VIDEO_SIZES),
    seconds: seconds === undefined ? undefined : String(seconds),
    seed,
  });
  const headers = {
    Authorization: `Bearer ${apiKey}`,
    "Content-Type": "application/json",
    "Idempotency-Key": order.name,
  };
  const { id } = readAnswer(video, await ask(`${baseUrl}/videos`, { method: "POST", headers, body, origin: baseUrl }));
  return { kind: "queued", requestId: id, operation: { id } };
}

function sizeOf({ options }: Order, sizes: Record<string, string>): `${number}x${number}` | undefined {
  return (options.size ?? sizes[options.aspectRatio ?? ""]) as `${number}x${number}` | undefined;
}
