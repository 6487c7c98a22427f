import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { type Infer, v } from "convex/values";
import { action } from "./_generated/server.js";
import { rateFactorOf } from "./billing/months.ts";
import { enterChoices } from "./erasure/ledger.ts";
import { erasureOf, vOwnErasure } from "./erasure/standing.ts";
import { presentExport, vExport } from "./exports/access.ts";
import { beginExport, newestExports } from "./exports/steps.ts";
import { HOLDS_PER_ACCOUNT } from "./legalHolds/holding.ts";
import { identityQuery, leavingMutation, leavingQuery, requireIdentity, viewerQuery } from "./lib/functions.ts";
import { boundedPage } from "./lib/pages.ts";
import { spendRate } from "./lib/rateLimits.ts";
import { enterConsent, findObjection } from "./privacy/choices.ts";
import { loadOverview, vOverview } from "./privacy/holdings.ts";
import { presentReceipts, vOwnReceipt } from "./privacy/proofs.ts";
import { enterOwnRequest, presentRequest, vPrivacyRequest } from "./privacy/register.ts";
import { restrictAccount } from "./privacy/restriction.ts";
import { vConsentPurpose, vObjectionPurpose, vRequestKind } from "./privacy/schema.ts";
import { stripApplied } from "./webhooks/objecting.ts";

/** Requests that are listed at once, the newest first. */
const LISTED_REQUESTS = 100;
const LISTED_EXPORTS = 20;

/**
 * All that is held about the caller: by category, with the periods and the legal basis of each and how many rows there
 * are; the same by the categories of California's law; and what they have consented and objected to.
 */
export const overview = action({
  args: {},
  returns: vOverview,
  handler: async (ctx): Promise<Infer<typeof vOverview>> => {
    await requireIdentity(ctx);
    return loadOverview(ctx);
  },
});

/**
 * Starts an archive of all the caller has; while one is being written, that one is it. `privacy:exports` says when it can
 * be fetched. Throws `limit_exceeded`.
 */
const startExport = leavingMutation({
  args: {},
  returns: v.object({ exportId: v.id("exports") }),
  handler: async (ctx) => {
    const { userId: ownerId, workspaceId, user } = ctx.viewer;
    const [newest] = await newestExports(ctx, ownerId, 1);
    if (newest?.state === "building") return { exportId: newest._id };
    const factor = await rateFactorOf(ctx.db, user.identityId);
    await spendRate(ctx, "export", { key: user.identityId, nowMs: Date.now(), factor });
    return { exportId: await beginExport(ctx, { ownerId, workspaceId }) };
  },
});

export { startExport as export };

/** The caller's archives, the newest first, each with an address to save it from while it is ready. */
export const exports = leavingQuery({
  args: {},
  returns: v.array(vExport),
  handler: async (ctx) => {
    const newest = await newestExports(ctx, ctx.viewer.userId, LISTED_EXPORTS);
    return Promise.all(newest.map((row) => presentExport(ctx, row)));
  },
});

/**
 * Restricts the processing of the caller's data, or lifts that. While it is restricted the account can be read, exported
 * and erased, nothing is written or made, and old chats are not swept. Throws `closing`.
 */
export const setRestriction = leavingMutation({
  args: { restricted: v.boolean() },
  returns: v.null(),
  handler: async (ctx, { restricted }) => {
    await restrictAccount(ctx, ctx.viewer.user, restricted);
    await enterChoices(ctx, ctx.viewer.userId);
    return null;
  },
});

/** Objects to a purpose that rests on a legitimate interest, with effect at once, or takes the objection back. */
export const setObjection = leavingMutation({
  args: { purpose: vObjectionPurpose, objected: v.boolean() },
  returns: v.null(),
  handler: async (ctx, { purpose, objected }) => {
    const { userId: ownerId, user } = ctx.viewer;
    const known = await findObjection(ctx.db, ownerId, purpose);
    if (objected && !known) await ctx.db.insert("objections", { ownerId, purpose, at: Date.now() });
    if (objected && purpose === "webhooks") await stripApplied(ctx, user);
    if (!objected && known) await ctx.db.delete("objections", known._id);
    await enterChoices(ctx, ownerId);
    return null;
  },
});

/**
 * Gives consent to a purpose or withdraws it, for the text of that version, and enters it in the ledger. Throws `conflict`
 * where consent is given to a text that is not the present one.
 */
export const setConsent = leavingMutation({
  args: { purpose: vConsentPurpose, given: v.boolean(), textVersion: v.number() },
  returns: v.null(),
  handler: async (ctx, choice) => {
    await enterConsent(ctx, ctx.viewer.userId, choice);
    await enterChoices(ctx, ctx.viewer.userId);
    return null;
  },
});

/**
 * Asks something of whoever runs the service, who must answer by `dueAt`. While a request of that kind is open, asking
 * again gives the same.
 */
export const request = leavingMutation({
  args: { kind: vRequestKind },
  returns: vPrivacyRequest,
  handler: async (ctx, { kind }) => presentRequest(await enterOwnRequest(ctx, ctx.viewer.userId, kind)),
});

/** The caller's requests with their deadlines, the newest first. */
export const requests = viewerQuery({
  args: {},
  returns: v.array(vPrivacyRequest),
  handler: async (ctx) => {
    const own = await ctx.db
      .query("privacyRequests")
      .withIndex("by_owner", (q) => q.eq("ownerId", ctx.viewer.userId))
      .order("desc")
      .take(LISTED_REQUESTS);
    return own.map(presentRequest);
  },
});

/**
 * The receipts of what the caller has deleted, or what was deleted at the end of its period: the newest first, each with
 * whether it is as it was written. The last of a page is compared with the one before it on the next page only.
 */
export const receipts = leavingQuery({
  args: { paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vOwnReceipt),
  handler: async (ctx, { paginationOpts }) => {
    const result = await ctx.db
      .query("deletionReceipts")
      .withIndex("by_owner", (q) => q.eq("ownerId", ctx.viewer.userId))
      .order("desc")
      .paginate(boundedPage(paginationOpts));
    return { ...result, page: await presentReceipts(result.page) };
  },
});

/**
 * What has become of the erasure of the caller's account: how far it is, or its receipt. Null where nothing is being
 * erased. Answers as long as the caller's sign-in does, which is a little longer than their account.
 */
export const erasure = identityQuery({
  args: {},
  returns: v.union(v.null(), vOwnErasure),
  handler: (ctx) => erasureOf(ctx.db, ctx.identityId),
});

/** What of the caller's data the law wants kept for now: all of the account, or a chat; each since when. */
export const holds = leavingQuery({
  args: {},
  returns: v.array(v.object({ scope: v.union(v.literal("account"), v.literal("chat")), placedAt: v.number() })),
  handler: async (ctx) => {
    const own = await ctx.db
      .query("legalHolds")
      .withIndex("by_owner", (q) => q.eq("ownerId", ctx.viewer.userId))
      .take(HOLDS_PER_ACCOUNT);
    return own.map(({ threadId, placedAt }) => ({
      scope: threadId ? ("chat" as const) : ("account" as const),
      placedAt,
    }));
  },
});
