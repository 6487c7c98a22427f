import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { COUNTED_ROWS, LOUD_AFTER_ATTEMPTS, outboxOf, pauseAfterMs, vOutbox } from "./deletes.ts";
import { vMadeKind, vMediaProvider, vOperation } from "./schema.ts";

/*
 * [Note: Outbox for orders]
 * What a provider holds of an order, it deletes when it is asked to, and an action that asks may fail or die. So an order is
 * given back as bytes are deleted (see [Note: Outbox for bytes]): the transaction that ends its job, or that learns of an
 * order whose job has ended meanwhile, notes it in `orderReturns`, and the row goes when the provider has confirmed. A
 * provider that was taken out of service here can never confirm: after a month its orders are let go of, aloud.
 */

/** Orders of one run, asked for at once. */
const ORDERS_PER_RUN = 8;
const LONGEST_MS = 30 * 24 * 60 * 60_000;

const vReturn = v.object({
  kind: vMadeKind,
  provider: vMediaProvider,
  operation: vOperation,
  /** Whether the provider may still be at work on it. */
  underWay: v.boolean(),
});

/** An order to be given back, as whoever asks the provider knows it. */
export type Return = Infer<typeof vReturn>;

const vDue = v.object({ ...vReturn.fields, id: v.id("orderReturns") });

/**
 * Notes an order to be given back, in the transaction that ends its job, and starts that at once. An erasure that gives its
 * `jobId` waits until the provider has confirmed it.
 */
export async function noteReturn(
  ctx: Pick<MutationCtx, "db" | "scheduler">,
  order: Return & { jobId?: Id<"erasureJobs"> },
): Promise<void> {
  const nowMs = Date.now();
  await ctx.db.insert("orderReturns", { ...order, askedAt: nowMs, notBeforeAt: nowMs, attempts: 0 });
  await ctx.scheduler.runAfter(0, internal.media.returning.giveBack, {});
}

/** Whether a provider has still to confirm something that an erasure waits for. */
export async function hasOpenReturns(db: QueryCtx["db"], jobId: Id<"erasureJobs">): Promise<boolean> {
  const open = await db
    .query("orderReturns")
    .withIndex("by_job", (q) => q.eq("jobId", jobId))
    .first();
  return open !== null;
}

/** Has orders given back where some are due. Reads one empty index range otherwise. */
export const kick = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const [due] = await loadDue(ctx.db, Date.now(), 1);
    if (due) await ctx.scheduler.runAfter(0, internal.media.returning.giveBack, {});
    return null;
  },
});

/** Takes orders that are due, so that nobody else asks for them until they have rested. */
export const lease = internalMutation({
  args: {},
  returns: v.array(vDue),
  handler: async (ctx) => {
    const nowMs = Date.now();
    const due = await loadDue(ctx.db, nowMs, ORDERS_PER_RUN);
    for (const row of due) await rest(ctx, row, nowMs);
    return due.map(({ _id: id, kind, provider, operation, underWay }) => ({ id, kind, provider, operation, underWay }));
  },
});

/** Deletes the rows whose orders the provider has confirmed to be gone, or let go of after a month; wakes erasures. */
export const confirm = internalMutation({
  args: { asked: v.array(v.object({ id: v.id("orderReturns"), isGone: v.boolean() })) },
  returns: v.null(),
  handler: async (ctx, { asked }) => {
    const nowMs = Date.now();
    for (const { id, isGone } of asked) {
      const row = await ctx.db.get("orderReturns", id);
      if (!row || !(isGone || isGivenUp(row, nowMs))) continue;
      if (!isGone) console.error(`${inWords(row)} for a month: it is let go of`);
      await ctx.db.delete("orderReturns", id);
      if (row.jobId) await ctx.scheduler.runAfter(0, internal.erasure.ending.wake, { jobId: row.jobId });
    }
    return null;
  },
});

/** What waits to be given back, for operators. */
export const state = internalQuery({ args: {}, returns: vOutbox, handler: (ctx) => returnsState(ctx.db) });

/** As `state`. Counts no further than a thousand rows. */
export async function returnsState(db: QueryCtx["db"]): Promise<Infer<typeof vOutbox>> {
  return outboxOf(
    await db
      .query("orderReturns")
      .withIndex("by_age")
      .take(COUNTED_ROWS + 1),
  );
}

async function loadDue(db: QueryCtx["db"], nowMs: number, atMost: number): Promise<Doc<"orderReturns">[]> {
  const due = db.query("orderReturns").withIndex("by_due", (q) => q.lte("notBeforeAt", nowMs));
  return due.take(atMost);
}

async function rest(ctx: MutationCtx, row: Doc<"orderReturns">, nowMs: number): Promise<void> {
  const attempts = row.attempts + 1;
  await ctx.db.patch("orderReturns", row._id, { attempts, notBeforeAt: nowMs + pauseAfterMs(attempts) });
  if (attempts >= LOUD_AFTER_ATTEMPTS) console.error(`${inWords(row)} after ${attempts - 1} tries`);
}

/** Asked for long and often: a deployment that was away for a month has not asked. */
function isGivenUp({ askedAt, attempts }: Doc<"orderReturns">, nowMs: number): boolean {
  return nowMs - askedAt > LONGEST_MS && attempts >= LOUD_AFTER_ATTEMPTS;
}

function inWords({ provider, operation }: Doc<"orderReturns">): string {
  return `${provider} has not confirmed that its order ${Object.values(operation).join(" ")} is deleted`;
}
