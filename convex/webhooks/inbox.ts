import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx } from "../_generated/server.js";
import { ensureSubscription, openMonth } from "../billing/months.ts";
import { withItem } from "../billing/periods.ts";
import { type BillingNews, isBillingType, ParkedError, readBillingNews } from "./clerkBilling.ts";
import { asKept } from "./objecting.ts";

/*
 * [Note: Inbox]
 * A sender delivers a message at least once, in any order, and perhaps a hundred times at the same moment. So a message
 * is entered under its sender's id and applied in the same transaction: whoever comes second finds the row and changes
 * nothing. What is applied is ordered by the events' own times, so an older event that comes late changes nothing either.
 * What is genuine and not understood is kept and parked, where an operator sees it and can have it applied once the code
 * knows it; refusing it would only make the sender try again.
 */

const DAY_MS = 24 * 60 * 60_000;
/** How long rows are kept: longer than a sender tries again, and than a message can be replayed by hand. */
const KEPT_MS = 30 * DAY_MS;
const ROWS_PER_RUN = 200;
/** Parked rows that are listed at once. */
const LISTED_ROWS = 100;

const vOutcome = v.object({ state: v.union(v.literal("applied"), v.literal("parked"), v.literal("known")) });

/** Enters a verified message and applies it; one that is known changes nothing. `fields` is JSON of its kept fields. */
export const receive = internalMutation({
  args: { messageId: v.string(), fields: v.string() },
  returns: vOutcome,
  handler: async (ctx, { messageId, fields }) => {
    const known = await findMessage(ctx, messageId);
    if (known) return { state: "known" as const };
    const nowMs = Date.now();
    const event = JSON.parse(fields) as { type?: unknown; timestamp?: unknown };
    const type = typeof event.type === "string" ? event.type : "unknown";
    const eventAt = Number.isSafeInteger(event.timestamp) ? (event.timestamp as number) : nowMs;
    const outcome = await applyOrPark(ctx, { type, eventAt, fields });
    const row = { messageId, type, eventAt, receivedAt: nowMs, fields, ...outcome };
    await ctx.db.insert("webhookInbox", await asKept(ctx, row));
    return { state: outcome.state };
  },
});

/** Applies a parked message again, or tells what that would do. Throws an Error for a message that is not there. */
export const replay = internalMutation({
  args: { messageId: v.string(), apply: v.boolean() },
  returns: v.object({ state: v.string(), reason: v.optional(v.string()), type: v.string() }),
  handler: async (ctx, { messageId, apply }) => {
    const row = await findMessage(ctx, messageId);
    if (!row) throw new Error("No message of that id is in the inbox");
    const { type, state, reason } = row;
    if (!apply) return { type, state, reason };
    const outcome = await applyOrPark(ctx, row);
    const { _id, _creationTime, ...parked } = row;
    await ctx.db.replace("webhookInbox", _id, await asKept(ctx, { ...parked, ...outcome, reason: outcome.reason }));
    return { type, state: outcome.state, reason: outcome.reason };
  },
});

/** The newest parked messages, and how many were refused on each of the last days. */
export const overview = internalQuery({
  args: {},
  returns: v.object({
    parked: v.array(
      v.object({ messageId: v.string(), type: v.string(), reason: v.optional(v.string()), receivedAt: v.number() }),
    ),
    refused: v.array(v.object({ day: v.string(), reason: v.string(), count: v.number() })),
  }),
  handler: async (ctx) => {
    const rows = await ctx.db
      .query("webhookInbox")
      .withIndex("by_state", (q) => q.eq("state", "parked"))
      .order("desc")
      .take(LISTED_ROWS);
    const parked = rows.map(({ messageId, type, reason, receivedAt }) => ({ messageId, type, reason, receivedAt }));
    const refusals = await ctx.db.query("webhookRefusals").withIndex("by_day").order("desc").take(LISTED_ROWS);
    return { parked, refused: refusals.map(({ day, reason, count }) => ({ day, reason, count })) };
  },
});

/** Counts a refused message, without a word of it. */
export const countRefusal = internalMutation({
  args: { reason: v.string() },
  returns: v.null(),
  handler: async (ctx, { reason }) => {
    const day = new Date(Date.now()).toISOString().slice(0, 10);
    const row = await ctx.db
      .query("webhookRefusals")
      .withIndex("by_day", (q) => q.eq("day", day).eq("reason", reason))
      .unique();
    if (row) await ctx.db.patch("webhookRefusals", row._id, { count: row.count + 1 });
    else await ctx.db.insert("webhookRefusals", { day, reason, count: 1 });
    return null;
  },
});

/** Deletes rows that are older than they are kept. An idle run reads two index ranges and no rows. */
export const sweep = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const beforeMs = Date.now() - KEPT_MS;
    const old = await ctx.db
      .query("webhookInbox")
      .withIndex("by_received", (q) => q.lt("receivedAt", beforeMs))
      .take(ROWS_PER_RUN);
    for (const row of old) await ctx.db.delete("webhookInbox", row._id);
    const beforeDay = new Date(beforeMs).toISOString().slice(0, 10);
    const refusals = await ctx.db
      .query("webhookRefusals")
      .withIndex("by_day", (q) => q.lt("day", beforeDay))
      .take(ROWS_PER_RUN);
    for (const row of refusals) await ctx.db.delete("webhookRefusals", row._id);
    if (old.length === ROWS_PER_RUN) await ctx.scheduler.runAfter(0, internal.webhooks.inbox.sweep, {});
    return null;
  },
});

function findMessage(ctx: MutationCtx, messageId: string): Promise<Doc<"webhookInbox"> | null> {
  return ctx.db
    .query("webhookInbox")
    .withIndex("by_message", (q) => q.eq("messageId", messageId))
    .unique();
}

type Outcome = Pick<Doc<"webhookInbox">, "state" | "reason" | "identityId">;

async function applyOrPark(
  ctx: MutationCtx,
  { type, eventAt, fields }: Pick<Doc<"webhookInbox">, "type" | "eventAt" | "fields">,
): Promise<Outcome> {
  const { data } = JSON.parse(fields) as { data?: unknown };
  if (!isBillingType(type)) return { state: "parked", reason: "Nothing here applies messages of this type" };
  try {
    const news = readBillingNews(type, data, eventAt);
    await applyNews(ctx, news);
    return { state: "applied", identityId: news.identityId };
  } catch (error) {
    if (!(error instanceof ParkedError)) throw error;
    return { state: "parked", reason: error.message };
  }
}

/** Brings the mirror up to date and, where the account has been made, its month of credits. */
async function applyNews(ctx: MutationCtx, news: BillingNews): Promise<void> {
  const nowMs = Date.now();
  const { _id, items, topUps, payment } = await ensureSubscription(ctx, news.identityId);
  const newer = news.payment && (!payment || payment.eventAt < news.payment.eventAt) ? news.payment : payment;
  await ctx.db.patch("subscriptions", _id, {
    items: news.items.reduce((all, item) => withItem(all, item, nowMs), items),
    topUps: [...topUps, ...news.topUps.filter(({ itemId }) => topUps.every((known) => known.itemId !== itemId))],
    payment: newer,
  });
  const user = await ctx.db
    .query("users")
    .withIndex("by_identity", (q) => q.eq("identityId", news.identityId))
    .unique();
  if (user) await openMonth(ctx, user, nowMs);
}
