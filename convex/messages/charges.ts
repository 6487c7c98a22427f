import type { Infer } from "convex/values";
import type { ChatModel } from "../../src/shared/chatModels.ts";
import { ENVELOPE_OVERHEAD_BYTES } from "../../src/shared/envelope.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import type { ViewerMutationCtx } from "../lib/functions.ts";
import { sameChatModel } from "../models/catalogue.ts";
import { placeHold, releaseHold, settleHold } from "../usage/holds.ts";
import { type CountedTokens, turnCost, turnHold } from "../usage/turnCosts.ts";
import type { vUsage } from "./schema.ts";

/** Padding lengthens a sealed text by at most this share. */
const MOST_PADDING = 0.12;

/** Holds the credits of a reply that is about to be written: its context and the longest text it may get. */
export async function holdForReply(
  ctx: ViewerMutationCtx,
  reply: { replyId: Id<"messages">; model: ChatModel; inputTokens: number; nowMs: number },
): Promise<void> {
  const { replyId, model, inputTokens, nowMs } = reply;
  const credits = turnHold(model, inputTokens, nowMs);
  await placeHold(ctx, { user: ctx.viewer.user, subject: `reply:${replyId}`, use: "chat", credits, nowMs });
}

/** What became of a reply, as far as its cost goes. */
interface Written {
  counted?: CountedTokens;
  /** Characters of text that arrived. */
  characters: number;
  /** Whether its person ended it. */
  stopped: boolean;
}

/**
 * Settles a reply's hold, in the transaction that ends the reply: with what the provider counted, or with an estimate
 * where it did not, as for every reply that was cut off. A reply that never got any text costs nothing.
 */
export async function settleReply(
  ctx: MutationCtx,
  { replyId, inputTokens }: Doc<"generations">,
  { model: modelId, createdAt }: Pick<Doc<"messages">, "model" | "createdAt">,
  { counted, characters, stopped }: Written,
): Promise<Infer<typeof vUsage> | undefined> {
  const nowMs = Date.now();
  const subject = `reply:${replyId}` as const;
  const model = sameChatModel(modelId);
  const cost = turnCost(model, { counted, inputTokens, characters, heldAtMs: createdAt });
  if (!cost) {
    await releaseHold(ctx, { subject, reason: stopped ? "cancelled" : "failed", nowMs });
    return undefined;
  }
  const settled = await settleHold(ctx, { subject, used: { ...cost, model: modelId ?? model.id }, nowMs });
  const { inputTokens: input, outputTokens, reasoningTokens } = cost.amounts;
  const credits = settled?.credits ?? 0;
  return { inputTokens: input, outputTokens, reasoningTokens, credits, source: cost.source };
}

/** How many characters sealed pieces hold, told from their sizes alone, and rather too few than too many. */
export function charactersOf(pieces: Pick<Doc<"deltas">, "t">[]): number {
  const bytes = pieces.reduce((sum, { t }) => sum + Math.max(0, t.byteLength - ENVELOPE_OVERHEAD_BYTES), 0);
  return Math.floor(bytes / (1 + MOST_PADDING));
}
