import { type Infer, v } from "convex/values";
import { RECEIPT_MS } from "../../src/policy/periods.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { isIntact, linked } from "../erasure/chain.ts";
import { vDeletedKind, vDeletionReason } from "./schema.ts";

/*
 * [Note: Deletion receipts]
 * Whoever deletes something, or has it deleted by the end of its period, gets a receipt: what kind of thing it was, when
 * it became unreadable and when its rows were gone, and how many. It holds neither content nor the id of what is gone.
 * Each person's receipts are a chain of their own ([Note: Chained receipts]), so that deletions of different people do not
 * wait for each other. The receipt of a whole account is one of the operator's chain and outlives it.
 */

const ROWS_PER_RUN = 200;

/** What a deletion was, before its receipt is written. */
export const vDeletion = v.object({
  what: vDeletedKind,
  why: vDeletionReason,
  unreadableAt: v.number(),
  messages: v.number(),
  files: v.number(),
});

export type Deletion = Infer<typeof vDeletion>;

/** A receipt as the person it is of sees it. */
export const vOwnReceipt = v.object({
  ...vDeletion.fields,
  seq: v.number(),
  completedAt: v.number(),
  mac: v.string(),
  /** Whether it is as it was written and follows the one before. */
  intact: v.boolean(),
});

/** Writes the receipt of a deletion that is complete; none for an account that is being erased, which gets one for all. */
export async function receiptFor(
  ctx: Pick<MutationCtx, "db">,
  ownerId: Id<"users">,
  deletion: Deletion,
): Promise<void> {
  const owner = await ctx.db.get("users", ownerId);
  if (!owner || owner.state === "erasing") return;
  const last = await ctx.db
    .query("deletionReceipts")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
    .order("desc")
    .first();
  const receipt = { ownerId, ...deletion, completedAt: Date.now() };
  await ctx.db.insert("deletionReceipts", await linked(receipt, last));
}

/** A page of receipts, the newest first, as their owner sees them. */
export function presentReceipts(newest: Doc<"deletionReceipts">[]): Promise<Infer<typeof vOwnReceipt>[]> {
  return Promise.all(
    newest.map(async (row, index) => {
      const { seq, what, why, unreadableAt, completedAt, messages, files, mac } = row;
      const intact = await isIntact(row, newest[index + 1]);
      return { seq, what, why, unreadableAt, completedAt, messages, files, mac, intact };
    }),
  );
}

/** Deletes receipts past their period. Reads one empty index range while there are none. */
export const sweep = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const old = await ctx.db
      .query("deletionReceipts")
      .withIndex("by_completion", (q) => q.lt("completedAt", Date.now() - RECEIPT_MS))
      .take(ROWS_PER_RUN);
    for (const { _id } of old) await ctx.db.delete("deletionReceipts", _id);
    if (old.length === ROWS_PER_RUN) await ctx.scheduler.runAfter(0, internal.privacy.proofs.sweep, {});
    return null;
  },
});
