import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { vSettings } from "../account/schema.ts";
import { loadUserKey, readKeyring } from "../encryption/vault.ts";
import { enterChoices } from "../erasure/ledger.ts";
import type { ViewerMutationCtx } from "../lib/functions.ts";
import { vChoices } from "../privacy/schema.ts";

/*
 * [Note: Imports]
 * An archive that a person took with them is brought into an account that is empty, by an operator's command that reads
 * the archive and calls the functions of this folder: chats first, then files, orders, messages, and at last what ties
 * them together, since each names rows that must exist before it. Rows get ids and keys of this deployment; what they
 * said, when, on which branch and beside which alternatives stays as it was. What another ledger recorded becomes history
 * and changes no balance.
 *
 * An import that is cut off is run again, and goes on: rows come in pages that the same archive always has the same, and
 * the account's import counts those that are written, in the transaction that writes them. Rows of such a page are found by
 * the name under which they are sealed, which the same import always gives the same, and none is written again: one that is
 * not there was deleted, with its chat or by itself, and stays so. Whatever the account's person wrote meanwhile stays.
 */

/** The account that is to be filled, and the name of the deployment that its files are bound to. */
const vTarget = v.object({ ownerId: v.id("users"), workspaceId: v.id("workspaces"), envId: v.string() });

/**
 * Finds the account of an identity. Throws an Error where there is none that is live and, unless this very archive is
 * being brought into it, empty. `isBegun` says which.
 */
export const find = internalQuery({
  args: { identityId: v.string(), archive: v.string() },
  returns: v.object({ ...vTarget.fields, isBegun: v.boolean() }),
  handler: async (ctx, { identityId, archive }) => {
    const user = await ctx.db
      .query("users")
      .withIndex("by_identity", (q) => q.eq("identityId", identityId))
      .unique();
    const { _id: ownerId, workspaceId } = user ?? {};
    if (!user || !ownerId || !workspaceId) throw new Error(`Nobody has the id ${identityId} here: they sign in first.`);
    if (user.state !== "live" || !(await loadUserKey(ctx.db, ownerId))) throw new Error("The account is not live.");
    const begun = await findImport(ctx.db, ownerId);
    if (begun && begun.archive !== archive)
      throw new Error("Another archive was not brought over to its end: go on with it.");
    if (!begun && !(await isEmpty(ctx.db, workspaceId))) {
      throw new Error("The account is not empty: an import would mix two.");
    }
    return { ownerId, workspaceId, envId: readKeyring().envId, isBegun: begun !== null };
  },
});

/**
 * Begins an import under `importId`, or goes on with the one that was begun; gives the id that counts. With the beginning
 * it takes over a name, settings, and what was consented and objected to.
 */
export const begin = internalMutation({
  args: {
    ownerId: v.id("users"),
    archive: v.string(),
    importId: v.string(),
    name: v.string(),
    settings: vSettings,
    consents: vChoices.fields.consents,
    objections: vChoices.fields.objections,
  },
  returns: v.string(),
  handler: async (ctx, { ownerId, archive, importId, name, settings, consents, objections }) => {
    const begun = await findImport(ctx.db, ownerId);
    if (begun) return begun.importId;
    const written = { threads: 0, media: 0, jobs: 0, messages: 0, records: 0 };
    await ctx.db.insert("imports", { ownerId, archive, importId, written, startedAt: Date.now() });
    await ctx.db.patch("users", ownerId, { name, settings });
    await addConsents(ctx, ownerId, consents);
    for (const row of objections) await ctx.db.insert("objections", { ownerId, ...row });
    await enterChoices(ctx, ownerId);
    return importId;
  },
});

/** Ends an import, all of which is there: the account is like any other from now on. */
export const finish = internalMutation({
  args: { ownerId: v.id("users") },
  returns: v.null(),
  handler: async (ctx, { ownerId }) => {
    const begun = await findImport(ctx.db, ownerId);
    if (begun) await ctx.db.delete("imports", begun._id);
    return null;
  },
});

/** The import into an account that has not come to its end, or null. */
export function findImport(db: QueryCtx["db"], ownerId: Id<"users">): Promise<Doc<"imports"> | null> {
  return db
    .query("imports")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
    .unique();
}

/** A page of an account's import, of one kind. */
export interface Page {
  ownerId: Id<"users">;
  kind: keyof Doc<"imports">["written"];
  /** Counts the pages of its kind from 0. */
  page: number;
}

/** Whether a page was written before. Throws an Error where the account has no import under way. */
export async function isWritten(db: QueryCtx["db"], { ownerId, kind, page }: Page): Promise<boolean> {
  return page < (await requireImport(db, ownerId)).written[kind];
}

/** Counts a page as written, for the caller to write it in the same transaction. False where it was before. */
export async function takePage(ctx: MutationCtx, { ownerId, kind, page }: Page): Promise<boolean> {
  const { _id, written } = await requireImport(ctx.db, ownerId);
  if (page < written[kind]) return false;
  await ctx.db.patch("imports", _id, { written: { ...written, [kind]: page + 1 } });
  return true;
}

/**
 * Throws an Error where a chat was deleted and can still be brought back, since it would lack what was written meanwhile.
 * What is for a chat that is gone for good is left out.
 */
export async function refuseUndoable(db: QueryCtx["db"], threadId: Id<"threads"> | undefined): Promise<void> {
  const thread = threadId && (await db.get("threads", threadId));
  if (!thread || thread.state !== "removed") return;
  throw new Error("A chat was deleted a moment ago and can still be brought back: run the import again in a minute.");
}

async function requireImport(db: QueryCtx["db"], ownerId: Id<"users">): Promise<Doc<"imports">> {
  const begun = await findImport(db, ownerId);
  if (!begun) throw new Error("No archive is being brought into this account.");
  return begun;
}

/** Enters what was consented to and what was withdrawn, each at its time, as far as it is not there. */
export async function addConsents(
  ctx: MutationCtx,
  ownerId: Id<"users">,
  consents: Infer<typeof vChoices>["consents"],
): Promise<void> {
  for (const consent of consents) {
    const { purpose, at } = consent;
    const known = await ctx.db
      .query("consents")
      .withIndex("by_owner", (q) => q.eq("ownerId", ownerId).eq("purpose", purpose).eq("at", at))
      .first();
    if (!known) await ctx.db.insert("consents", { ownerId, ...consent });
  }
}

/** The account's own context, as its person would have it. Throws an Error where the account is not live any more. */
export async function asOwner(ctx: MutationCtx, ownerId: Id<"users">): Promise<ViewerMutationCtx> {
  const user = await ctx.db.get("users", ownerId);
  if (user?.state !== "live" || !user.workspaceId) throw new Error("The account is not live any more.");
  return { ...ctx, viewer: { userId: ownerId, user, workspaceId: user.workspaceId, role: "owner" } };
}

async function isEmpty(db: QueryCtx["db"], workspaceId: Id<"workspaces">): Promise<boolean> {
  const found = await Promise.all([
    db
      .query("threads")
      .withIndex("by_activity", (q) => q.eq("workspaceId", workspaceId))
      .first(),
    db
      .query("media")
      .withIndex("by_time", (q) => q.eq("workspaceId", workspaceId))
      .first(),
    db
      .query("mediaJobs")
      .withIndex("by_time", (q) => q.eq("workspaceId", workspaceId))
      .first(),
  ]);
  return found.every((row) => row === null);
}
