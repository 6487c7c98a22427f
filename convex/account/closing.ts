import { v } from "convex/values";
import { CLOSURE_GRACE_MS } from "../../src/policy/periods.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx } from "../_generated/server.js";
import { LOST_QUESTION_MS, LOUD_AFTER_TRIES, pauseAfterMs } from "../erasure/asking.ts";
import { beginErasure } from "../erasure/beginning.ts";
import { enterChoices } from "../erasure/ledger.ts";
import { refusal } from "../lib/errors.ts";
import { findUser } from "../lib/functions.ts";
import { surelyPast } from "../lib/sweeping.ts";

/*
 * [Note: Closing]
 * A closed account is kept for thirty days, in which its person can reopen it, take their data out, or erase it, and
 * nothing else: nothing is written for it and nothing of it is shown. At the identity provider they are locked, so that
 * nobody signs in anew; who is signed in stays so, to be able to reopen. After that it is erased, as if they had asked.
 */

/** Accounts that one run takes up. */
const ACCOUNTS_PER_RUN = 20;

/** Closes an account that is live or restricted, and has its person locked. Closing it twice changes nothing. */
export async function closeAccount(ctx: MutationCtx, user: Doc<"users">, nowMs: number): Promise<void> {
  if (user.state !== "live" && user.state !== "restricted") return;
  await ctx.db.patch("users", user._id, { state: "closing", closedAt: nowMs, reopensAs: user.state });
  await enterChoices(ctx, user._id);
  await matchLock(ctx, user);
}

/** Opens a closed account again, as what it was. */
export async function reopenAccount(ctx: MutationCtx, user: Doc<"users">): Promise<void> {
  if (user.state !== "closing") return;
  const { reopensAs: state = "live" } = user;
  await ctx.db.patch("users", user._id, { state, closedAt: undefined, reopensAs: undefined });
  await enterChoices(ctx, user._id);
  await matchLock(ctx, user);
}

/** When a closed account's time of grace is over, or null where it is not closed. Pure. */
export function erasesAt({ state, closedAt }: Pick<Doc<"users">, "state" | "closedAt">): number | null {
  return state === "closing" && closedAt !== undefined ? closedAt + CLOSURE_GRACE_MS : null;
}

/** Begins the erasure of accounts whose time of grace is over. Reads one empty index range while there are none. */
export const eraseDue = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const due = await ctx.db
      .query("users")
      .withIndex("by_closing", (q) =>
        q.eq("state", "closing").lte("closedAt", surelyPast(CLOSURE_GRACE_MS, Date.now())),
      )
      .take(ACCOUNTS_PER_RUN);
    for (const { identityId } of due) await beginErasure(ctx, { identityId, origin: "closure" });
    if (due.length === ACCOUNTS_PER_RUN) await ctx.scheduler.runAfter(0, internal.account.closing.eraseDue, {});
    return null;
  },
});

/** Begins the erasure of the caller's account at their own wish. Throws `unauthenticated` where there is none. */
export const eraseOwn = internalMutation({
  args: { identityId: v.string() },
  returns: v.null(),
  handler: async (ctx, { identityId }) => {
    if (!(await findUser(ctx.db, identityId))) throw refusal("unauthenticated", "Sign in to go on.");
    await beginErasure(ctx, { identityId, origin: "person" });
    return null;
  },
});

/** Whether an account's person is to be locked out at the identity provider; null where there is no account any more. */
export const lockOf = internalQuery({
  args: { ownerId: v.id("users") },
  returns: v.union(v.null(), v.object({ identityId: v.string(), locked: v.boolean() })),
  handler: async (ctx, { ownerId }) => {
    const user = await ctx.db.get("users", ownerId);
    if (!user || user.state === "erasing") return null;
    return { identityId: user.identityId, locked: isLocked(user) };
  },
});

/**
 * Takes in what the identity provider was last told, `locked` or not; null where it did not answer. Has it told again
 * where it did not, or where the account was closed or reopened meanwhile.
 */
export const lockTried = internalMutation({
  args: { ownerId: v.id("users"), locked: v.union(v.boolean(), v.null()), tries: v.number() },
  returns: v.null(),
  handler: async (ctx, { ownerId, locked, tries }) => {
    const user = await ctx.db.get("users", ownerId);
    if (!user || user.state === "erasing") return null;
    const isMatched = locked === isLocked(user);
    await ctx.db.patch("users", ownerId, { lockDueAt: isMatched ? undefined : Date.now() });
    if (isMatched) return null;
    if (tries >= LOUD_AFTER_TRIES) console.error(`Account ${ownerId}: the identity provider has not answered for long`);
    const pauseMs = locked === null ? pauseAfterMs(tries) : 0;
    await ctx.scheduler.runAfter(pauseMs, internal.erasure.identity.matchLock, { ownerId, tries: tries + 1 });
    return null;
  },
});

/** Has the identity provider told again where the telling was lost. Reads one empty index range while it was not. */
export const resumeLocks = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const nowMs = Date.now();
    const lost = await ctx.db
      .query("users")
      .withIndex("by_lock", (q) => q.gt("lockDueAt", 0).lt("lockDueAt", nowMs - LOST_QUESTION_MS))
      .take(ACCOUNTS_PER_RUN);
    for (const { _id } of lost) await tellLock(ctx, _id, nowMs);
    return null;
  },
});

/** Whether an account's person is to be locked. Pure. */
function isLocked({ state }: Pick<Doc<"users">, "state">): boolean {
  return state === "closing";
}

/**
 * Has the identity provider lock an account's person or let them in, by what the account is now. One telling at a time, lest
 * an older one arrive after a newer: the one under way is compared when it ends.
 */
export async function matchLock(ctx: MutationCtx, { _id, lockDueAt }: Doc<"users">): Promise<void> {
  if (lockDueAt === undefined) await tellLock(ctx, _id, Date.now());
}

async function tellLock(ctx: MutationCtx, ownerId: Id<"users">, nowMs: number): Promise<void> {
  await ctx.db.patch("users", ownerId, { lockDueAt: nowMs });
  await ctx.scheduler.runAfter(0, internal.erasure.identity.matchLock, { ownerId, tries: 0 });
}
