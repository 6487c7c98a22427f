import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { LOST_QUESTION_MS, LOUD_AFTER_TRIES, pauseAfterMs } from "./asking.ts";
import { beginErasure } from "./beginning.ts";
import { vCompared } from "./schema.ts";

/*
 * [Note: Reconciliation]
 * A webhook may never come. So every night all accounts are compared with the identity provider's users, a hundred with
 * each question. Who is not found is noted, and an hour later asked for alone: only a second, personal "not found" begins
 * an erasure. Where very many are missing it is the question that is wrong, not they: then nobody is erased, and whoever
 * runs the service hears of it.
 *
 * There is one look at a time, and its row says how far it is: while the provider does not answer, the next night finds
 * the look of the last one waiting and begins no other. One whose step was lost goes on from its last page.
 */

/** Accounts that one night may erase, whatever the share; and the share of all accounts beyond that. */
const MOST_ABSENT = 20;
const MOST_ABSENT_SHARE = 0.005;

/** Accounts whose erasure one transaction begins. */
const BEGUN_PER_RUN = 20;

/** How long after the look those it did not find are asked for one by one. */
const SECOND_LOOK_MS = 60 * 60_000;
/** Most absent accounts that are remembered during a look: where there are more, the brake holds. */
const MOST_LISTED = 8_000;

const vAccount = v.object({ ownerId: v.id("users"), identityId: v.string() });

/** Begins the look, unless one is under way: that one goes on, or is taken up where it fell silent. */
export const begin = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const look = await ctx.db.query("identityLooks").first();
    if (look) {
      await takeUpSilent(ctx, look);
      return null;
    }
    const first = { cursor: null, accounts: 0, absent: [], beatAt: Date.now(), chain: 0 };
    await ctx.db.insert("identityLooks", first);
    await ctx.scheduler.runAfter(0, internal.erasure.identity.lookThrough, { chain: first.chain, tries: 0 });
    return null;
  },
});

/** The watchdog: takes up a look whose step was lost. Reads no row while there is no look. */
export const resumeSilent = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const look = await ctx.db.query("identityLooks").first();
    if (look) await takeUpSilent(ctx, look);
    return null;
  },
});

/** Where the next page of a look begins; null for a step of another chain than the one that counts. */
export const place = internalQuery({
  args: { chain: v.number() },
  returns: v.union(v.null(), v.object({ cursor: v.union(v.string(), v.null()) })),
  handler: async (ctx, { chain }) => {
    const look = await loadLook(ctx, chain);
    return look && { cursor: look.cursor };
  },
});

/**
 * Takes in a page of the look and goes on with the next, or ends it with the last, an hour after which those it did not
 * find are asked for alone. Null is no answer: the same page again, ever more slowly, for as long as it takes.
 */
export const looked = internalMutation({
  args: { chain: v.number(), tries: v.number(), page: v.union(v.null(), vCompared) },
  returns: v.null(),
  handler: async (ctx, { chain, tries, page }) => {
    const look = await loadLook(ctx, chain);
    if (!look) return null;
    if (!page) {
      if (tries >= LOUD_AFTER_TRIES) console.error("The look at identities waits: their provider does not answer");
      await goOn(ctx, look, { chain, tries: tries + 1, pauseMs: pauseAfterMs(tries) });
      return null;
    }
    const accounts = look.accounts + page.accounts;
    const absent = [...look.absent, ...page.absent].slice(0, MOST_LISTED);
    if (page.cursor === null) {
      await ctx.db.delete("identityLooks", look._id);
      if (absent.length > 0) await condemnLater(ctx, { accounts, absent });
      return null;
    }
    await ctx.db.patch("identityLooks", look._id, { cursor: page.cursor, accounts, absent });
    await goOn(ctx, look, { chain, tries: 0, pauseMs: 0 });
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

type Look = Doc<"identityLooks">;

/** The look, for a step of the chain that counts. */
async function loadLook(ctx: Pick<QueryCtx, "db">, chain: number): Promise<Look | null> {
  const look = await ctx.db.query("identityLooks").first();
  return look?.chain === chain ? look : null;
}

/** Under a new chain, so that a step of the old one that turns out to be alive ends itself. */
async function takeUpSilent(ctx: MutationCtx, look: Look): Promise<void> {
  if (look.beatAt >= Date.now() - LOST_QUESTION_MS) return;
  await goOn(ctx, look, { chain: look.chain + 1, tries: 0, pauseMs: 0 });
}

async function goOn(
  ctx: MutationCtx,
  { _id }: Look,
  { chain, tries, pauseMs }: { chain: number; tries: number; pauseMs: number },
): Promise<void> {
  await ctx.db.patch("identityLooks", _id, { chain, beatAt: Date.now() });
  await ctx.scheduler.runAfter(pauseMs, internal.erasure.identity.lookThrough, { chain, tries });
}

async function condemnLater(ctx: MutationCtx, found: Pick<Look, "accounts" | "absent">): Promise<void> {
  await ctx.scheduler.runAfter(SECOND_LOOK_MS, internal.erasure.reconciliation.condemn, found);
}
