import { v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { loadThreadKey } from "../encryption/vault.ts";
import { isChatHeld } from "../legalHolds/holding.ts";
import { drainSoon } from "../media/deletes.ts";
import { removeMedium } from "../media/keeping.ts";
import { removeThread } from "../threads/removal.ts";
import { beginErasure } from "./beginning.ts";
import type { Forgotten } from "./ledger.ts";
import { ledgerSubject } from "./pseudonyms.ts";
import { vForgotten } from "./schema.ts";

/*
 * Replays the ledger on a database that was brought back: see [Note: Erasure ledger]. Whoever replays goes through all
 * accounts, chats and files, compares their pseudonyms with the ledger's, and has those that are in it deleted.
 */

const ROWS_PER_PAGE = 200;
const BYTES_PER_PAGE = 4 * 1024 * 1024;

const TABLES = { account: "users", chat: "threads", file: "media" } as const;

/** A page of accounts, chats or files under the pseudonyms of the ledger. `isKeyless`: nothing opens it any more. */
export const rows = internalQuery({
  args: { what: vForgotten, cursor: v.union(v.string(), v.null()) },
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

const FORGET: Record<Forgotten, (ctx: MutationCtx, id: string) => Promise<void>> = {
  account: async (ctx, id) => {
    const user = await ctx.db.get("users", id as Id<"users">);
    if (user) await beginErasure(ctx, { identityId: user.identityId, origin: "restore" });
  },
  chat: async (ctx, id) => {
    const thread = await ctx.db.get("threads", id as Id<"threads">);
    if (thread && thread.state !== "erasing" && thread.state !== "removed") await removeThread(ctx, thread);
  },
  file: async (ctx, id) => {
    const medium = await ctx.db.get("media", id as Id<"media">);
    if (!medium || (await isChatHeld(ctx.db, medium))) return;
    await removeMedium(ctx, medium._id);
    await drainSoon(ctx);
  },
};

/** Whether a chat has no key: it was deleted before the keys were backed up. */
async function isKeyless(ctx: QueryCtx, what: Forgotten, row: Doc<"users" | "threads" | "media">): Promise<boolean> {
  return what === "chat" && (await loadThreadKey(ctx.db, row._id as Id<"threads">)) === null;
}
