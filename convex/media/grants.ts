import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalQuery, type QueryCtx } from "../_generated/server.js";
import { readKeyring } from "../encryption/vault.ts";
import { findUser } from "../lib/functions.ts";
import { isReadable } from "../threads/access.ts";
import { vObjectRole, vOwnedObject } from "./schema.ts";
import { loadSealMaterial, vSealMaterial } from "./seals.ts";
import { holdsTicket, type Ticket, type TicketSubject } from "./tickets.ts";

const vTicket = v.object({ sessionId: v.string(), expiresAt: v.number(), signature: v.string() });

/** What serving an object takes: where it is, what it is, and what opens it. */
export const vGrant = v.object({
  objectId: v.id("objects"),
  recordId: v.string(),
  sealedName: v.optional(v.bytes()),
  object: vOwnedObject,
  material: vSealMaterial,
});

export type Grant = Infer<typeof vGrant>;

/**
 * Grants the reading of an object to whoever shows a ticket for it, or else to the caller. Null for everything that does
 * not exist, has ended, is of a closed account or is somebody else's, all the same.
 */
export const grant = internalQuery({
  args: { mediaId: v.string(), role: vObjectRole, ticket: v.union(v.null(), vTicket) },
  returns: v.union(v.null(), vGrant),
  handler: async (ctx, { ticket, ...subject }) => {
    const reader = ticket ? await ticketHolder(ctx, subject, ticket) : await caller(ctx);
    const medium = reader && (await loadReadable(ctx, reader, subject.mediaId));
    return medium && grantFor(ctx, medium, subject.role);
  },
});

/** What reads an object of a medium; null where it has no such object or its keys are gone. */
export async function grantFor(
  ctx: QueryCtx,
  medium: Doc<"media">,
  role: Doc<"objects">["role"],
): Promise<Grant | null> {
  const row = await ctx.db
    .query("objects")
    .withIndex("by_media", (q) => q.eq("mediaId", medium._id).eq("role", role))
    .unique();
  const material = row && (await loadSealMaterial(ctx.db, medium));
  if (!material) return null;
  const { ownerId, key, sealedKey, header, commitment, mime, contentBytes } = row;
  const object = { ownerId, key, sealedKey, header, commitment, mime, contentBytes };
  return { objectId: row._id, recordId: medium.recordId, sealedName: medium.sealedName, object, material };
}

async function caller(ctx: QueryCtx): Promise<Doc<"users"> | null> {
  const identity = await ctx.auth.getUserIdentity();
  const user = identity && (await findUser(ctx.db, identity.subject));
  return user && isShown(user) ? user : null;
}

async function ticketHolder(ctx: QueryCtx, subject: TicketSubject, ticket: Ticket): Promise<Doc<"users"> | null> {
  const id = ctx.db.normalizeId("mediaSessions", ticket.sessionId);
  const session = id && (await ctx.db.get("mediaSessions", id));
  if (!session) return null;
  if (!(await holdsTicket(readKeyring(), { session, subject, ticket, nowMs: Date.now() }))) return null;
  const user = await ctx.db.get("users", session.ownerId);
  return user && isShown(user) ? user : null;
}

/** Nothing is shown of an account that is closed or being erased: see [Note: Closing]. */
function isShown({ state }: Doc<"users">): boolean {
  return state !== "closing" && state !== "erasing";
}

async function loadReadable(ctx: QueryCtx, reader: Doc<"users">, mediaId: string): Promise<Doc<"media"> | null> {
  const id = ctx.db.normalizeId("media", mediaId);
  const medium = id && (await ctx.db.get("media", id));
  if (!medium || !(await isMember(ctx, reader._id, medium.workspaceId))) return null;
  if (!medium.threadId) return medium;
  const thread = await ctx.db.get("threads", medium.threadId);
  return thread && isReadable(thread, Date.now()) ? medium : null;
}

async function isMember(ctx: QueryCtx, userId: Id<"users">, workspaceId: Id<"workspaces">): Promise<boolean> {
  const membership = await ctx.db
    .query("memberships")
    .withIndex("by_user", (q) => q.eq("userId", userId).eq("workspaceId", workspaceId))
    .unique();
  return membership !== null;
}
