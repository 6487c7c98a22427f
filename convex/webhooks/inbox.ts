import { type Infer, v } from "convex/values";
import { WEBHOOK_MS } from "../../src/policy/periods.ts";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { syncProfile, vProfile } from "../account/profile.ts";
import { ensureSubscription, openMonth } from "../billing/months.ts";
import { withItem } from "../billing/periods.ts";
import { beginErasure, isCertainlyErased } from "../erasure/beginning.ts";
import { isKept } from "../legalHolds/holding.ts";
import { findUser } from "../lib/functions.ts";
import { firstPlace, vSweepPlace } from "../lib/sweeping.ts";
import { countUpTo, vCount } from "../operator/counting.ts";
import { type BillingNews, isBillingType, ParkedError, readBillingNews } from "./clerkBilling.ts";
import { identityOf, isUserType } from "./fields.ts";
import { asKept } from "./objecting.ts";
import { silenceOf, vSilence } from "./silence.ts";

/*
 * [Note: Inbox]
 * A sender delivers a message at least once, in any order, and perhaps a hundred times at the same moment. So a message
 * is entered under its sender's id and applied in the same transaction: whoever comes second finds the row and changes
 * nothing. What is applied is ordered by the events' own times, so an older event that comes late changes nothing either.
 * What is genuine and not understood is kept and parked, where an operator sees it and can have it applied once the code
 * knows it; refusing it would only make the sender try again.
 */

const ROWS_PER_RUN = 200;
/** Parked rows that are listed at once. */
const LISTED_ROWS = 100;

/** What operators are told of the inbox: ids, kinds and numbers. */
export const vInbox = v.object({
  counts: v.object({ applied: vCount, parked: vCount, dropped: vCount }),
  parked: v.array(
    v.object({ messageId: v.string(), type: v.string(), reason: v.optional(v.string()), receivedAt: v.number() }),
  ),
  refused: v.array(v.object({ day: v.string(), reason: v.string(), count: v.number() })),
  silence: vSilence,
});

const vOutcome = v.object({
  state: v.union(v.literal("applied"), v.literal("parked"), v.literal("dropped"), v.literal("known")),
});

/**
 * Enters a verified message and applies it; one that is known changes nothing. `fields` is JSON of its kept fields, and
 * `profile` what is applied and not kept. Of one about somebody who is erased, nothing is kept but that it came.
 */
export const receive = internalMutation({
  args: { messageId: v.string(), fields: v.string(), profile: v.optional(vProfile) },
  returns: vOutcome,
  handler: async (ctx, { messageId, fields, profile }) => {
    const known = await findMessage(ctx, messageId);
    if (known) return { state: "known" as const };
    const nowMs = Date.now();
    const event = JSON.parse(fields) as { type?: unknown; timestamp?: unknown };
    const type = typeof event.type === "string" ? event.type : "unknown";
    const eventAt = Number.isSafeInteger(event.timestamp) ? (event.timestamp as number) : nowMs;
    const outcome = await applyOrPark(ctx, { type, eventAt, fields, profile });
    const kept = outcome.state === "dropped" ? "{}" : fields;
    const row = { messageId, type, eventAt, receivedAt: nowMs, fields: kept, ...outcome };
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

/**
 * How many messages are in each state, the newest parked ones, how many were refused on each of the last days, and whether
 * their sender is silent that should not be.
 */
export const overview = internalQuery({ args: {}, returns: vInbox, handler: (ctx) => inboxState(ctx.db, Date.now()) });

/** As `overview`. Counts no further than a hundred messages in each state. */
export async function inboxState(db: QueryCtx["db"], nowMs: number): Promise<Infer<typeof vInbox>> {
  const newest = (state: Doc<"webhookInbox">["state"]) =>
    db
      .query("webhookInbox")
      .withIndex("by_state", (q) => q.eq("state", state))
      .order("desc");
  const parked = (await newest("parked").take(LISTED_ROWS)).map(({ messageId, type, reason, receivedAt }) => ({
    messageId,
    type,
    reason,
    receivedAt,
  }));
  const refusals = await db.query("webhookRefusals").withIndex("by_day").order("desc").take(LISTED_ROWS);
  const counts = {
    applied: await countUpTo(newest("applied"), LISTED_ROWS),
    parked: await countUpTo(newest("parked"), LISTED_ROWS),
    dropped: await countUpTo(newest("dropped"), LISTED_ROWS),
  };
  const refused = refusals.map(({ day, reason, count }) => ({ day, reason, count }));
  return { counts, parked, refused, silence: await silenceOf(db, nowMs) };
}

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
  args: { place: v.optional(vSweepPlace) },
  returns: v.null(),
  handler: async (ctx, { place }): Promise<null> => {
    const { beforeMs, cursor } = place ?? firstPlace(WEBHOOK_MS, Date.now());
    const { page, isDone, continueCursor } = await ctx.db
      .query("webhookInbox")
      .withIndex("by_received", (q) => q.lt("receivedAt", beforeMs))
      .paginate({ numItems: ROWS_PER_RUN, cursor });
    for (const row of page) if (!(await isOfHeld(ctx, row))) await ctx.db.delete("webhookInbox", row._id);
    const beforeDay = new Date(beforeMs).toISOString().slice(0, 10);
    const refusals = await ctx.db
      .query("webhookRefusals")
      .withIndex("by_day", (q) => q.lt("day", beforeDay))
      .take(ROWS_PER_RUN);
    for (const row of refusals) await ctx.db.delete("webhookRefusals", row._id);
    const next = { beforeMs, cursor: continueCursor };
    if (!isDone) await ctx.scheduler.runAfter(0, internal.webhooks.inbox.sweep, { place: next });
    return null;
  },
});

/** Whether a message is about somebody whose data sweeps leave alone. */
async function isOfHeld(ctx: MutationCtx, { identityId }: Doc<"webhookInbox">): Promise<boolean> {
  if (identityId === undefined) return false;
  const user = await loadAccount(ctx, identityId);
  return user !== null && isKept(ctx.db, { ownerId: user._id });
}

/** An identity's account, also one that is about to be erased, unless it turns out to be told of by mistake. */
function loadAccount(ctx: MutationCtx, identityId: string): Promise<Doc<"users"> | null> {
  return ctx.db
    .query("users")
    .withIndex("by_identity", (q) => q.eq("identityId", identityId))
    .unique();
}

function findMessage(ctx: MutationCtx, messageId: string): Promise<Doc<"webhookInbox"> | null> {
  return ctx.db
    .query("webhookInbox")
    .withIndex("by_message", (q) => q.eq("messageId", messageId))
    .unique();
}

type Outcome = Pick<Doc<"webhookInbox">, "state" | "reason" | "identityId">;

interface Event extends Pick<Doc<"webhookInbox">, "type" | "eventAt" | "fields"> {
  profile?: Infer<typeof vProfile>;
}

async function applyOrPark(ctx: MutationCtx, event: Event): Promise<Outcome> {
  const { type, eventAt, fields, profile } = event;
  const { data } = JSON.parse(fields) as { data?: unknown };
  const identityId = identityOf(type, data);
  // While a deletion is only being confirmed it may turn out to be none, and what was paid meanwhile must count then.
  if (identityId && (await isCertainlyErased(ctx.db, identityId))) return dropped(ctx, type, identityId);
  try {
    if (isBillingType(type)) await applyNews(ctx, readBillingNews(type, data, eventAt));
    else if (isUserType(type) && identityId) await applyUserEvent(ctx, type, { identityId, profile });
    else throw new ParkedError("Nothing here applies messages of this type");
    return { state: "applied", identityId };
  } catch (error) {
    if (!(error instanceof ParkedError)) throw error;
    return { state: "parked", identityId, reason: error.message };
  }
}

/** A deletion is only a hint: see [Note: Erasure]. Whoever has no account yet gets their profile when they sign in. */
async function applyUserEvent(
  ctx: MutationCtx,
  type: string,
  { identityId, profile }: { identityId: string; profile?: Infer<typeof vProfile> },
): Promise<void> {
  if (type === "user.deleted") {
    await beginErasure(ctx, { identityId, origin: "webhook" });
    return;
  }
  const user = profile && (await loadAccount(ctx, identityId));
  if (user) await syncProfile(ctx, user, profile);
}

/** A deletion wins over whatever else comes, earlier or later. One that is told again lets the erasure go on at once. */
async function dropped(ctx: MutationCtx, type: string, identityId: string): Promise<Outcome> {
  if (type === "user.deleted") await beginErasure(ctx, { identityId, origin: "webhook" });
  return { state: "dropped", reason: "This person is erased" };
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
  const user = await findUser(ctx.db, news.identityId);
  if (user) await openMonth(ctx, user, nowMs);
}
