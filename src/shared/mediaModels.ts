import { type ImagePrice, parseImagePrices, parseVideoPrices, type VideoPrice } from "./prices.ts";

/** What can be made to order, and is charged for. */
export const MADE_KINDS = ["image", "video"] as const;

export type MadeKind = (typeof MADE_KINDS)[number];

/** The services pictures and videos can be ordered from: an OpenAI-compatible endpoint, fal and Replicate. */
export const MEDIA_PROVIDERS = ["openai", "fal", "replicate"] as const;

export type MediaProviderName = (typeof MEDIA_PROVIDERS)[number];

interface Named {
  /** The id the provider knows it by. */
  id: string;
  label: string;
  /** Whether it can be told a seed, by which the same words make another picture or video. */
  seed: boolean;
}

/** A model that makes pictures, in the sizes that its prices name. */
export interface ImageModel extends Named {
  kind: "image";
  prices: readonly [ImagePrice, ...ImagePrice[]];
}

/** A model that makes videos. */
export interface VideoModel extends Named {
  kind: "video";
  /** Length of a video unless another is asked for, and the longest there is. */
  seconds: number;
  longestSeconds: number;
  /** The shapes it can be told to make, such as "16:9"; empty where it cannot be told. */
  aspectRatios: readonly string[];
  prices: readonly [VideoPrice, ...VideoPrice[]];
}

export type MediaModel = ImageModel | VideoModel;

const DEFAULT_SECONDS = 4;
const DEFAULT_LONGEST_SECONDS = 12;

/**
 * Reads `IMAGE_MODELS` or `VIDEO_MODELS`: a JSON array of `{ "id", "label"?, "seed"?, "prices" }`, for videos with
 * `"seconds"?`, `"longest"?` and `"ratios"?`, the first being the default model. `label` falls back to the id, `seed` to
 * false, `seconds` and `longest` to 4 and 12, `ratios` to none; prices are as `parseImagePrices` and `parseVideoPrices`
 * read them. Throws an Error that names the variable and the entry at fault.
 */
export function parseMediaModels(kind: MadeKind, json: string | undefined): MediaModel[] {
  const variable = kind === "image" ? "IMAGE_MODELS" : "VIDEO_MODELS";
  if (!json) throw new Error(`${variable} is not set`);
  const entries = parseArray(variable, json);
  if (entries.length === 0) throw new Error(`${variable} lists no model`);
  const models = entries.map((entry, index) => parseModel(kind, `${variable}[${index}]`, entry));
  if (new Set(models.map(({ id }) => id)).size !== models.length) throw new Error(`${variable} lists a model twice`);
  return models;
}

/** Reads `IMAGE_PROVIDER` or `VIDEO_PROVIDER`. Throws an Error that names the variable at fault. */
export function parseMediaProvider(variable: string, name: string): MediaProviderName {
  const provider = MEDIA_PROVIDERS.find((known) => known === name);
  if (!provider) throw new Error(`${variable} must be one of ${MEDIA_PROVIDERS.join(", ")}`);
  return provider;
}

function parseArray(variable: string, json: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Error(`${variable} is not JSON`);
  }
  if (!Array.isArray(value)) throw new Error(`${variable} must be a JSON array of models`);
  return value;
}

function parseModel(kind: MadeKind, where: string, entry: unknown): MediaModel {
  if (typeof entry !== "object" || entry === null) throw new Error(`${where} must be an object`);
  const { id, label = id, seed = false, seconds, longest, ratios = [], prices } = entry as Record<string, unknown>;
  if (typeof id !== "string" || id === "") throw new Error(`${where}.id must be a model's id`);
  if (typeof label !== "string") throw new Error(`${where}.label must be text`);
  if (typeof seed !== "boolean") throw new Error(`${where}.seed must be true or false`);
  if (kind === "image") return { kind, id, label, seed, prices: parseImagePrices(`${where}.prices`, prices) };
  const longestSeconds = parseSeconds(`${where}.longest`, longest, DEFAULT_LONGEST_SECONDS);
  return {
    kind,
    id,
    label,
    seed,
    aspectRatios: parseRatios(`${where}.ratios`, ratios),
    seconds: Math.min(parseSeconds(`${where}.seconds`, seconds, DEFAULT_SECONDS), longestSeconds),
    longestSeconds,
    prices: parseVideoPrices(`${where}.prices`, prices),
  };
}

function parseSeconds(where: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw new Error(`${where} must be a number of seconds`);
  return value as number;
}

function parseRatios(where: string, value: unknown): string[] {
  const isRatio = (entry: unknown) => typeof entry === "string" && /^\d{1,2}:\d{1,2}$/.test(entry);
  if (!Array.isArray(value) || !value.every(isRatio)) throw new Error(`${where} must list shapes such as "16:9"`);
  return value;
}
