import { type Infer, v } from "convex/values";
import { LEDGER_MS } from "../../src/policy/periods.ts";
import { internal } from "../_generated/api.js";
import { internalMutation, internalQuery, type MutationCtx } from "../_generated/server.js";
import { ledgerSubject } from "./pseudonyms.ts";
import { vForgotten } from "./schema.ts";

/*
 * [Note: Erasure ledger]
 * A backup that is brought back knows nothing of what was deleted after it was made. So each deletion that no clock would
 * repeat, of an account, a chat or a file, is entered here in the transaction that makes it unreadable, under a keyed
 * pseudonym of its id. Operators copy the ledger to another place (`npm run ops -- receipts --out FILE`), and a restore
 * replays the copy before anybody is let in: whatever of it is in the backup is deleted again, keys first. What the ledger
 * misses between its last copy and the disaster, the keys decide: they are backed up more often than the data, and a chat
 * whose key is not among them is deleted too. Entries are kept longer than any backup.
 */

const ENTRIES_PER_PAGE = 1_000;
const ENTRIES_PER_RUN = 200;

export type Forgotten = Infer<typeof vForgotten>;

/** Enters a deletion, in the transaction that makes it unreadable: of an identity's account, a chat or a file by its id. */
export async function enterDeletion(ctx: Pick<MutationCtx, "db">, what: Forgotten, id: string): Promise<void> {
  await ctx.db.insert("erasureLedger", { what, subject: await ledgerSubject(what, id), at: Date.now() });
}

/** The entries from a time on, oldest first, for operators. A page that is not full is the last. */
export const page = internalQuery({
  args: { fromAt: v.number(), cursor: v.union(v.string(), v.null()) },
  returns: v.object({
    entries: v.array(v.object({ what: vForgotten, subject: v.string(), at: v.number() })),
    cursor: v.union(v.string(), v.null()),
  }),
  handler: async (ctx, { fromAt, cursor }) => {
    const { page, isDone, continueCursor } = await ctx.db
      .query("erasureLedger")
      .withIndex("by_time", (q) => q.gte("at", fromAt))
      .paginate({ numItems: ENTRIES_PER_PAGE, cursor });
    const entries = page.map(({ what, subject, at }) => ({ what, subject, at }));
    return { entries, cursor: isDone ? null : continueCursor };
  },
});

/** Deletes entries that are older than any backup. Reads one empty index range while there are none. */
export const sweep = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const old = await ctx.db
      .query("erasureLedger")
      .withIndex("by_time", (q) => q.lt("at", Date.now() - LEDGER_MS))
      .take(ENTRIES_PER_RUN);
    for (const { _id } of old) await ctx.db.delete("erasureLedger", _id);
    if (old.length === ENTRIES_PER_RUN) await ctx.scheduler.runAfter(0, internal.erasure.ledger.sweep, {});
    return null;
  },
});
