import { type Infer, v } from "convex/values";
import { EXPORT_MS } from "../../src/policy/periods.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { surelyPast } from "../lib/sweeping.ts";
import { drainSoon, noteDelete } from "../media/deletes.ts";
import { takeReservation, vStoredObject } from "../media/reservations.ts";
import { loadSealMaterial, vSealMaterial } from "../media/seals.ts";
import { receiptFor } from "../privacy/proofs.ts";
import { FIRST_PLACE } from "./pages.ts";
import { vPlace } from "./schema.ts";

/*
 * [Note: Exports]
 * An archive is written in pieces, each by an action of its own and each a sealed object of the bucket; the content of all
 * pieces, one behind the other, is the archive. The transaction that keeps a piece also says where the next one goes on
 * and starts it. So an action that dies costs one piece, which is written again, and no step needs more memory than its
 * own piece does on its way. The archive is no picture of one moment: what is written meanwhile may or may not be in it.
 */

/** How long a step may be silent: longer than an action may run. */
const SILENT_MS = 12 * 60 * 1000;
/** Tries of one piece before the archive is given up, and whoever runs the service is told. */
const ATTEMPTS = 5;
const EXPORTS_PER_RUN = 20;
const PIECES_PER_RUN = 100;
const LISTINGS_PER_PAGE = 8;

const vTurn = { exportId: v.id("exports"), piece: v.number() };

/** An archive as its next step needs it. */
const vProgress = v.object({
  ownerId: v.id("users"),
  workspaceId: v.id("workspaces"),
  place: v.union(vPlace, v.null()),
  contentBytes: v.number(),
  requestedAt: v.number(),
  /** What the seal of the account's library is made of. */
  material: vSealMaterial,
});

/** Begins an archive for somebody. */
export async function beginExport(
  ctx: MutationCtx,
  owned: Pick<Doc<"exports">, "ownerId" | "workspaceId">,
): Promise<Id<"exports">> {
  const nowMs = Date.now();
  const times = { requestedAt: nowMs, changedAt: nowMs };
  const start = { state: "building" as const, pieces: 0, place: FIRST_PLACE, contentBytes: 0, attempts: 1 };
  const exportId = await ctx.db.insert("exports", { ...owned, ...start, ...times });
  await ctx.scheduler.runAfter(0, internal.exports.building.build, { exportId, piece: 0 });
  return exportId;
}

/** Somebody's archives, the newest first. */
export function newestExports(ctx: Pick<QueryCtx, "db">, ownerId: Id<"users">, count: number) {
  return ctx.db
    .query("exports")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
    .order("desc")
    .take(count);
}

/** What a step goes on from; null where it is late, or the archive or the account has ended. */
export const progress = internalQuery({
  args: vTurn,
  returns: v.union(v.null(), vProgress),
  handler: async (ctx, turn) => {
    const row = await loadTurn(ctx, turn);
    const material = row && (await loadSealMaterial(ctx.db, { ownerId: row.ownerId, workspaceId: row.workspaceId }));
    if (!material) return null;
    const { ownerId, workspaceId, place, contentBytes, requestedAt } = row;
    return { ownerId, workspaceId, place, contentBytes, requestedAt, material };
  },
});

/** What the directory and the manifest say of a page of the pieces, in their order, sealed. */
export const written = internalQuery({
  args: { exportId: v.id("exports"), cursor: v.union(v.string(), v.null()) },
  returns: v.object({
    listings: v.array(v.object({ key: v.string(), sealedListing: v.bytes() })),
    cursor: v.union(v.string(), v.null()),
  }),
  handler: async (ctx, { exportId, cursor }) => {
    const { page, isDone, continueCursor } = await ctx.db
      .query("exportPieces")
      .withIndex("by_export", (q) => q.eq("exportId", exportId))
      .paginate({ numItems: LISTINGS_PER_PAGE, cursor });
    const listings = page.map(({ key, sealedListing }) => ({ key, sealedListing }));
    return { listings, cursor: isDone ? null : continueCursor };
  },
});

/** Reserves a bucket key for a piece: see [Note: Reservations]. Null where `progress` would be. */
export const reserve = internalMutation({
  args: { ...vTurn, key: v.string() },
  returns: v.union(v.null(), vSealMaterial),
  handler: async (ctx, { key, ...turn }) => {
    const row = await loadTurn(ctx, turn);
    const home = row && { ownerId: row.ownerId, workspaceId: row.workspaceId };
    const material = home && (await loadSealMaterial(ctx.db, home));
    if (material) await ctx.db.insert("uploads", { ...home, key, reservedAt: Date.now() });
    return material;
  },
});

/** Keeps a piece and starts the next; gives the bytes up where the step is late or the account has ended. */
export const keep = internalMutation({
  args: {
    ...vTurn,
    stored: vStoredObject,
    sealedListing: v.bytes(),
    next: v.union(vPlace, v.null()),
  },
  returns: v.null(),
  handler: async (ctx, { stored, sealedListing, next, ...turn }) => {
    if (!(await takeReservation(ctx, stored.key))) return null;
    const row = await loadTurn(ctx, turn);
    if (!row) {
      await noteDelete(ctx, { key: stored.key });
      await drainSoon(ctx);
      return null;
    }
    const { exportId, piece } = turn;
    const fromByte = row.contentBytes;
    await ctx.db.insert("exportPieces", { ownerId: row.ownerId, exportId, fromByte, sealedListing, ...stored });
    const pieces = piece + 1;
    const grown = { pieces, place: next, contentBytes: fromByte + stored.contentBytes, attempts: 1 };
    const nowMs = Date.now();
    const end = next ? {} : { state: "ready" as const, expiresAt: nowMs + EXPORT_MS };
    await ctx.db.patch("exports", exportId, { ...grown, ...end, changedAt: nowMs });
    if (next) await ctx.scheduler.runAfter(0, internal.exports.building.build, { exportId, piece: pieces });
    return null;
  },
});

/** Starts again what has fallen silent, and gives up what was tried often. An idle run reads one empty index range. */
export const resumeSilent = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const nowMs = Date.now();
    const silent = await ctx.db
      .query("exports")
      .withIndex("by_state", (q) => q.eq("state", "building").lt("changedAt", nowMs - SILENT_MS))
      .take(EXPORTS_PER_RUN);
    for (const { _id: exportId, pieces: piece, attempts } of silent) {
      const isOver = attempts >= ATTEMPTS;
      if (isOver) console.error(`The export ${exportId} failed after ${attempts} tries of piece ${piece}`);
      const end = isOver ? { state: "failed" as const, expiresAt: nowMs + EXPORT_MS } : { attempts: attempts + 1 };
      await ctx.db.patch("exports", exportId, { ...end, changedAt: nowMs });
      if (!isOver) await ctx.scheduler.runAfter(0, internal.exports.building.build, { exportId, piece });
    }
    return null;
  },
});

/** Deletes archives past their time, pieces first. An idle run reads one empty index range. */
export const sweep = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const over = await ctx.db
      .query("exports")
      .withIndex("by_expiry", (q) => q.gt("expiresAt", 0).lte("expiresAt", surelyPast(0, Date.now())))
      .first();
    if (!over) return null;
    const pieces = await ctx.db
      .query("exportPieces")
      .withIndex("by_export", (q) => q.eq("exportId", over._id))
      .take(PIECES_PER_RUN);
    for (const piece of pieces) await removePiece(ctx, piece);
    if (pieces.length < PIECES_PER_RUN) await removeArchive(ctx, over);
    if (pieces.length > 0) await drainSoon(ctx);
    await ctx.scheduler.runAfter(0, internal.exports.steps.sweep, {});
    return null;
  },
});

/** Deletes an archive whose pieces are gone, with a receipt for its owner. */
async function removeArchive(ctx: MutationCtx, { _id, ownerId }: Doc<"exports">): Promise<void> {
  await ctx.db.delete("exports", _id);
  const gone = { what: "archive", why: "period", unreadableAt: Date.now(), messages: 0, files: 1 } as const;
  await receiptFor(ctx, ownerId, gone);
}

/** Deletes a piece, for an erasure where one does; its bytes go to the outbox in the same transaction. */
export async function removePiece(
  ctx: MutationCtx,
  { _id, key }: Doc<"exportPieces">,
  jobId?: Id<"erasureJobs">,
): Promise<void> {
  await ctx.db.delete("exportPieces", _id);
  await noteDelete(ctx, { key, jobId });
}

/** The archive whose turn it is to write that piece, for an account that has not ended. */
async function loadTurn(
  ctx: Pick<QueryCtx, "db">,
  { exportId, piece }: { exportId: Id<"exports">; piece: number },
): Promise<Doc<"exports"> | null> {
  const row = await ctx.db.get("exports", exportId);
  if (row?.state !== "building" || row.pieces !== piece) return null;
  const owner = await ctx.db.get("users", row.ownerId);
  return owner && owner.state !== "erasing" ? row : null;
}

export type Progress = Infer<typeof vProgress>;
