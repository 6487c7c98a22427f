import { type Infer, v } from "convex/values";
import { toBase64Url } from "../../src/shared/bytes.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { notFound } from "../lib/errors.ts";
import { requireLive } from "../lib/functions.ts";
import { endReply } from "./endings.ts";
import { vCountedTokens, vReplyErrorCode } from "./schema.ts";

/*
 * [Note: Leases]
 * A reply is being written exactly as long as it has a row in `generations`. An action claims the reply by writing its
 * token into that row, and passes the token with everything it writes. Stop, deletion and the watchdog do not ask the
 * action to end: they end the reply themselves, in one transaction that deletes the row, and the action finds out with
 * its next write that the lease is lost. So no state of a reply depends on an action that may have died, and the lease is
 * the fence of its thread: the transaction that deletes a thread's key deletes its leases.
 */

/** Tells the callers of one reply apart; no client sees it. */
const LEASE_BYTES = 8;
/** How old a heartbeat may be before a reply counts as abandoned. */
const ABANDONED_AFTER_MS = 60_000;
/** Replies one run of the watchdog ends: opening all pieces of a long one takes a good part of a second. */
const ABANDONED_PER_RUN = 4;

const vStanding = v.union(
  /** The lease holds: go on. */
  v.literal("ours"),
  /** The reply was ended by someone else. */
  v.literal("lost"),
  /** The account may not be written for any more: end the reply. */
  v.literal("fenced"),
);

/** What an action learns about its lease with each write. */
export type Standing = Infer<typeof vStanding>;

const vHeld = { replyId: v.id("messages"), lease: v.string() };
const vPiece = v.object({ r: v.string(), n: v.number(), t: v.bytes() });

/**
 * Claims a reply for the caller's token, once: gives the reply's id to the first and null to everyone after. A tab is
 * checked by the identity that called it and gets `not_found` for what is not its own; the fallback, scheduled for that
 * very reply, passes null.
 */
export const claim = internalMutation({
  args: { replyId: v.string(), lease: v.string(), identityId: v.union(v.string(), v.null()) },
  returns: v.union(v.id("messages"), v.null()),
  handler: async (ctx, { replyId, lease, identityId }) => {
    const reply = await loadReply(ctx, replyId);
    const owner = reply && (await ctx.db.get("users", reply.ownerId));
    if (!reply || !owner || (identityId !== null && owner.identityId !== identityId)) throw notFound("message");
    requireLive(owner);
    const generation = await loadGeneration(ctx, reply._id);
    if (!generation || generation.lease !== undefined) return null;
    // The fallback does not cancel itself: what a cancelled function schedules is cancelled with it.
    if (generation.fallbackId && identityId !== null) await ctx.scheduler.cancel(generation.fallbackId);
    await ctx.db.patch("generations", generation._id, { lease, heartbeatAt: Date.now(), fallbackId: undefined });
    return reply._id;
  },
});

/** Appends one sealed piece. Appending the same piece again changes nothing, so that a retry is safe. */
export const append = internalMutation({
  args: { ...vHeld, piece: vPiece, beat: v.boolean() },
  returns: vStanding,
  handler: async (ctx, { replyId, lease, piece, beat }) => {
    const { standing, generation } = await lookUp(ctx, replyId, lease);
    if (standing !== "ours") return standing;
    if (beat) await ctx.db.patch("generations", generation._id, { heartbeatAt: Date.now() });
    const existing = await ctx.db
      .query("deltas")
      .withIndex("by_reply", (q) => q.eq("r", piece.r).eq("n", piece.n))
      .unique();
    if (!existing) await ctx.db.insert("deltas", piece);
    return standing;
  },
});

/** How a lease stands, asked while the model is silent. */
export const standing = internalQuery({
  args: vHeld,
  returns: vStanding,
  handler: async (ctx, { replyId, lease }) => (await lookUp(ctx, replyId, lease)).standing,
});

/** As `standing`, and notes that the action is alive. */
export const beat = internalMutation({
  args: vHeld,
  returns: vStanding,
  handler: async (ctx, { replyId, lease }) => {
    const { standing, generation } = await lookUp(ctx, replyId, lease);
    if (standing === "ours") await ctx.db.patch("generations", generation._id, { heartbeatAt: Date.now() });
    return standing;
  },
});

/** Ends a reply for the action that holds its lease. Does nothing where the lease is lost. */
export const finish = internalMutation({
  args: {
    ...vHeld,
    state: v.union(v.literal("complete"), v.literal("interrupted"), v.literal("failed")),
    error: v.optional(vReplyErrorCode),
    counted: v.optional(vCountedTokens),
    tail: v.optional(vPiece),
  },
  returns: v.null(),
  handler: async (ctx, { replyId, lease, ...ending }) => {
    const generation = await loadGeneration(ctx, replyId);
    if (generation?.lease === lease) await endReply(ctx, generation, ending);
    return null;
  },
});

/** The watchdog: ends replies whose action died or never came, with the text so far. Reads nothing while there are none. */
export const endAbandoned = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const abandoned = await ctx.db
      .query("generations")
      .withIndex("by_heartbeat", (q) => q.lt("heartbeatAt", Date.now() - ABANDONED_AFTER_MS))
      .take(ABANDONED_PER_RUN);
    for (const generation of abandoned) {
      await endReply(ctx, generation, { state: "interrupted", error: "abandoned" });
    }
    if (abandoned.length === ABANDONED_PER_RUN) {
      await ctx.scheduler.runAfter(0, internal.messages.leases.endAbandoned, {});
    }
    return null;
  },
});

/** Draws the token of a lease. Only for actions, whose randomness nobody can replay. */
export function drawLease(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(LEASE_BYTES)));
}

/** The row that says a reply is being written, or null once it ended. */
export function loadGeneration(ctx: QueryCtx, replyId: Id<"messages">): Promise<Doc<"generations"> | null> {
  return ctx.db
    .query("generations")
    .withIndex("by_reply", (q) => q.eq("replyId", replyId))
    .unique();
}

async function loadReply(ctx: MutationCtx, replyId: string): Promise<Doc<"messages"> | null> {
  const id = ctx.db.normalizeId("messages", replyId);
  const message = id && (await ctx.db.get("messages", id));
  return message?.role === "assistant" ? message : null;
}

type Lookup =
  | { standing: "ours"; generation: Doc<"generations"> }
  | { standing: "lost" | "fenced"; generation?: never };

/** Reads the lease, which is the thread's fence too, and the account's fence. */
async function lookUp(ctx: QueryCtx, replyId: Id<"messages">, lease: string): Promise<Lookup> {
  const generation = await loadGeneration(ctx, replyId);
  if (generation?.lease !== lease) return { standing: "lost" };
  const owner = await ctx.db.get("users", generation.ownerId);
  return owner?.state === "live" ? { standing: "ours", generation } : { standing: "fenced" };
}
