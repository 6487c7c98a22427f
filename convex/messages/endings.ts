import type { ReplyErrorCode } from "../../src/shared/errors.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { Vault } from "../encryption/vault.ts";
import { openPiece, type SealedPiece, sealText } from "./texts.ts";

/** How a reply ended. */
export interface Ending {
  state: "complete" | "stopped" | "interrupted" | "failed";
  error?: ReplyErrorCode;
  usage?: { inputTokens: number; outputTokens: number };
  /** Text that was not flushed yet, sealed as the next piece. */
  tail?: SealedPiece;
}

/**
 * The one way a reply ends, whether it is complete, stopped, failed, cut off or abandoned: its pieces are joined and
 * sealed once, the reply takes its final state, and the pieces and the lease are deleted, all in one transaction. Does
 * no more than delete where the reply's thread lost its key. See [Note: Leases].
 */
export async function endReply(ctx: MutationCtx, generation: Doc<"generations">, ending: Ending): Promise<void> {
  const reply = await ctx.db.get("messages", generation.replyId);
  const deltas = await loadDeltas(ctx, generation);
  const seal = await new Vault(ctx.db).sealOf(generation);
  if (reply && seal) {
    const pieces = ending.tail ? [...deltas, ending.tail] : deltas;
    const opened = await Promise.all(pieces.map((piece) => openPiece(seal, reply.recordId, piece)));
    const { state, error, usage } = ending;
    const sealedText = await sealText(seal, reply.recordId, opened.map(({ text }) => text).join(""));
    await ctx.db.patch("messages", reply._id, { state, error, usage, sealedText });
  }
  for (const delta of deltas) await ctx.db.delete("deltas", delta._id);
  await releaseLease(ctx, generation);
}

/** Deletes a reply's lease, so that whoever was producing it ends, and cancels a fallback that has not begun. */
export async function releaseLease(ctx: MutationCtx, generation: Doc<"generations">): Promise<void> {
  if (generation.fallbackId) await ctx.scheduler.cancel(generation.fallbackId);
  await ctx.db.delete("generations", generation._id);
}

/** At most some hundreds, since the length and the time of a reply are bounded: see `relay`. */
async function loadDeltas(ctx: MutationCtx, { replyId }: Doc<"generations">): Promise<Doc<"deltas">[]> {
  return ctx.db
    .query("deltas")
    .withIndex("by_reply", (q) => q.eq("r", replyId))
    .collect();
}
