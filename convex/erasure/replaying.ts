import { v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { matchLock } from "../account/closing.ts";
import { loadThreadKey } from "../encryption/vault.ts";
import { isChatHeld } from "../legalHolds/holding.ts";
import { drainSoon } from "../media/deletes.ts";
import { removeMedium } from "../media/keeping.ts";
import { type Changes, type Choices, changesTo, choicesOf, findObjection } from "../privacy/choices.ts";
import { vChoices } from "../privacy/schema.ts";
import { endThread, removeThread } from "../threads/removal.ts";
import { stripApplied } from "../webhooks/objecting.ts";
import { beginErasure } from "./beginning.ts";
import type { Entered, Forgotten } from "./ledger.ts";
import { ledgerSubject } from "./pseudonyms.ts";
import { vEntered, vForgotten, vPin } from "./schema.ts";

/*
 * Replays the ledger on a database that was brought back: see [Note: Erasure ledger]. Whoever replays goes through all
 * accounts, chats and files, compares their pseudonyms with the ledger's, and has those that are in it deleted, and what
 * people have decided brought into force.
 */

const ROWS_PER_PAGE = 200;
const BYTES_PER_PAGE = 4 * 1024 * 1024;

const TABLES = { account: "users", chat: "threads", file: "media", choices: "users", pin: "threads" } as const;

/**
 * A page of accounts, chats or files under the pseudonyms of the ledger, of accounts under those of what their people
 * decided, or of chats under those of their pins. `isKeyless`: nothing opens it any more.
 */
export const rows = internalQuery({
  args: { what: vEntered, cursor: v.union(v.string(), v.null()) },
  returns: v.object({
    rows: v.array(v.object({ id: v.string(), subject: v.string(), isKeyless: v.boolean() })),
    cursor: v.union(v.string(), v.null()),
  }),
  handler: async (ctx, { what, cursor }) => {
    const options = { numItems: ROWS_PER_PAGE, cursor, maximumBytesRead: BYTES_PER_PAGE };
    const { page, isDone, continueCursor } = await ctx.db.query(TABLES[what]).paginate(options);
    const named = page.map(async (row) => {
      const name = "identityId" in row ? row.identityId : row._id;
      return {
        id: row._id as string,
        subject: await ledgerSubject(what, name),
        isKeyless: await isKeyless(ctx, what, row),
      };
    });
    return { rows: await Promise.all(named), cursor: isDone ? null : continueCursor };
  },
});

/** Deletes again what was deleted before: unreadable when this returns, its rows gone soon after. */
export const forget = internalMutation({
  args: { what: vForgotten, ids: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, { what, ids }) => {
    for (const id of ids) await FORGET[what](ctx, id);
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
      if (apply) await ctx.db.patch("threads", id, { pinned: pin.pinned, retentionClockAt });
      changed += 1;
    }
    return changed;
  },
});

async function enforce(
  ctx: MutationCtx,
  user: Doc<"users">,
  { choices, changes }: { choices: Choices; changes: Changes },
): Promise<void> {
  const { _id: ownerId, identityId } = user;
  for (const consent of changes.consents) await ctx.db.insert("consents", { ownerId, ...consent });
  for (const objection of changes.objected) await ctx.db.insert("objections", { ownerId, ...objection });
  if (changes.objected.some(({ purpose }) => purpose === "webhooks")) await stripApplied(ctx, identityId);
  for (const { purpose } of changes.takenBack) {
    const known = await findObjection(ctx.db, ownerId, purpose);
    if (known) await ctx.db.delete("objections", known._id);
  }
  if (!changes.isOfState) return;
  const { state, closedAt, reopensAs } = choices;
  await ctx.db.patch("users", ownerId, { state, closedAt, reopensAs });
  await matchLock(ctx, user);
}

const FORGET: Record<Forgotten, (ctx: MutationCtx, id: string) => Promise<void>> = {
  account: async (ctx, id) => {
    const user = await ctx.db.get("users", id as Id<"users">);
    if (user) await beginErasure(ctx, { identityId: user.identityId, origin: "restore" });
  },
  chat: async (ctx, id) => {
    const thread = await ctx.db.get("threads", id as Id<"threads">);
    if (!thread) return;
    if (thread.state !== "erasing" && thread.state !== "removed") return removeThread(ctx, thread);
    // Its removal was under way when the backup was made, and what would have gone on with it is in no backup.
    await endThread(ctx, thread, { why: "person", unreadableAt: Date.now() });
  },
  file: async (ctx, id) => {
    const medium = await ctx.db.get("media", id as Id<"media">);
    if (!medium || (await isChatHeld(ctx.db, medium))) return;
    await removeMedium(ctx, medium._id);
    await drainSoon(ctx);
  },
};

/** Whether a chat has no key: it was deleted before the keys were backed up. */
async function isKeyless(ctx: QueryCtx, what: Entered, row: Doc<"users" | "threads" | "media">): Promise<boolean> {
  return what === "chat" && (await loadThreadKey(ctx.db, row._id as Id<"threads">)) === null;
}
