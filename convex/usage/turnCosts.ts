import type { Infer } from "convex/values";
import type { ChatModel } from "../../src/shared/chatModels.ts";
import { priceAt, tokenCredits } from "../../src/shared/prices.ts";
import type { vAmounts, vUsageSource } from "./schema.ts";

/** Characters that a token stands for in most texts. What no provider counted is estimated by this. */
const CHARACTERS_PER_TOKEN = 4;

/** Tokens as a provider says it counted them. */
export interface CountedTokens {
  inputTokens: number;
  outputTokens: number;
  reasoningTokens?: number;
}

/** What a turn used and what that costs. */
export interface TurnCost {
  amounts: Infer<typeof vAmounts> & { inputTokens: number; outputTokens: number };
  source: Infer<typeof vUsageSource>;
  credits: number;
}

/** Roughly how many tokens a text has. */
export function estimateTokens(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** What is held for a turn: its context, as estimated, and the longest reply there can be. Pure. */
export function turnHold(model: ChatModel, inputTokens: number, atMs: number): number {
  const { contextTokens, outputTokens } = model;
  return tokenCredits(priceAt(model.prices, atMs), {
    inputTokens: Math.min(inputTokens, contextTokens),
    outputTokens,
  });
}

/**
 * What a turn cost, at the price that applied when its hold was placed: what the provider counted where that can be, or
 * else an estimate, marked as one. Null where nothing was used: no text arrived and nothing was counted. Pure.
 */
export function turnCost(
  model: ChatModel,
  turn: { counted: CountedTokens | undefined; inputTokens: number; characters: number; heldAtMs: number },
): TurnCost | null {
  const { counted, characters } = turn;
  const price = priceAt(model.prices, turn.heldAtMs);
  if (counted && isPlausible(model, counted)) {
    return { amounts: counted, source: "provider", credits: tokenCredits(price, counted) };
  }
  if (characters === 0 && !counted) return null;
  const inputTokens = Math.min(turn.inputTokens, model.contextTokens);
  const amounts = { inputTokens, outputTokens: estimateTokens(characters) };
  return { amounts, source: "estimate", credits: tokenCredits(price, amounts) };
}

/** Whether a model can have used that: whole numbers, and no more than the model takes and gives. */
function isPlausible({ contextTokens, outputTokens }: ChatModel, counted: CountedTokens): boolean {
  const { reasoningTokens = 0 } = counted;
  return (
    isCount(counted.inputTokens, contextTokens) &&
    isCount(counted.outputTokens, outputTokens) &&
    isCount(reasoningTokens, counted.outputTokens)
  );
}

function isCount(tokens: number, most: number): boolean {
  return Number.isSafeInteger(tokens) && tokens >= 0 && tokens <= most;
}
