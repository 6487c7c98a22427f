import { parseTokenPrices, type TokenPrice } from "./prices.ts";

/** A model a person can choose, with what bounds a conversation with it. */
export interface ChatModel {
  /** The id the provider knows it by. */
  id: string;
  label: string;
  /** Tokens of conversation and reply together. */
  contextTokens: number;
  /** Tokens of one reply. */
  outputTokens: number;
  /** Whether it can be shown pictures. */
  images: boolean;
  /** What it costs, and what it will. See [Note: Prices]. */
  prices: readonly [TokenPrice, ...TokenPrice[]];
}

const DEFAULT_CONTEXT_TOKENS = 32_000;
const DEFAULT_OUTPUT_TOKENS = 4_000;

/**
 * Reads `CHAT_MODELS`: a JSON array of `{ "id", "label"?, "context"?, "output"?, "images"?, "prices"? }`, the first
 * being the default model. `images` says that the model can be shown pictures. `label` falls back to the id, `context`
 * and `output` (in tokens) to 32,000 and 4,000, `prices` to what every model costs by default. Throws an Error that
 * names the variable and the entry at fault.
 */
export function parseChatModels(json: string | undefined): ChatModel[] {
  if (!json) throw new Error("CHAT_MODELS is not set");
  const entries = parseArray(json);
  if (entries.length === 0) throw new Error("CHAT_MODELS lists no model");
  const models = entries.map(parseModel);
  const ids = new Set(models.map((model) => model.id));
  if (ids.size !== models.length) throw new Error("CHAT_MODELS lists a model twice");
  return models;
}

function parseArray(json: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Error("CHAT_MODELS is not JSON");
  }
  if (!Array.isArray(value)) throw new Error("CHAT_MODELS must be a JSON array of models");
  return value;
}

function parseModel(entry: unknown, index: number): ChatModel {
  const where = `CHAT_MODELS[${index}]`;
  if (typeof entry !== "object" || entry === null) throw new Error(`${where} must be an object`);
  const { id, label, context, output, images, prices } = entry as Record<string, unknown>;
  if (typeof id !== "string" || id === "") throw new Error(`${where}.id must be a model's id`);
  if (label !== undefined && typeof label !== "string") throw new Error(`${where}.label must be text`);
  if (images !== undefined && typeof images !== "boolean") throw new Error(`${where}.images must be true or false`);
  return {
    id,
    label: label ?? id,
    contextTokens: parseTokens(`${where}.context`, context, DEFAULT_CONTEXT_TOKENS),
    outputTokens: parseTokens(`${where}.output`, output, DEFAULT_OUTPUT_TOKENS),
    images: images ?? false,
    prices: parseTokenPrices(`${where}.prices`, prices),
  };
}

function parseTokens(where: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw new Error(`${where} must be a number of tokens`);
  return value as number;
}
