import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { findJob, resumeHeld } from "../erasure/beginning.ts";
import { enterHolds } from "../erasure/ledger.ts";
import { HOLDS_PER_ACCOUNT, holdsOf } from "./holding.ts";

/*
 * What operators do with legal holds: see [Note: Legal holds].
 */

/** Holds that are listed and looked at at once, those to be reviewed first. */
const LISTED_HOLDS = 200;
/** The operator's number of a matter, and nothing that could be a name or an address. */
const MATTER = /^[A-Za-z0-9._#/-]{1,64}$/;

export const vHold = v.object({
  /** Null for one that is not placed. */
  holdId: v.union(v.id("legalHolds"), v.null()),
  matter: v.string(),
  scope: v.union(v.literal("account"), v.literal("chat")),
  placedAt: v.number(),
  reviewAt: v.number(),
  isOverdue: v.boolean(),
});

export type Hold = Infer<typeof vHold>;

/** The holds there are, those to be reviewed first. */
export const list = internalQuery({
  args: {},
  returns: v.array(vHold),
  handler: (ctx) => listHolds(ctx.db, Date.now()),
});

/** As `list`. */
export async function listHolds(db: QueryCtx["db"], nowMs: number): Promise<Hold[]> {
  const holds = await db.query("legalHolds").withIndex("by_review").take(LISTED_HOLDS);
  return holds.map((hold) => presentHold(hold, nowMs));
}

/**
 * Holds somebody's account, or one chat of theirs. Throws an Error where there is no such account or chat, where the matter
 * could name somebody, and where the review is not to come. Without `apply` nothing changes.
 */
export const place = internalMutation({
  args: {
    /** The identity provider's id of the person. */
    identityId: v.string(),
    /** The chat, where not all of the account is to be held. */
    threadId: v.optional(v.string()),
    matter: v.string(),
    reviewAt: v.number(),
    apply: v.boolean(),
  },
  returns: vHold,
  handler: async (ctx, { identityId, threadId, matter, reviewAt, apply }) => {
    const nowMs = Date.now();
    if (!MATTER.test(matter)) throw new Error("A matter is a number of your own, without names or addresses.");
    if (!(reviewAt > nowMs)) throw new Error("The day of the review must be in the future.");
    const ownerId = await findOwner(ctx, identityId);
    await refuseTooMany(ctx, ownerId);
    const scope = threadId === undefined ? {} : { threadId: await findThread(ctx, ownerId, threadId) };
    const hold = { ownerId, ...scope, matter, placedAt: nowMs, reviewAt };
    const holdId = apply ? await ctx.db.insert("legalHolds", hold) : null;
    if (apply) await enterHolds(ctx, hold);
    return presentHold({ ...hold, _id: holdId }, nowMs);
  },
});

/** Moves the review of a hold. Throws an Error where there is no such hold, and as `place` does. */
export const review = internalMutation({
  args: { holdId: v.string(), reviewAt: v.number(), apply: v.boolean() },
  returns: vHold,
  handler: async (ctx, { holdId, reviewAt, apply }) => {
    const nowMs = Date.now();
    if (!(reviewAt > nowMs)) throw new Error("The day of the review must be in the future.");
    const hold = await requireHold(ctx, holdId);
    if (apply) {
      await ctx.db.patch("legalHolds", hold._id, { reviewAt });
      await enterHolds(ctx, hold);
    }
    return presentHold({ ...hold, reviewAt }, nowMs);
  },
});

/** Lifts a hold; an erasure that waited for it goes on. Throws an Error where there is no such hold. */
export const lift = internalMutation({
  args: { holdId: v.string(), apply: v.boolean() },
  returns: vHold,
  handler: async (ctx, { holdId, apply }) => {
    const hold = await requireHold(ctx, holdId);
    if (apply) {
      await ctx.db.delete("legalHolds", hold._id);
      await enterHolds(ctx, hold);
      await resumeHeld(ctx, hold.ownerId);
    }
    return presentHold(hold, Date.now());
  },
});

/** Raises the alert for holds whose review is overdue; gives how many there are. An idle run reads one empty index range. */
export const look = internalMutation({
  args: {},
  returns: v.number(),
  handler: async (ctx) => {
    const overdue = await ctx.db
      .query("legalHolds")
      .withIndex("by_review", (q) => q.lte("reviewAt", Date.now()))
      .take(LISTED_HOLDS);
    if (overdue.length > 0) console.error(`Legal holds: the review of ${overdue.length} is overdue`);
    return overdue.length;
  },
});

function presentHold(
  { _id: holdId, matter, threadId, placedAt, reviewAt }: Omit<Doc<"legalHolds">, "_id" | "_creationTime"> & Numbered,
  nowMs: number,
): Hold {
  return { holdId, matter, scope: threadId ? "chat" : "account", placedAt, reviewAt, isOverdue: reviewAt <= nowMs };
}

interface Numbered {
  _id: Id<"legalHolds"> | null;
}

async function requireHold(ctx: MutationCtx, holdId: string): Promise<Doc<"legalHolds">> {
  const id = ctx.db.normalizeId("legalHolds", holdId);
  const hold = id && (await ctx.db.get("legalHolds", id));
  if (!hold) throw new Error(`There is no hold ${holdId}.`);
  return hold;
}

/** An account, also one that is being erased. */
async function findOwner(ctx: MutationCtx, identityId: string): Promise<Id<"users">> {
  const user = await ctx.db
    .query("users")
    .withIndex("by_identity", (q) => q.eq("identityId", identityId))
    .unique();
  const ownerId = user?._id ?? (await findJob(ctx.db, identityId))?.ownerId;
  if (!ownerId) throw new Error(`Nobody has the id ${identityId} here.`);
  return ownerId;
}

async function findThread(ctx: MutationCtx, ownerId: Id<"users">, threadId: string): Promise<Id<"threads">> {
  const id = ctx.db.normalizeId("threads", threadId);
  const thread = id && (await ctx.db.get("threads", id));
  if (thread?.ownerId !== ownerId) throw new Error(`They have no chat ${threadId}.`);
  return thread._id;
}

async function refuseTooMany(ctx: MutationCtx, ownerId: Id<"users">): Promise<void> {
  const holds = await holdsOf(ctx.db, ownerId);
  if (holds.length === HOLDS_PER_ACCOUNT) throw new Error("An account cannot have more holds: hold all of it instead.");
}
