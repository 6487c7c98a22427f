import { v } from "convex/values";
import { DATA_CLASSES, LEGAL_BASES } from "../../src/policy/dataClasses.ts";
import { BACKUP_MS, billingKeptUntil, RECEIPT_MS } from "../../src/policy/periods.ts";
import { PERSONAL_TABLES } from "../../src/policy/registry.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx } from "../_generated/server.js";
import { isIntact, linked } from "./chain.ts";
import { digest } from "./pseudonyms.ts";

const ROWS_PER_RUN = 200;
const RECEIPTS_PER_CHECK = 500;

type Receipt = Doc<"erasureReceipts">;

/** Writes the receipt of an erasure, chained to the one before: see [Note: Chained receipts]. */
export async function writeReceipt(
  ctx: MutationCtx,
  job: Doc<"erasureJobs">,
  { subject, retained, nowMs }: { subject: string; retained: Receipt["retained"]; nowMs: number },
): Promise<void> {
  const last = await ctx.db.query("erasureReceipts").withIndex("by_seq").order("desc").first();
  const { origin, requestedAt, shreddedAt = nowMs, counts } = job;
  const receipt = {
    subject,
    origin,
    requestedAt,
    shreddedAt,
    completedAt: nowMs,
    counts,
    retained,
    backupsUntilAt: nowMs + BACKUP_MS,
    registryHash: await digest(JSON.stringify(PERSONAL_TABLES)),
  };
  await ctx.db.insert("erasureReceipts", await linked(receipt, last));
}

/** Notes until when what the law keeps of an account stays, and says what that is. */
export async function retainRecords(
  ctx: MutationCtx,
  { ownerId }: Doc<"erasureJobs">,
  { subject, nowMs }: { subject: string; nowMs: number },
): Promise<Receipt["retained"]> {
  if (!ownerId) return [];
  const untilAt = billingKeptUntil(nowMs);
  await ctx.db.insert("retainedRecords", { ownerId, subject, untilAt });
  const kept = Object.entries(PERSONAL_TABLES).filter(([, { erasure }]) => erasure.act === "keep");
  return kept.map(([table, { holds }]) => ({ table, basis: LEGAL_BASES[DATA_CLASSES[holds].basis], untilAt }));
}

/** Deletes receipts that are past their period. Reads one empty index range while there are none. */
export const sweep = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const old = await ctx.db
      .query("erasureReceipts")
      .withIndex("by_completion", (q) => q.lt("completedAt", Date.now() - RECEIPT_MS))
      .take(ROWS_PER_RUN);
    for (const { _id } of old) await ctx.db.delete("erasureReceipts", _id);
    return null;
  },
});

/** Deletes what the law no longer keeps of accounts that have ended, page by page. Reads one empty index range else. */
export const sweepRetained = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const due = await ctx.db
      .query("retainedRecords")
      .withIndex("by_end", (q) => q.lte("untilAt", Date.now()))
      .first();
    if (!due) return null;
    if (await deleteEntries(ctx, due.ownerId)) {
      await deleteSubscription(ctx, due.subject);
      await ctx.db.delete("retainedRecords", due._id);
    }
    await ctx.scheduler.runAfter(0, internal.erasure.receipts.sweepRetained, {});
    return null;
  },
});

/** The receipts after a number, oldest first, and whether each is as it was written and follows the one before. */
export const check = internalQuery({
  args: { after: v.number() },
  returns: v.array(v.object({ seq: v.number(), subject: v.string(), completedAt: v.number(), intact: v.boolean() })),
  handler: async (ctx, { after }) => {
    const receipts = ctx.db.query("erasureReceipts").withIndex("by_seq", (q) => q.gte("seq", after));
    const rows = await receipts.take(RECEIPTS_PER_CHECK);
    const results = await Promise.all(
      rows.map(async (row, index) => {
        const { seq, subject, completedAt } = row;
        return { seq, subject, completedAt, intact: await isIntact(row, rows[index - 1]) };
      }),
    );
    return results.filter(({ seq }) => seq > after);
  },
});

async function deleteEntries(ctx: MutationCtx, ownerId: Id<"users">): Promise<boolean> {
  const entries = await ctx.db
    .query("creditEntries")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
    .take(ROWS_PER_RUN);
  for (const { _id } of entries) await ctx.db.delete("creditEntries", _id);
  return entries.length < ROWS_PER_RUN;
}

async function deleteSubscription(ctx: MutationCtx, subject: string): Promise<void> {
  const kept = await ctx.db
    .query("subscriptions")
    .withIndex("by_identity", (q) => q.eq("identityId", subject))
    .unique();
  if (kept) await ctx.db.delete("subscriptions", kept._id);
}
