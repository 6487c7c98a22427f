import type { UserIdentity } from "convex/server";
import { customCtx, customMutation, customQuery } from "convex-helpers/server/customFunctions";
import { wrapDatabaseReader, wrapDatabaseWriter } from "convex-helpers/server/rowLevelSecurity";
import type { Doc } from "../_generated/dataModel.js";
import {
  internalMutation,
  internalQuery,
  type MutationCtx,
  mutation,
  type QueryCtx,
  query,
} from "../_generated/server.js";
import { refusal } from "./errors.ts";
import { isOperator } from "./operators.ts";
import { scopeRules, type Viewer } from "./scope.ts";

/** What is not ruled is closed. */
const POLICY = { defaultPolicy: "deny" } as const;

/**
 * A public query for a signed-in person: `ctx.viewer` says who, and `ctx.db` shows their workspace alone. Refuses anyone
 * else as `unauthenticated`, and those who closed their account as `closing`. See [Note: Scoped data layer].
 */
export const viewerQuery = customQuery(query, customCtx(viewerContext));

/** As `viewerQuery`, for actions to call: the person who called the action is the viewer. */
export const viewerInternalQuery = customQuery(internalQuery, customCtx(viewerContext));

/** A public mutation for a signed-in person whose account is live. Like `viewerQuery` in all else. */
export const viewerMutation = customMutation(
  mutation,
  customCtx(async (ctx: MutationCtx) => {
    const viewer = await requireViewer(ctx);
    requireLive(viewer.user);
    if (viewer.role === "viewer") throw refusal("forbidden", "Your role in this workspace is to read.");
    return { viewer, db: wrapDatabaseWriter({ viewer }, ctx.db, scopeRules, POLICY) };
  }),
);

/** As `viewerMutation`, for what may be done with an account in any state: reopening it, for one. */
export const leavingMutation = customMutation(
  mutation,
  customCtx(async (ctx: MutationCtx) => {
    const viewer = await requireViewer(ctx);
    return { viewer, db: wrapDatabaseWriter({ viewer }, ctx.db, scopeRules, POLICY) };
  }),
);

/** As `viewerQuery`, for what may be seen of an account in any state. */
export const leavingQuery = customQuery(
  query,
  customCtx(async (ctx: QueryCtx) => {
    const viewer = await requireViewer(ctx);
    return { viewer, db: wrapDatabaseReader({ viewer }, ctx.db, scopeRules, POLICY) };
  }),
);

/**
 * As `viewerInternalQuery`, to write. Takes accounts in any state, since an action may serve those that can only read:
 * a mutation that stores content checks the state itself. Refuses closed accounts, as queries do.
 */
export const viewerInternalMutation = customMutation(
  internalMutation,
  customCtx(async (ctx: MutationCtx) => {
    const viewer = await requireViewer(ctx);
    requireOpen(viewer.user);
    return { viewer, db: wrapDatabaseWriter({ viewer }, ctx.db, scopeRules, POLICY) };
  }),
);

/**
 * A public query for whoever runs the service. `ctx.db` is the whole database, so what is built on this answers with
 * numbers and ids alone. Refuses everybody else as `forbidden`, and those who are not signed in as `unauthenticated`.
 */
export const operatorQuery = customQuery(
  query,
  customCtx(async (ctx: QueryCtx) => {
    const viewer = await requireViewer(ctx);
    if (!isOperator(viewer.user.identityId)) throw refusal("forbidden", "This is for whoever runs the service.");
    requireOpen(viewer.user);
    return {};
  }),
);

/**
 * A public query for whoever has signed in, also when they have no account any more: `ctx.identityId` says who. `ctx.db`
 * is the whole database, so what is built on this reads by that id alone. Refuses others as `unauthenticated`.
 */
export const identityQuery = customQuery(
  query,
  customCtx(async (ctx: QueryCtx) => ({ identityId: (await requireIdentity(ctx)).subject })),
);

/** A query's context as public functions have it. */
export type ViewerQueryCtx = QueryCtx & { viewer: Viewer };
/** A mutation's context as public functions have it. */
export type ViewerMutationCtx = MutationCtx & { viewer: Viewer };

/** The identity of the caller. Throws `unauthenticated` without one. */
export async function requireIdentity(ctx: Pick<QueryCtx, "auth">): Promise<UserIdentity> {
  const identity = await ctx.auth.getUserIdentity();
  if (!identity) throw refusal("unauthenticated", "Sign in to go on.");
  return identity;
}

/** The person behind an identity, or null before their first sign-in and after their erasure began. */
export async function findUser(db: QueryCtx["db"], identityId: string): Promise<Doc<"users"> | null> {
  const user = await db
    .query("users")
    .withIndex("by_identity", (q) => q.eq("identityId", identityId))
    .unique();
  return user?.state === "erasing" ? null : user;
}

/** Refuses to write for an account that is not live. */
export function requireLive(user: Doc<"users">): void {
  if (user.state === "live") return;
  if (user.state === "restricted") throw refusal("restricted", "Processing is restricted: your data can only be read.");
  if (user.state === "erasing") throw refusal("closing", "This account is being erased.");
  requireOpen(user);
}

/** Refuses an account that was closed: its person can reopen, export or erase it, and nothing else. See [Note: Closing]. */
function requireOpen(user: Doc<"users">): void {
  if (user.state === "closing") throw refusal("closing", "This account is closed. Reopen it to go on.");
}

async function viewerContext(ctx: QueryCtx): Promise<Pick<ViewerQueryCtx, "viewer" | "db">> {
  const viewer = await requireViewer(ctx);
  requireOpen(viewer.user);
  return { viewer, db: wrapDatabaseReader({ viewer }, ctx.db, scopeRules, POLICY) };
}

async function requireViewer(ctx: QueryCtx): Promise<Viewer> {
  const identity = await requireIdentity(ctx);
  const user = await findUser(ctx.db, identity.subject);
  if (!user?.workspaceId) throw refusal("unauthenticated", "Sign in to go on.");
  const { _id: userId, workspaceId } = user;
  const membership = await ctx.db
    .query("memberships")
    .withIndex("by_user", (q) => q.eq("userId", userId).eq("workspaceId", workspaceId))
    .unique();
  if (!membership) throw refusal("forbidden", "You are not a member of this workspace.");
  return { userId, user, workspaceId, role: membership.role };
}
