import { v } from "convex/values";
import { holdsCardNumber } from "../src/shared/cardNumbers.ts";
import { characterCount, NAME_CHARACTERS } from "../src/shared/limits.ts";
import { internal } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { action, query } from "./_generated/server.js";
import { closeAccount, erasesAt, reopenAccount } from "./account/closing.ts";
import { vAccountState, vSettings } from "./account/schema.ts";
import { loadSubscription } from "./billing/months.ts";
import { vPlanId } from "./billing/schema.ts";
import { makeUserKey } from "./encryption/keys.ts";
import { readKeyring } from "./encryption/vault.ts";
import { refusal } from "./lib/errors.ts";
import { findUser, leavingMutation, requireIdentity, viewerMutation } from "./lib/functions.ts";
import { isOperator } from "./lib/operators.ts";
import { chooseChatModel } from "./models/catalogue.ts";
import { loadStanding } from "./usage/entries.ts";

/** Bytes of the seed from which a person's thread salts come. */
const SEED_BYTES = 32;
const FIRST_GENERATION = 1;

/**
 * Makes the caller's account, personal workspace and key on their first visit, and finds them on every other. An action,
 * because only actions have randomness fit for keys. Of two first visits at once, the one that commits first wins.
 * Throws `unauthenticated`, and `closing` for an account that is being erased.
 */
export const signIn = action({
  args: {},
  returns: v.object({ userId: v.id("users") }),
  handler: async (ctx): Promise<{ userId: Id<"users"> }> => {
    const identity = await requireIdentity(ctx);
    const { userId, hasKey } = await ctx.runMutation(internal.account.signingIn.ensureAccount, {
      identityId: identity.subject,
      name: [...(identity.name ?? "")].slice(0, NAME_CHARACTERS).join(""),
    });
    if (hasKey) return { userId };
    const { kid, wrapped } = await makeUserKey(readKeyring(), { ownerId: userId, gen: FIRST_GENERATION });
    const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES)).buffer;
    await ctx.runMutation(internal.account.signingIn.keepFirstKey, {
      ownerId: userId,
      gen: FIRST_GENERATION,
      kid,
      wrapped: wrapped.buffer,
      seed,
    });
    return { userId };
  },
});

/**
 * The caller's profile, or null while they are not signed in or have no account yet. Open to everyone, because the page
 * asks it to find out. The mail address comes from the caller's token and is not stored.
 */
export const me = query({
  args: {},
  returns: v.union(
    v.null(),
    v.object({
      userId: v.id("users"),
      name: v.string(),
      email: v.optional(v.string()),
      plan: vPlanId,
      /** Whole credits; what open holds have set aside is part of the balance. */
      credits: v.object({ balance: v.number(), held: v.number() }),
      state: vAccountState,
      /** When the account is erased, where it is closed. */
      erasesAt: v.union(v.number(), v.null()),
      settings: vSettings,
      /** Whether they run the service, and `operator:overview` answers them. */
      operator: v.boolean(),
    }),
  ),
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    const user = identity && (await findUser(ctx.db, identity.subject));
    if (!user) return null;
    const { _id: userId, name, state, settings } = user;
    const { balance, held } = await loadStanding(ctx.db, userId);
    const plan = (await loadSubscription(ctx.db, user.identityId))?.period?.plan ?? "free";
    return {
      userId,
      name,
      email: identity.email,
      plan,
      credits: { balance, held },
      state,
      erasesAt: erasesAt(user),
      settings,
      operator: isOperator(user.identityId),
    };
  },
});

/** Changes the caller's name or settings; settings that are left out stay. Throws `invalid`. */
export const update = viewerMutation({
  args: { name: v.optional(v.string()), settings: v.optional(vSettings) },
  returns: v.null(),
  handler: async (ctx, args) => {
    const { user } = ctx.viewer;
    if (args.settings?.defaultModel !== undefined) chooseChatModel(args.settings.defaultModel);
    const name = args.name === undefined ? user.name : checkedName(args.name);
    if (args.settings) refuseBadCeiling(args.settings.dailyCeiling);
    await ctx.db.patch("users", user._id, { name, settings: { ...user.settings, ...args.settings } });
    return null;
  },
});

/**
 * Closes the caller's account. For thirty days it can be reopened, exported or erased, and nothing else; then it is
 * erased. Closing it again changes nothing.
 */
export const close = leavingMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await closeAccount(ctx, ctx.viewer.user, Date.now());
    return null;
  },
});

/** Opens the caller's closed account again. Does nothing to one that is open. */
export const reopen = leavingMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await reopenAccount(ctx, ctx.viewer.user);
    return null;
  },
});

/**
 * Erases the caller's account at once: unreadable when this returns, then gone, here and at the identity provider. It
 * cannot be undone. See [Note: Erasure].
 */
export const erase = action({
  args: { confirm: v.literal("erase") },
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const { subject: identityId } = await requireIdentity(ctx);
    await ctx.runMutation(internal.account.closing.eraseOwn, { identityId });
    return null;
  },
});

function checkedName(name: string): string {
  const trimmed = name.trim();
  if (trimmed === "") throw refusal("invalid", "A name must not be empty.");
  if (characterCount(trimmed) > NAME_CHARACTERS) {
    throw refusal("invalid", `A name can have up to ${NAME_CHARACTERS} characters.`);
  }
  if (holdsCardNumber(trimmed))
    throw refusal("invalid", "That looks like a card number. Card numbers are never kept here.");
  return trimmed;
}

/** A ceiling is a whole number of credits; zero stops all spending, and null lifts it. */
function refuseBadCeiling(dailyCeiling: number | null | undefined): void {
  if (dailyCeiling === undefined || dailyCeiling === null) return;
  if (Number.isSafeInteger(dailyCeiling) && dailyCeiling >= 0) return;
  throw refusal("invalid", "A daily ceiling is a whole number of credits.");
}
