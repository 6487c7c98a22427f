import { v } from "convex/values";
import { DATA_CLASSES, LEGAL_BASES } from "../../src/policy/dataClasses.ts";
import { BACKUP_MS, billingKeptUntil, RECEIPT_MS } from "../../src/policy/periods.ts";
import { PERSONAL_TABLES } from "../../src/policy/registry.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx } from "../_generated/server.js";
import { digest, receiptMac } from "./pseudonyms.ts";

const ROWS_PER_RUN = 200;
const RECEIPTS_PER_CHECK = 500;

type Receipt = Omit<Doc<"erasureReceipts">, "_id" | "_creationTime">;

/** Writes the receipt of an erasure, chained to the one before. */
export async function writeReceipt(
  ctx: MutationCtx,
  job: Doc<"erasureJobs">,
  { subject, retained, nowMs }: { subject: string; retained: Receipt["retained"]; nowMs: number },
): Promise<void> {
  const last = await ctx.db.query("erasureReceipts").withIndex("by_seq").order("desc").first();
  const { origin, requestedAt, shreddedAt = nowMs, counts } = job;
  const receipt = {
    seq: (last?.seq ?? 0) + 1,
    subject,
    origin,
    requestedAt,
    shreddedAt,
    completedAt: nowMs,
    counts,
    retained,
    backupsUntilAt: nowMs + BACKUP_MS,
    registryHash: await digest(JSON.stringify(PERSONAL_TABLES)),
    previousMac: last?.mac ?? "",
  };
  await ctx.db.insert("erasureReceipts", { ...receipt, mac: await receiptMac(textOf(receipt)) });
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
      rows.map(async ({ _id, _creationTime, mac, ...receipt }, index) => {
        const before = rows[index - 1];
        const isGenuine = mac === (await receiptMac(textOf(receipt)));
        const isNext = !before || (before.mac === receipt.previousMac && before.seq + 1 === receipt.seq);
        const { seq, subject, completedAt } = receipt;
        return { seq, subject, completedAt, intact: isGenuine && isNext };
      }),
    );
    return results.filter(({ seq }) => seq > after);
  },
});

/** A receipt as the text its MAC is over: its fields in the order of their names. */
function textOf(receipt: Omit<Receipt, "mac">): string {
  return JSON.stringify(receipt, (_name, value: unknown) => (isRecord(value) ? sorted(value) : value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

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
