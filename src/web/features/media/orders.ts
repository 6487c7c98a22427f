/** What can be ordered of a model, and what that costs: read from the catalogue, whichever models it has. Pure. */
import type { FunctionArgs } from "convex/server";
import type { api, Model } from "../../app/api.ts";

/** A model that makes pictures or videos. */
export type MediaModel = Exclude<Model, { modality: "text" }>;
export type MediaOptions = NonNullable<FunctionArgs<typeof api.media.request>["options"]>;

/** Most of one kind that one press orders. */
export const MOST_AT_ONCE = 4;
/** Seeds are drawn below this, which every provider takes. */
const SEEDS = 2 ** 31;

/** The options to order with: each as wished where the model has it, and otherwise as the model takes it by default. */
export function optionsFor(model: MediaModel, wished: MediaOptions): MediaOptions {
  const seed = model.seed ? wished.seed : undefined;
  if (model.modality === "image") {
    const sizes = model.prices.map(({ size }) => size);
    return { seed, size: offered(sizes, wished.size) };
  }
  const seconds = Math.min(wished.seconds ?? model.limits.defaultSeconds, model.limits.seconds);
  return { seed, seconds, aspectRatio: offered(model.aspectRatios, wished.aspectRatio) };
}

/** Credits for one with these options. */
export function priceOf(model: MediaModel, { size, seconds = 0 }: MediaOptions): number {
  if (model.modality === "video") return Math.ceil(model.prices.perSecond * seconds);
  return model.prices.find((price) => price.size === size)?.credits ?? 0;
}

/** The options of each of `count`: where a seed is set, the ones after it follow on, so that no two are the same. */
export function optionsOfEach(options: MediaOptions, count: number): MediaOptions[] {
  const { seed } = options;
  return Array.from({ length: count }, (_, index) =>
    seed === undefined ? options : { ...options, seed: (seed + index) % SEEDS },
  );
}

/** What another like it is ordered with: the same but for the seed. `chance` is from 0 to 1. */
export function optionsOfAnother(model: MediaModel | undefined, options: MediaOptions, chance: number): MediaOptions {
  const seed = model?.seed ? Math.floor(chance * SEEDS) : undefined;
  return model ? optionsFor(model, { ...options, seed }) : { ...options, seed };
}

/** Reads a seed as typed: undefined for nothing, null for what is none. */
export function readSeed(text: string): number | undefined | null {
  if (text.trim() === "") return undefined;
  const seed = Number(text);
  return Number.isSafeInteger(seed) && seed >= 0 && seed < SEEDS ? seed : null;
}

/** Width over height of "1024x768" or "16:9". */
export function ratioOf(shape: string): number {
  const [width = 1, height = 1] = shape.split(/[x:]/).map(Number);
  return width / height;
}

function offered(values: readonly string[], wished: string | undefined): string | undefined {
  return values.find((value) => value === wished) ?? values[0];
}
