import type { ReplyErrorCode } from "../../src/shared/errors.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { Vault } from "../encryption/vault.ts";
import type { CountedTokens } from "../usage/turnCosts.ts";
import { charactersOf, settleReply } from "./charges.ts";
import { openPiece, type SealedPiece, sealText } from "./texts.ts";

/** How a reply ended. */
export interface Ending {
  state: "complete" | "stopped" | "interrupted" | "failed";
  error?: ReplyErrorCode;
  /** What the provider says it counted. */
  counted?: CountedTokens;
  /** Text that was not flushed yet, sealed as the next piece. */
  tail?: SealedPiece;
}

/**
 * The one way a reply ends, whether it is complete, stopped, failed, cut off or abandoned: its pieces are joined and
 * sealed once, its credits are settled, the reply takes its final state, and the pieces and the lease are deleted, all in
 * one transaction. A reply whose thread has lost its key is dropped. See [Note: Leases].
 */
export async function endReply(ctx: MutationCtx, generation: Doc<"generations">, ending: Ending): Promise<void> {
  const reply = await ctx.db.get("messages", generation.replyId);
  const seal = await new Vault(ctx.db).sealOf(generation);
  if (!reply || !seal) return dropReply(ctx, generation, ending);
  const deltas = await loadDeltas(ctx, reply);
  const pieces = ending.tail ? [...deltas, ending.tail] : deltas;
  const opened = await Promise.all(pieces.map((piece) => openPiece(seal, piece)));
  const text = opened.map((piece) => piece.text).join("");
  const { state, error, counted } = ending;
  const written = { counted, characters: text.length, stopped: state === "stopped" };
  const usage = await settleReply(ctx, generation, reply, written);
  const sealedText = await sealText(seal, reply.recordId, text);
  await ctx.db.patch("messages", reply._id, { state, error, usage, sealedText });
  for (const delta of deltas) await ctx.db.delete("deltas", delta._id);
  await releaseLease(ctx, generation);
}

/**
 * Ends a reply that is being deleted, without opening what it has: its lease goes, and its credits are settled by what the
 * provider counted or else by the size of what had arrived. Its pieces go with its row.
 */
export async function dropReply(
  ctx: MutationCtx,
  generation: Doc<"generations">,
  { counted }: Pick<Ending, "counted"> = {},
): Promise<void> {
  const reply = await ctx.db.get("messages", generation.replyId);
  if (reply) {
    const characters = charactersOf(await loadDeltas(ctx, reply));
    await settleReply(ctx, generation, reply, { counted, characters, stopped: true });
  }
  await releaseLease(ctx, generation);
}

/** Deletes a reply's lease, so that whoever was producing it ends, and cancels a fallback that has not begun. */
async function releaseLease(ctx: MutationCtx, generation: Doc<"generations">): Promise<void> {
  if (generation.fallbackId) await ctx.scheduler.cancel(generation.fallbackId);
  await ctx.db.delete("generations", generation._id);
}

/** At most some hundreds, since the length and the time of a reply are bounded: see `relay`. */
async function loadDeltas(ctx: MutationCtx, { recordId }: Doc<"messages">): Promise<Doc<"deltas">[]> {
  return ctx.db
    .query("deltas")
    .withIndex("by_reply", (q) => q.eq("r", recordId))
    .collect();
}
