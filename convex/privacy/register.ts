import { type Infer, v } from "convex/values";
import { ANSWER_MS, CONFIRM_MS, REMIND_MS, REQUEST_MS, type RequestKind } from "../../src/policy/rights.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { vAnswer, vRequestKind, vRequestState, vVerification } from "./schema.ts";

/*
 * [Note: Register of requests]
 * Whatever somebody asks about their data gets a row with its deadlines, whether they ask in the app, where signing in has
 * said who they are, or by mail, where an operator enters it and records how the sender was verified. A request cannot be
 * marked as fulfilled before that. Open requests near their deadline raise an alert every day until they are answered.
 */

/** Open requests of one look. There are never many, and what is left over comes next. */
const ROWS_PER_LOOK = 200;
/** The operator's number of a correspondence, and nothing that could be a name or an address. */
const REFERENCE = /^[A-Za-z0-9._#/-]{1,64}$/;

/** A request as the person it is about sees it. */
export const vPrivacyRequest = v.object({
  kind: vRequestKind,
  channel: v.union(v.literal("app"), v.literal("mail")),
  receivedAt: v.number(),
  /** Until when its receipt is confirmed. In the app that is at once. */
  confirmBy: v.number(),
  /** Until when it is answered. */
  dueAt: v.number(),
  state: vRequestState,
  answeredAt: v.union(v.number(), v.null()),
});

/** A request as operators see it. */
export const vRegistered = v.object({
  ...vPrivacyRequest.fields,
  reference: v.string(),
  verifiedBy: v.union(vVerification, v.null()),
  isOverdue: v.boolean(),
});

export type RegisteredRequest = Infer<typeof vRegistered>;

/** When a request must be confirmed and answered. Pure. */
function deadlines(receivedAt: number): { confirmBy: number; dueAt: number } {
  return { confirmBy: receivedAt + CONFIRM_MS, dueAt: receivedAt + ANSWER_MS };
}

/** Enters a request of a signed-in person. While one of its kind is open, that one is all there is. */
export async function enterOwnRequest(
  ctx: MutationCtx,
  ownerId: Id<"users">,
  kind: RequestKind,
): Promise<Doc<"privacyRequests">> {
  const open = await findOpen(ctx.db, ownerId, kind);
  if (open) return open;
  const nowMs = Date.now();
  const requestId = await ctx.db.insert("privacyRequests", {
    ownerId,
    kind,
    channel: "app",
    receivedAt: nowMs,
    ...deadlines(nowMs),
    verifiedBy: "session",
    verifiedAt: nowMs,
    state: "open",
  });
  return (await ctx.db.get("privacyRequests", requestId)) as Doc<"privacyRequests">;
}

/** A request as the person it is about sees it. */
export function presentRequest(request: Doc<"privacyRequests">): Infer<typeof vPrivacyRequest> {
  const { kind, channel, receivedAt, confirmBy, dueAt, state, answeredAt = null } = request;
  return { kind, channel, receivedAt, confirmBy, dueAt, state, answeredAt };
}

/** The open requests, those due first, for operators. */
export const listOpen = internalQuery({
  args: {},
  returns: v.array(vRegistered),
  handler: (ctx) => openRequests(ctx.db, Date.now()),
});

/** As `listOpen`. */
export async function openRequests(db: QueryCtx["db"], nowMs: number): Promise<RegisteredRequest[]> {
  const open = await db
    .query("privacyRequests")
    .withIndex("by_due", (q) => q.eq("state", "open"))
    .take(ROWS_PER_LOOK);
  return open.map((request) => presentRegistered(request, nowMs));
}

/**
 * Enters a request that came by mail under the operator's reference. Throws an Error where the reference could name
 * somebody or is taken, and where the request is from the future. Without `apply` nothing changes.
 */
export const record = internalMutation({
  args: { reference: v.string(), kind: vRequestKind, receivedAt: v.number(), apply: v.boolean() },
  returns: vRegistered,
  handler: async (ctx, { reference, kind, receivedAt, apply }) => {
    const nowMs = Date.now();
    if (!REFERENCE.test(reference)) throw new Error("A reference is a number of your own, without names or addresses.");
    if (await findByReference(ctx, reference)) throw new Error(`There is a request ${reference} already.`);
    if (!(receivedAt <= nowMs)) throw new Error("A request cannot come from the future.");
    const request = { reference, kind, channel: "mail" as const, receivedAt, ...deadlines(receivedAt) };
    const row = { ...request, state: "open" as const };
    if (apply) await ctx.db.insert("privacyRequests", row);
    return presentRegistered(row, nowMs);
  },
});

/**
 * Records how it was made sure who sent a request, and whose account it is about where there is one. Throws an Error where
 * there is no such open request or account. Without `apply` nothing changes.
 */
export const verify = internalMutation({
  args: {
    reference: v.string(),
    verifiedBy: vVerification,
    /** The identity provider's id of the person. */
    identityId: v.optional(v.string()),
    apply: v.boolean(),
  },
  returns: vRegistered,
  handler: async (ctx, { reference, verifiedBy, identityId, apply }) => {
    const request = await requireOpen(ctx, reference);
    const ownerId = (await ownerOf(ctx, identityId)) ?? request.ownerId;
    const verified = { verifiedBy, verifiedAt: Date.now(), ownerId };
    if (apply) await ctx.db.patch("privacyRequests", request._id, verified);
    return presentRegistered({ ...request, ...verified }, Date.now());
  },
});

/**
 * Records what became of a request. Throws an Error where there is no such open request, and where it would be fulfilled
 * for somebody who was not verified. Without `apply` nothing changes.
 */
export const answer = internalMutation({
  args: { reference: v.string(), state: vAnswer, apply: v.boolean() },
  returns: vRegistered,
  handler: async (ctx, { reference, state, apply }) => {
    const request = await requireOpen(ctx, reference);
    if (state === "fulfilled" && !request.verifiedBy) throw new Error("Record first how the sender was verified.");
    const answered = { state, answeredAt: Date.now() };
    if (apply) await ctx.db.patch("privacyRequests", request._id, answered);
    return presentRegistered({ ...request, ...answered }, Date.now());
  },
});

/**
 * Raises the alert for open requests that are due within a week or overdue, and deletes what was answered longer ago than
 * is kept. Gives how many are overdue. An idle run reads two index ranges and no rows.
 */
export const look = internalMutation({
  args: {},
  returns: v.object({ due: v.number(), overdue: v.number() }),
  handler: async (ctx): Promise<{ due: number; overdue: number }> => {
    const nowMs = Date.now();
    const due = await ctx.db
      .query("privacyRequests")
      .withIndex("by_due", (q) => q.eq("state", "open").lte("dueAt", nowMs + REMIND_MS))
      .take(ROWS_PER_LOOK);
    const overdue = due.filter(({ dueAt }) => dueAt <= nowMs).length;
    if (due.length > 0) console.error(`Requests about data: ${overdue} overdue, ${due.length - overdue} due in a week`);
    await deleteOld(ctx, nowMs);
    return { due: due.length - overdue, overdue };
  },
});

async function deleteOld(ctx: MutationCtx, nowMs: number): Promise<void> {
  const old = await ctx.db
    .query("privacyRequests")
    .withIndex("by_answer", (q) => q.gt("answeredAt", 0).lt("answeredAt", nowMs - REQUEST_MS))
    .take(ROWS_PER_LOOK);
  for (const { _id } of old) await ctx.db.delete("privacyRequests", _id);
  if (old.length === ROWS_PER_LOOK) await ctx.scheduler.runAfter(0, internal.privacy.register.look, {});
}

async function findOpen(db: QueryCtx["db"], ownerId: Id<"users">, kind: RequestKind) {
  const newest = db
    .query("privacyRequests")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
    .order("desc");
  for await (const request of newest) if (request.kind === kind && request.state === "open") return request;
  return null;
}

async function requireOpen(ctx: MutationCtx, reference: string): Promise<Doc<"privacyRequests">> {
  const byId = ctx.db.normalizeId("privacyRequests", reference);
  const request = byId ? await ctx.db.get("privacyRequests", byId) : await findByReference(ctx, reference);
  if (request?.state !== "open") throw new Error(`There is no open request ${reference}.`);
  return request;
}

function findByReference(ctx: MutationCtx, reference: string): Promise<Doc<"privacyRequests"> | null> {
  return ctx.db
    .query("privacyRequests")
    .withIndex("by_reference", (q) => q.eq("reference", reference))
    .unique();
}

async function ownerOf(ctx: MutationCtx, identityId: string | undefined): Promise<Id<"users"> | undefined> {
  if (identityId === undefined) return undefined;
  const user = await ctx.db
    .query("users")
    .withIndex("by_identity", (q) => q.eq("identityId", identityId))
    .unique();
  if (!user) throw new Error(`Nobody has the id ${identityId} here.`);
  return user._id;
}

function presentRegistered(
  request: Omit<Doc<"privacyRequests">, "_id" | "_creationTime"> & Partial<Pick<Doc<"privacyRequests">, "_id">>,
  nowMs: number,
): RegisteredRequest {
  const { kind, channel, receivedAt, confirmBy, dueAt, state, answeredAt = null, verifiedBy = null } = request;
  const shown = { kind, channel, receivedAt, confirmBy, dueAt, state, answeredAt };
  const isOverdue = state === "open" && dueAt <= nowMs;
  return { ...shown, reference: request.reference ?? request._id ?? "", verifiedBy, isOverdue };
}
