import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { type ActionCtx, internalAction, internalMutation, internalQuery } from "../_generated/server.js";
import { loadNewestEntry } from "./entries.ts";
import { EMPTY, readStanding, replayed, type Standing } from "./ledger.ts";
import { vStanding } from "./schema.ts";

/*
 * [Note: Reconciling]
 * Every entry carries how the account stands after it. Reconciling adds up what the entries changed, from the first on,
 * and compares the sum with what the newest one carries. They differ only where the code or the data is wrong, so a
 * difference raises an alert for an operator. It is mended by an entry that changes nothing and carries the sum.
 */

/** Accounts in one run, and entries in one query: well within a query's limits. */
const ACCOUNTS_PER_RUN = 50;
const ENTRIES_PER_PAGE = 1_000;

const vDifference = v.object({ ownerId: v.id("users"), seq: v.number(), carried: vStanding, added: vStanding });

/** An account whose newest entry, number `seq`, carries something else than the entries add up to. */
export type Difference = Infer<typeof vDifference>;

const vReport = v.object({ accounts: v.number(), entries: v.number(), differences: v.array(vDifference) });

/**
 * Recomputes a page of accounts from their entries, raises an alert for each that differs and withdraws those that do not
 * differ any more. `next` leads to the next page, null after the last.
 */
export const reconcilePage = internalAction({
  args: { cursor: v.union(v.string(), v.null()) },
  returns: v.object({ ...vReport.fields, next: v.union(v.string(), v.null()) }),
  handler: async (ctx, { cursor }): Promise<Infer<typeof vReport> & { next: string | null }> => {
    const { ownerIds, next } = await ctx.runQuery(internal.usage.reconciling.accounts, { cursor });
    const report: Infer<typeof vReport> = { accounts: ownerIds.length, entries: 0, differences: [] };
    for (const ownerId of ownerIds) {
      const { seq, carried, added } = await addUp(ctx, ownerId);
      report.entries += seq;
      const difference = sameStanding(carried, added) ? null : { ownerId, seq, carried, added };
      if (difference) report.differences.push(difference);
      await ctx.runMutation(internal.usage.reconciling.noteAlert, { ownerId, difference });
    }
    return { ...report, next };
  },
});

/** The nightly run over all accounts: one page, and then itself for the next. */
export const reconcileAll = internalAction({
  args: { cursor: v.optional(v.string()) },
  returns: v.null(),
  handler: async (ctx, { cursor = null }): Promise<null> => {
    const { next, differences } = await ctx.runAction(internal.usage.reconciling.reconcilePage, { cursor });
    if (differences.length > 0)
      console.error(`${differences.length} accounts do not add up: npm run ops -- usage-reconcile`);
    if (next) await ctx.scheduler.runAfter(0, internal.usage.reconciling.reconcileAll, { cursor: next });
    return null;
  },
});

/** One page of accounts. */
export const accounts = internalQuery({
  args: { cursor: v.union(v.string(), v.null()) },
  returns: v.object({ ownerIds: v.array(v.id("users")), next: v.union(v.string(), v.null()) }),
  handler: async (ctx, { cursor }) => {
    const { page, isDone, continueCursor } = await ctx.db
      .query("users")
      .paginate({ numItems: ACCOUNTS_PER_RUN, cursor });
    return { ownerIds: page.map(({ _id }) => _id), next: isDone ? null : continueCursor };
  },
});

/** The account after the entries of one page, and where the next begins; null once there are none. */
export const addPage = internalQuery({
  args: { ownerId: v.id("users"), afterAt: v.number(), afterSeq: v.number(), added: vStanding },
  returns: v.union(v.null(), v.object({ at: v.number(), seq: v.number(), carried: vStanding, added: vStanding })),
  handler: async (ctx, { ownerId, afterAt, afterSeq, added }) => {
    // Entries of the same moment may lie on both sides of a page's end, so a page begins with that moment.
    const entries = await ctx.db
      .query("creditEntries")
      .withIndex("by_owner", (q) => q.eq("ownerId", ownerId).gte("at", afterAt))
      .take(ENTRIES_PER_PAGE);
    const fresh = entries.filter(({ seq }) => seq > afterSeq);
    const newest = fresh.at(-1);
    return newest
      ? { at: newest.at, seq: newest.seq, carried: readStanding(newest.after), added: fresh.reduce(replayed, added) }
      : null;
  },
});

/** Keeps one alert for each account that differs, and none for one that does not. */
export const noteAlert = internalMutation({
  args: { ownerId: v.id("users"), difference: v.union(v.null(), vDifference) },
  returns: v.null(),
  handler: async (ctx, { ownerId, difference }) => {
    const alert = await ctx.db
      .query("creditAlerts")
      .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
      .unique();
    if (alert && !difference) await ctx.db.delete("creditAlerts", alert._id);
    if (!alert && difference) await ctx.db.insert("creditAlerts", { ...difference, raisedAt: Date.now() });
    return null;
  },
});

/** Mends an account that differs, unless something was entered since it was looked at. Says whether it did. */
export const mend = internalMutation({
  args: { difference: vDifference },
  returns: v.boolean(),
  handler: async (ctx, { difference: { ownerId, seq, added } }) => {
    const newest = await loadNewestEntry(ctx.db, ownerId);
    if (newest?.seq !== seq) return false;
    await ctx.db.insert("creditEntries", {
      ownerId,
      key: `reconciled:${ownerId}:${seq}`,
      kind: "adjust",
      reason: "reconciled",
      credits: 0,
      held: 0,
      at: newest.at,
      seq: seq + 1,
      after: added,
    });
    return true;
  },
});

async function addUp(ctx: ActionCtx, ownerId: Id<"users">) {
  let sum = { at: 0, seq: 0, carried: EMPTY, added: EMPTY };
  for (;;) {
    const { at: afterAt, seq: afterSeq, added } = sum;
    const next: typeof sum | null = await ctx.runQuery(internal.usage.reconciling.addPage, {
      ownerId,
      afterAt,
      afterSeq,
      added,
    });
    if (!next) return sum;
    sum = next;
  }
}

function sameStanding(a: Standing, b: Standing): boolean {
  return (Object.keys(EMPTY) as (keyof Standing)[]).every((name) => a[name] === b[name]);
}
