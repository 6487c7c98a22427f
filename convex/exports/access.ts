import { type Infer, v } from "convex/values";
import type { Doc } from "../_generated/dataModel.js";
import { internalQuery, type QueryCtx } from "../_generated/server.js";
import { readKeyring } from "../encryption/vault.ts";
import { findUser } from "../lib/functions.ts";
import { vOwnedObject } from "../media/schema.ts";
import { loadSealMaterial, vSealMaterial } from "../media/seals.ts";
import { holdsExportTicket, makeExportTicket } from "./tickets.ts";

const vTicket = v.object({ expiresAt: v.number(), signature: v.string() });

/** An archive as its person sees it. */
export const vExport = v.object({
  exportId: v.id("exports"),
  state: v.union(v.literal("building"), v.literal("ready"), v.literal("failed")),
  contentBytes: v.number(),
  requestedAt: v.number(),
  /** When it is deleted; null while it is being written. */
  expiresAt: v.union(v.number(), v.null()),
  /** Where it can be saved from without a token, for half an hour at least; null until it is ready. */
  url: v.union(v.string(), v.null()),
});

/** The piece of an archive that a byte is in, and what opens it. */
const vPiece = v.object({
  exportId: v.id("exports"),
  archiveBytes: v.number(),
  fromByte: v.number(),
  object: vOwnedObject,
  material: vSealMaterial,
});

export type GrantedPiece = Infer<typeof vPiece>;

/** An archive as its person sees it. */
export async function presentExport(ctx: Pick<QueryCtx, "db">, row: Doc<"exports">): Promise<Infer<typeof vExport>> {
  const { _id: exportId, state, contentBytes, requestedAt, expiresAt = null } = row;
  const first = state === "ready" ? await pieceAt(ctx, row, 0) : null;
  const ticket = first && (await makeExportTicket(readKeyring(), first, Date.now()));
  const query = ticket && new URLSearchParams({ expires: String(ticket.expiresAt), signature: ticket.signature });
  const url = query && `${process.env.CONVEX_SITE_URL ?? ""}/exports/${exportId}?${query}`;
  return { exportId, state, contentBytes, requestedAt, expiresAt, url };
}

/**
 * Grants the reading of the piece that holds a byte of an archive, to whoever shows a ticket for the archive, or else to
 * the caller. Null for everything that does not exist, is over or is somebody else's, all the same. A byte past the end
 * gives the first piece.
 */
export const grant = internalQuery({
  args: { exportId: v.string(), atByte: v.number(), ticket: v.union(v.null(), vTicket) },
  returns: v.union(v.null(), vPiece),
  handler: async (ctx, { exportId, atByte, ticket }) => {
    const id = ctx.db.normalizeId("exports", exportId);
    const row = id && (await ctx.db.get("exports", id));
    const nowMs = Date.now();
    if (row?.state !== "ready" || nowMs >= (row.expiresAt ?? 0)) return null;
    const first = await pieceAt(ctx, row, 0);
    if (!first) return null;
    const isHolder = ticket
      ? await holdsExportTicket(readKeyring(), { first, ticket, nowMs })
      : (await caller(ctx)) === row.ownerId;
    const owner = await ctx.db.get("users", row.ownerId);
    if (!isHolder || !owner || owner.state === "erasing") return null;
    return grantPiece(ctx, row, atByte < row.contentBytes ? await pieceAt(ctx, row, atByte) : first);
  },
});

async function grantPiece(ctx: QueryCtx, row: Doc<"exports">, piece: Doc<"exportPieces"> | null) {
  const { ownerId, workspaceId } = row;
  const material = piece && (await loadSealMaterial(ctx.db, { ownerId, workspaceId }));
  if (!material) return null;
  const { exportId, fromByte, key, sealedKey, header, commitment, mime, contentBytes } = piece;
  const object = { ownerId, key, sealedKey, header, commitment, mime, contentBytes };
  return { exportId, archiveBytes: row.contentBytes, fromByte, object, material };
}

/** The piece of an archive that holds a byte. */
function pieceAt(
  ctx: Pick<QueryCtx, "db">,
  { _id }: Doc<"exports">,
  atByte: number,
): Promise<Doc<"exportPieces"> | null> {
  return ctx.db
    .query("exportPieces")
    .withIndex("by_export", (q) => q.eq("exportId", _id).lte("fromByte", atByte))
    .order("desc")
    .first();
}

async function caller(ctx: QueryCtx) {
  const identity = await ctx.auth.getUserIdentity();
  return identity && (await findUser(ctx.db, identity.subject))?._id;
}
