import { type Infer, v } from "convex/values";
import { MESSAGE_TEXT_CHARACTERS } from "../src/shared/limits.ts";
import { PROMPT_CHARACTERS } from "../src/shared/media.ts";
import type { MediaModel } from "../src/shared/mediaModels.ts";
import { priceAt } from "../src/shared/prices.ts";
import { viewerQuery } from "./lib/functions.ts";
import { chatModels } from "./models/catalogue.ts";
import { mediaModels } from "./models/mediaCatalogue.ts";

const vNamed = { id: v.string(), label: v.string() };

/** A model as people pick it, with what bounds its use and what it costs now, in whole credits. */
const vModel = v.union(
  v.object({
    ...vNamed,
    modality: v.literal("text"),
    /** Whether messages to it can carry pictures. */
    images: v.boolean(),
    limits: v.object({ contextTokens: v.number(), outputTokens: v.number(), textCharacters: v.number() }),
    prices: v.object({ inputPer1000: v.number(), outputPer1000: v.number() }),
  }),
  v.object({
    ...vNamed,
    modality: v.literal("image"),
    /** Whether it can be told a seed, by which the same words make another picture. */
    seed: v.boolean(),
    limits: v.object({ promptCharacters: v.number() }),
    /** By size, such as `1024x1024`; the first is the default. No other sizes can be asked for. */
    prices: v.array(v.object({ size: v.string(), credits: v.number() })),
  }),
  v.object({
    ...vNamed,
    modality: v.literal("video"),
    seed: v.boolean(),
    /** The shapes it can be told to make, such as `16:9`. */
    aspectRatios: v.array(v.string()),
    limits: v.object({ promptCharacters: v.number(), seconds: v.number(), defaultSeconds: v.number() }),
    prices: v.object({ perSecond: v.number() }),
  }),
);

/**
 * The catalogue of models: those that write, then those that make pictures and videos; of each kind the default first.
 * Throws `unauthenticated`, and `unavailable` where none are set up.
 */
export const list = viewerQuery({
  args: {},
  returns: v.array(vModel),
  handler: async () => {
    const nowMs = Date.now();
    const media = [...mediaModels("image"), ...mediaModels("video")];
    return [...presentChatModels(nowMs), ...media.map((model) => presentMediaModel(model, nowMs))];
  },
});

function presentChatModels(nowMs: number): Infer<typeof vModel>[] {
  return chatModels().map(({ id, label, contextTokens, outputTokens, images, prices }) => {
    const { inputPer1000, outputPer1000 } = priceAt(prices, nowMs);
    const limits = { contextTokens, outputTokens, textCharacters: MESSAGE_TEXT_CHARACTERS };
    return { id, label, modality: "text", images, limits, prices: { inputPer1000, outputPer1000 } };
  });
}

function presentMediaModel(model: MediaModel, nowMs: number): Infer<typeof vModel> {
  const { id, label, seed } = model;
  const promptCharacters = PROMPT_CHARACTERS;
  if (model.kind === "image") {
    const prices = Object.entries(priceAt(model.prices, nowMs).perImage).map(([size, credits]) => ({ size, credits }));
    return { id, label, modality: "image", seed, limits: { promptCharacters }, prices };
  }
  const limits = { promptCharacters, seconds: model.longestSeconds, defaultSeconds: model.seconds };
  const prices = { perSecond: priceAt(model.prices, nowMs).perSecond };
  return { id, label, modality: "video", seed, aspectRatios: [...model.aspectRatios], limits, prices };
}
