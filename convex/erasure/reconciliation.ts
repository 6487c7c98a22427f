import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import { internalMutation, internalQuery } from "../_generated/server.js";
import { beginErasure } from "./beginning.ts";

/*
 * [Note: Reconciliation]
 * A webhook may never come. So every night all accounts are compared with the identity provider's users, a hundred with
 * each question. Who is not found is noted, and an hour later asked for alone: only a second, personal "not found" begins
 * an erasure. Where very many are missing it is the question that is wrong, not they: then nobody is erased, and whoever
 * runs the service hears of it.
 */

/** Accounts that one night may erase, whatever the share; and the share of all accounts beyond that. */
const MOST_ABSENT = 20;
const MOST_ABSENT_SHARE = 0.005;

/** Accounts whose erasure one transaction begins. */
const BEGUN_PER_RUN = 20;

const vAccount = v.object({ ownerId: v.id("users"), identityId: v.string() });

/** Begins the nightly look. */
export const begin = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const start = { cursor: null, accounts: 0, absent: [], tries: 0 };
    await ctx.scheduler.runAfter(0, internal.erasure.identity.lookThrough, start);
    return null;
  },
});

/** A page of the accounts that are not ending, and where the next one begins. */
export const accounts = internalQuery({
  args: { cursor: v.union(v.string(), v.null()), numItems: v.number() },
  returns: v.object({ accounts: v.array(vAccount), cursor: v.union(v.string(), v.null()) }),
  handler: async (ctx, paginationOpts) => {
    const { page, isDone, continueCursor } = await ctx.db.query("users").paginate(paginationOpts);
    const found = page.filter(({ state }) => state !== "erasing");
    return {
      accounts: found.map(({ _id: ownerId, identityId }) => ({ ownerId, identityId })),
      cursor: isDone ? null : continueCursor,
    };
  },
});

/** Begins the erasure of those who were not found, unless they are too many of so many `accounts` to be believed. */
export const condemn = internalMutation({
  args: { accounts: v.number(), absent: v.array(v.id("users")) },
  returns: v.null(),
  handler: async (ctx, { accounts, absent }): Promise<null> => {
    const most = brakeAt(accounts);
    if (absent.length > most) {
      console.error(`${absent.length} of ${accounts} accounts look gone at the identity provider: nobody is erased`);
      return null;
    }
    for (const ownerId of absent.slice(0, BEGUN_PER_RUN)) {
      const user = await ctx.db.get("users", ownerId);
      if (user) await beginErasure(ctx, { identityId: user.identityId, origin: "reconciliation" });
    }
    const rest = { accounts, absent: absent.slice(BEGUN_PER_RUN) };
    if (rest.absent.length > 0) await ctx.scheduler.runAfter(0, internal.erasure.reconciliation.condemn, rest);
    return null;
  },
});

/** As `brakeAt`, for operators. */
export const brake = internalQuery({
  args: { accounts: v.number() },
  returns: v.number(),
  handler: async (_ctx, { accounts }) => brakeAt(accounts),
});

/** How many accounts of so many may be gone in one night. Pure. */
export function brakeAt(accounts: number): number {
  return Math.max(MOST_ABSENT, Math.floor(accounts * MOST_ABSENT_SHARE));
}
