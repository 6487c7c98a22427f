"use node";

import { createClerkClient } from "@clerk/backend";
import { isClerkAPIResponseError } from "@clerk/backend/errors";
import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api.js";
import { type ActionCtx, internalAction } from "../_generated/server.js";
import { vCompared } from "./schema.ts";

/*
 * What is asked of the identity provider for the end of accounts. Its webhooks are hints, and its answers to these
 * questions are the facts.
 */

/** Accounts that one look compares: as many ids as the provider takes in one question. */
const ACCOUNTS_PER_LOOK = 100;

/**
 * Asks whether a job's person is gone, having deleted them first where they asked for it themselves. What comes of it is
 * for `answered`, which also has the question asked again where there was no answer.
 */
export const settle = internalAction({
  args: { jobId: v.id("erasureJobs"), chain: v.number(), tries: v.number() },
  returns: v.null(),
  handler: async (ctx, { tries, ...held }): Promise<null> => {
    const wanted = await ctx.runQuery(internal.erasure.steps.wanted, held);
    if (!wanted) return null;
    const answer = await findOut(ctx, wanted).catch(unanswered);
    return ctx.runMutation(internal.erasure.steps.answered, { ...held, tries, answer });
  },
});

/**
 * Locks a closing account's person out at the provider, or lets them in again, by what the account is now. Whoever is gone
 * there is locked out as it is: the look at all identities finds them.
 */
export const matchLock = internalAction({
  args: { ownerId: v.id("users"), tries: v.number() },
  returns: v.null(),
  handler: async (ctx, { ownerId, tries }): Promise<null> => {
    const wanted = await ctx.runQuery(internal.account.closing.lockOf, { ownerId });
    if (!wanted) return null;
    const { identityId, locked } = wanted;
    const { users } = openClerk();
    const asked = locked ? users.lockUser(identityId) : users.unlockUser(identityId);
    const told = await asked
      .catch(ignoreMissing)
      .then(() => locked)
      .catch(unanswered);
    return ctx.runMutation(internal.account.closing.lockTried, { ownerId, locked: told, tries });
  },
});

/** A step of the look: compares its next page of accounts. What comes of it is for `looked`. See [Note: Reconciliation]. */
export const lookThrough = internalAction({
  args: { chain: v.number(), tries: v.number() },
  returns: v.null(),
  handler: async (ctx, { chain, tries }): Promise<null> => {
    const place = await ctx.runQuery(internal.erasure.reconciliation.place, { chain });
    if (!place) return null;
    const page = await comparePage(ctx, place.cursor);
    return ctx.runMutation(internal.erasure.reconciliation.looked, { chain, tries, page });
  },
});

/** Compares a page of accounts with the provider's users and changes nothing, for operators. Null as `comparePage`. */
export const compare = internalAction({
  args: { cursor: v.union(v.string(), v.null()) },
  returns: v.union(v.null(), vCompared),
  handler: (ctx, { cursor }): Promise<Infer<typeof vCompared> | null> => comparePage(ctx, cursor),
});

/** A page of accounts, those of them the provider does not find, and the next page; null where it cannot be asked. */
async function comparePage(ctx: ActionCtx, cursor: string | null): Promise<Infer<typeof vCompared> | null> {
  const page = await ctx.runQuery(internal.erasure.reconciliation.accounts, { cursor, numItems: ACCOUNTS_PER_LOOK });
  const present = await findPresent(
    ctx,
    page.accounts.map(({ identityId }) => identityId),
  ).catch(unanswered);
  if (!present) return null;
  const absent = page.accounts.filter(({ identityId }) => !present.has(identityId)).map(({ ownerId }) => ownerId);
  return { accounts: page.accounts.length, absent, cursor: page.cursor };
}

interface Wanted {
  identityId: string;
  /** Whether the person asked for it, so that they are to be deleted rather than asked for. */
  isOwnWish: boolean;
}

/** Whether a person is gone; null where the provider is not the one this deployment belongs to. */
async function findOut(ctx: ActionCtx, { identityId, isOwnWish }: Wanted): Promise<"gone" | "alive" | null> {
  const { users } = openClerk();
  if (!(await isOurInstance(ctx))) return null;
  if (isOwnWish) await users.deleteUser(identityId).catch(ignoreMissing);
  return users.getUser(identityId).then(
    () => (isOwnWish ? null : "alive"),
    (error) => ignoreMissing(error) ?? "gone",
  );
}

async function findPresent(ctx: ActionCtx, identityIds: string[]): Promise<Set<string> | null> {
  if (identityIds.length === 0) return new Set();
  if (!(await isOurInstance(ctx))) return null;
  const { data } = await openClerk().users.getUserList({ userId: identityIds, limit: ACCOUNTS_PER_LOOK });
  return new Set(data.map(({ id }) => id));
}

/** A wrong key finds nobody: what it says must not be believed. */
async function isOurInstance(ctx: ActionCtx): Promise<boolean> {
  const { id: instanceId } = await openClerk().instance.get();
  const isOurs = await ctx.runMutation(internal.erasure.steps.isPinnedInstance, { instanceId });
  if (!isOurs)
    console.error("CLERK_SECRET_KEY is of another instance than this deployment belongs to: nobody is erased");
  return isOurs;
}

function openClerk() {
  const { CLERK_SECRET_KEY: secretKey, CLERK_API_URL: apiUrl } = process.env;
  return createClerkClient({ secretKey, apiUrl, telemetry: { disabled: true } });
}

/** Passes over the provider's answer that it does not know somebody; throws anything else. */
function ignoreMissing(error: unknown): null {
  if (isClerkAPIResponseError(error) && error.status === 404) return null;
  throw error;
}

/** Says what went wrong in one line, without what was asked: the question names a person. */
function unanswered(error: unknown): null {
  const status = isClerkAPIResponseError(error) ? error.status : "no answer";
  console.error(`The identity provider failed (${status})`);
  return null;
}
