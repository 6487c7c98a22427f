import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { matchLock } from "../account/closing.ts";
import { loadThreadKey } from "../encryption/vault.ts";
import { type HeldScope, holdsOn } from "../legalHolds/holding.ts";
import { drainSoon } from "../media/deletes.ts";
import { removeMedium } from "../media/keeping.ts";
import { type Changes, type Choices, changesTo, choicesOf, findObjection } from "../privacy/choices.ts";
import { vChoices } from "../privacy/schema.ts";
import { endThread } from "../threads/removal.ts";
import { stripApplied } from "../webhooks/objecting.ts";
import { beginErasure, resumeHeld } from "./beginning.ts";
import { type Entered, enterChoices, enterHolds, enterPin, type Forgotten } from "./ledger.ts";
import { ledgerSubject } from "./pseudonyms.ts";
import { vEntered, vForgotten, vHeldKind, vHolds, vPin } from "./schema.ts";

/*
 * Replays the ledger on a database that was brought back: see [Note: Erasure ledger]. Whoever replays goes through all
 * accounts, chats and files, compares their pseudonyms with the ledger's, and has legal holds and what people have decided
 * brought into force, and what is in it deleted. Holds come first, since whatever deletes asks for them. What is brought into
 * force is entered anew, so that the ledger of this database says what holds in it.
 *
 * What the ledger says was deleted was not held then: a hold that came later protects rows, and brings back no content.
 */

const ROWS_PER_PAGE = 200;
const BYTES_PER_PAGE = 4 * 1024 * 1024;

/** The tables of what the ledger has entries of. */
const vTable = v.union(v.literal("users"), v.literal("threads"), v.literal("media"), v.literal("erasureJobs"));

/**
 * A page of a table, under the pseudonyms that what is in it has in entries of one kind: of accounts that are being erased,
 * the accounts are. `isKeyless`: it is a chat that nothing opens any more.
 */
export const rows = internalQuery({
  args: { what: vEntered, table: vTable, cursor: v.union(v.string(), v.null()) },
  returns: v.object({
    rows: v.array(v.object({ id: v.string(), subject: v.string(), isKeyless: v.boolean() })),
    cursor: v.union(v.string(), v.null()),
  }),
  handler: async (ctx, { what, table, cursor }) => {
    const options = { numItems: ROWS_PER_PAGE, cursor, maximumBytesRead: BYTES_PER_PAGE };
    const { page, isDone, continueCursor } = await ctx.db.query(table).paginate(options);
    const known = page.flatMap((row) => {
      const id: string | undefined = table === "erasureJobs" ? (row as Doc<"erasureJobs">).ownerId : row._id;
      return id === undefined ? [] : [named(ctx, what, { id, row })];
    });
    return { rows: await Promise.all(known), cursor: isDone ? null : continueCursor };
  },
});

/**
 * Has holds be on accounts and chats as they were last, each by its id; gives the accounts of which something had to change.
 * Without `apply` nothing does. What waited for a hold that was lifted goes on with `resume`, once all holds are there.
 */
export const hold = internalMutation({
  args: { held: v.array(v.object({ id: v.string(), holds: vHolds })), what: vHeldKind, apply: v.boolean() },
  returns: v.array(v.id("users")),
  handler: async (ctx, { held, what, apply }) => {
    const changed: Id<"users">[] = [];
    for (const { id, holds } of held) {
      const scope = await scopeOf(ctx, what, id);
      if (scope && (await matchHolds(ctx, scope, { holds, apply }))) changed.push(scope.ownerId);
    }
    return changed;
  },
});

/** Lets erasures of accounts go on that waited for holds that were lifted. */
export const resume = internalMutation({
  args: { ownerIds: v.array(v.id("users")) },
  returns: v.null(),
  handler: async (ctx, { ownerIds }) => {
    for (const ownerId of ownerIds) await resumeHeld(ctx, ownerId);
    return null;
  },
});

/**
 * Deletes again what was deleted before, `at` that time where the ledger has it: unreadable when this returns, its rows gone
 * soon after or, where they are held, in time.
 */
export const forget = internalMutation({
  args: { what: vForgotten, forgotten: v.array(v.object({ id: v.string(), at: v.optional(v.number()) })) },
  returns: v.null(),
  handler: async (ctx, { what, forgotten }) => {
    for (const { id, at } of forgotten) await FORGET[what](ctx, id, at);
    return null;
  },
});

/**
 * Brings into force again what people have decided, each by the id of their account; gives of how many something had to
 * change. Without `apply` nothing does.
 */
export const decide = internalMutation({
  args: { decisions: v.array(v.object({ id: v.id("users"), choices: vChoices })), apply: v.boolean() },
  returns: v.number(),
  handler: async (ctx, { decisions, apply }) => {
    let changed = 0;
    for (const { id, choices } of decisions) {
      const user = await ctx.db.get("users", id);
      const known = user && (await choicesOf(ctx.db, user));
      const changes = known && changesTo(choices, known);
      if (!changes) continue;
      if (apply) await enforce(ctx, user, { choices, changes });
      changed += 1;
    }
    return changed;
  },
});

/** Pins or unpins chats as they were last; gives how many were otherwise. Without `apply` nothing changes. */
export const pin = internalMutation({
  args: { pins: v.array(v.object({ id: v.id("threads"), pin: vPin })), apply: v.boolean() },
  returns: v.number(),
  handler: async (ctx, { pins, apply }) => {
    let changed = 0;
    for (const { id, pin } of pins) {
      const thread = await ctx.db.get("threads", id);
      if (thread?.state !== "live") continue;
      const retentionClockAt = Math.max(thread.retentionClockAt, pin.retentionClockAt);
      if (thread.pinned === pin.pinned && thread.retentionClockAt === retentionClockAt) continue;
      changed += 1;
      if (!apply) continue;
      await ctx.db.patch("threads", id, { pinned: pin.pinned, retentionClockAt });
      await enterPin(ctx, id, { pinned: pin.pinned, retentionClockAt });
    }
    return changed;
  },
});

async function enforce(
  ctx: MutationCtx,
  user: Doc<"users">,
  { choices, changes }: { choices: Choices; changes: Changes },
): Promise<void> {
  const { _id: ownerId } = user;
  for (const consent of changes.consents) await ctx.db.insert("consents", { ownerId, ...consent });
  for (const objection of changes.objected) await ctx.db.insert("objections", { ownerId, ...objection });
  if (changes.objected.some(({ purpose }) => purpose === "webhooks")) await stripApplied(ctx, user);
  for (const { purpose } of changes.takenBack) {
    const known = await findObjection(ctx.db, ownerId, purpose);
    if (known) await ctx.db.delete("objections", known._id);
  }
  const { state, closedAt, reopensAs } = choices;
  if (changes.isOfState) await ctx.db.patch("users", ownerId, { state, closedAt, reopensAs });
  if (changes.isOfState) await matchLock(ctx, user);
  await enterChoices(ctx, ownerId);
}

const FORGET: Record<Forgotten, (ctx: MutationCtx, id: string, at: number | undefined) => Promise<void>> = {
  account: async (ctx, id, shreddedAt) => {
    const user = await ctx.db.get("users", id as Id<"users">);
    if (user) await beginErasure(ctx, { identityId: user.identityId, origin: "restore", shreddedAt });
  },
  // Also one whose removal was under way when the backup was made: what would have gone on with it is in no backup.
  chat: async (ctx, id) => {
    const thread = await ctx.db.get("threads", id as Id<"threads">);
    if (thread) await endThread(ctx, thread, { why: "person", unreadableAt: Date.now() });
  },
  file: async (ctx, id) => {
    const medium = await ctx.db.get("media", id as Id<"media">);
    if (!medium) return;
    await removeMedium(ctx, medium._id);
    await drainSoon(ctx);
  },
};

/** What entries of a kind are on; null where this database has none of it. */
async function scopeOf(ctx: MutationCtx, what: Infer<typeof vHeldKind>, id: string): Promise<HeldScope | null> {
  if (what === "accountHolds") return { ownerId: id as Id<"users"> };
  const thread = await ctx.db.get("threads", id as Id<"threads">);
  return thread && { ownerId: thread.ownerId, threadId: thread._id };
}

/** Lifts, places and reviews holds so that these are the ones; whether that was not so. */
async function matchHolds(
  ctx: MutationCtx,
  scope: HeldScope,
  { holds, apply }: { holds: Infer<typeof vHolds>; apply: boolean },
): Promise<boolean> {
  const known = await holdsOn(ctx.db, scope);
  const lifted = known.filter((one) => !holds.some((other) => isSameHold(one, other)));
  const placed = holds.filter((one) => !known.some((other) => isSameHold(one, other)));
  const reviewed = known.flatMap((one) => {
    const reviewAt = holds.find((other) => isSameHold(one, other))?.reviewAt ?? one.reviewAt;
    return reviewAt === one.reviewAt ? [] : [{ _id: one._id, reviewAt }];
  });
  if (lifted.length + placed.length + reviewed.length === 0) return false;
  if (apply) {
    for (const { _id } of lifted) await ctx.db.delete("legalHolds", _id);
    for (const hold of placed) await ctx.db.insert("legalHolds", { ...scope, ...hold });
    for (const { _id, reviewAt } of reviewed) await ctx.db.patch("legalHolds", _id, { reviewAt });
    await enterHolds(ctx, scope);
  }
  return true;
}

type Held = Infer<typeof vHolds>[number];

function isSameHold(one: Held, other: Held): boolean {
  return one.matter === other.matter && one.placedAt === other.placedAt;
}

async function named(
  ctx: QueryCtx,
  what: Entered,
  { id, row }: { id: string; row: Doc<Infer<typeof vTable>> },
): Promise<{ id: string; subject: string; isKeyless: boolean }> {
  const isOfPerson = what === "account" || what === "choices";
  const subject = await ledgerSubject(what, isOfPerson ? (row as Doc<"users">).identityId : id);
  return { id, subject, isKeyless: what === "chat" && (await isKeyless(ctx, id)) };
}

/** Whether a chat has no key: it was deleted before the keys were backed up. */
async function isKeyless(ctx: QueryCtx, threadId: string): Promise<boolean> {
  return (await loadThreadKey(ctx.db, threadId as Id<"threads">)) === null;
}
