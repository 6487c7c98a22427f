import {
  type MadeKind,
  type MediaModel,
  type MediaProviderName,
  parseMediaModels,
  parseMediaProvider,
} from "../../src/shared/mediaModels.ts";
import { refusal } from "../lib/errors.ts";

/** Where pictures or videos are ordered: see .env.example. */
export interface MediaProviderSettings {
  provider: MediaProviderName;
  /** Address of the provider's API, without a slash at its end. */
  baseUrl: string;
  apiKey: string;
  /** Verifies the provider's webhooks, where it signs them with a secret that is shared. */
  webhookSecret: string | null;
  models: MediaModel[];
}

const LABELS: Record<MadeKind, string> = { image: "pictures", video: "videos" };
/** Addresses of the providers that have but one. */
const BASE_URLS: Record<MediaProviderName, string | undefined> = {
  openai: undefined,
  fal: "https://queue.fal.run",
  replicate: "https://api.replicate.com/v1",
};
/** Jobs that are at a provider or being stored at once, unless `MEDIA_PARALLELISM` is set. */
const DEFAULT_PARALLELISM = 8;
const MOST_PARALLELISM = 100;
/** Longest result that is kept, unless `MEDIA_MAX_BYTES` is set. */
const DEFAULT_MAX_BYTES = 200 * 1024 * 1024;

/** The provider of a kind of media, or null where none is set up. Throws an Error that names the variable at fault. */
export function mediaSettings(kind: MadeKind): MediaProviderSettings | null {
  const { IMAGE_PROVIDER, IMAGE_BASE_URL, IMAGE_API_KEY, IMAGE_WEBHOOK_SECRET, IMAGE_MODELS } = process.env;
  const { VIDEO_PROVIDER, VIDEO_BASE_URL, VIDEO_API_KEY, VIDEO_WEBHOOK_SECRET, VIDEO_MODELS } = process.env;
  if (kind === "image") {
    return read(kind, "IMAGE", [IMAGE_PROVIDER, IMAGE_BASE_URL, IMAGE_API_KEY, IMAGE_WEBHOOK_SECRET, IMAGE_MODELS]);
  }
  return read(kind, "VIDEO", [VIDEO_PROVIDER, VIDEO_BASE_URL, VIDEO_API_KEY, VIDEO_WEBHOOK_SECRET, VIDEO_MODELS]);
}

/** The models of a kind, the default first; none where no provider is set up. Throws `unavailable` where that is wrong. */
export function mediaModels(kind: MadeKind): MediaModel[] {
  try {
    return mediaSettings(kind)?.models ?? [];
  } catch (error) {
    console.error(error);
    throw refusal("unavailable", `Making ${LABELS[kind]} is not set up here yet.`);
  }
}

/**
 * The model of that id, or the default one. Throws `unavailable` where no provider is set
 * up, and `invalid` for an id that is not in the catalogue.
 */
export function chooseMediaModel(kind: MadeKind, id: string | undefined): MediaModel {
  const models = mediaModels(kind);
  if (models.length === 0) throw refusal("unavailable", `Making ${LABELS[kind]} is not set up here yet.`);
  const chosen = id === undefined ? models[0] : models.find((model) => model.id === id);
  if (!chosen) throw refusal("invalid", "This model is not available.");
  return chosen;
}

/** The model of that id while the catalogue has it, and the default one after. Throws `unavailable`. */
export function sameMediaModel(kind: MadeKind, id: string): MediaModel {
  return mediaModels(kind).find((model) => model.id === id) ?? chooseMediaModel(kind, undefined);
}

/** How many jobs may be at their provider or being stored at once. */
export function mediaParallelism(): number {
  return Math.min(positive("MEDIA_PARALLELISM", process.env.MEDIA_PARALLELISM, DEFAULT_PARALLELISM), MOST_PARALLELISM);
}

/** Whether a provider has no queue for what is ordered, and makes it while one waits. */
export function isMadeWhileWaiting({ provider, kind }: { provider: MediaProviderName; kind: MadeKind }): boolean {
  return provider === "openai" && kind === "image";
}

/**
 * How many jobs may wait at once for a provider that has no queue: a quarter of all, so that these waits are never more
 * than half of the steps that run, whatever else is asked for.
 */
export function waitingParallelism(): number {
  return Math.max(1, Math.floor(mediaParallelism() / 4));
}

/** Longest result that is kept, in bytes. */
export function mostMediaBytes(): number {
  return positive("MEDIA_MAX_BYTES", process.env.MEDIA_MAX_BYTES, DEFAULT_MAX_BYTES);
}

function read(kind: MadeKind, prefix: string, values: (string | undefined)[]): MediaProviderSettings | null {
  const [name, address, apiKey, webhookSecret, models] = values;
  if (!name) return null;
  const provider = parseMediaProvider(`${prefix}_PROVIDER`, name);
  const baseUrl = address || BASE_URLS[provider];
  if (!baseUrl) throw new Error(`${prefix}_BASE_URL is not set`);
  if (!apiKey) throw new Error(`${prefix}_API_KEY is not set`);
  return {
    provider,
    baseUrl: baseUrl.replace(/\/+$/, ""),
    apiKey,
    webhookSecret: webhookSecret || null,
    models: parseMediaModels(kind, models),
  };
}

function positive(name: string, text: string | undefined, fallback: number): number {
  if (!text) return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} must be a whole number above 0`);
  return value;
}
