import { type Infer, v } from "convex/values";
import { LEDGER_MS } from "../../src/policy/periods.ts";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx } from "../_generated/server.js";
import { choicesOf } from "../privacy/choices.ts";
import { vChoices } from "../privacy/schema.ts";
import { ledgerSubject } from "./pseudonyms.ts";
import { vEntered, type vForgotten, vPin } from "./schema.ts";

/*
 * [Note: Erasure ledger]
 * A backup that is brought back knows nothing of what was deleted after it was made. So each deletion that no clock would
 * repeat, of an account, a chat or a file, is entered here in the transaction that makes it unreadable, under a keyed
 * pseudonym of its id. Operators copy the ledger to another place (`npm run ops -- receipts --out FILE`), and a restore
 * replays the copy before anybody is let in: whatever of it is in the backup is deleted again, keys first. What the ledger
 * misses between its last copy and the disaster, the keys decide: they are backed up more often than the data, and a chat
 * whose key is not among them is deleted too. Entries are kept longer than any backup.
 *
 * A backup does not know either what people decided since: that they withdrew a consent, restricted or closed their account,
 * or reopened it. So the ledger also has, of each person who ever decides, one entry with all that holds for them now,
 * which takes the place of the one before; and the replay brings what it says into force again. Pins are entered too, or a
 * chat that was pinned in its last days would be past its period in the database that is brought back, and swept.
 */

const ENTRIES_PER_PAGE = 1_000;
const ENTRIES_PER_RUN = 200;

export type Forgotten = Infer<typeof vForgotten>;
export type Entered = Infer<typeof vEntered>;

/** Enters a deletion, in the transaction that makes it unreadable: of an identity's account, a chat or a file by its id. */
export async function enterDeletion(ctx: Pick<MutationCtx, "db">, what: Forgotten, id: string): Promise<void> {
  await ctx.db.insert("erasureLedger", { what, subject: await ledgerSubject(what, id), at: Date.now() });
  if (what === "account") await takeOutChoices(ctx, await ledgerSubject("choices", id));
}

/** Enters what somebody has decided, in the transaction that decides it: all that holds for them from now on. */
export async function enterChoices(ctx: Pick<MutationCtx, "db">, ownerId: Id<"users">): Promise<void> {
  const user = await ctx.db.get("users", ownerId);
  const choices = user && (await choicesOf(ctx.db, user));
  if (!choices) return;
  const subject = await ledgerSubject("choices", user.identityId);
  const earlierAt = await takeOutChoices(ctx, subject);
  await ctx.db.insert("erasureLedger", { what: "choices", subject, at: Math.max(Date.now(), earlierAt + 1), choices });
}

/** Enters that a chat was pinned or unpinned, in the transaction that does it. */
export async function enterPin(
  ctx: Pick<MutationCtx, "db">,
  threadId: Id<"threads">,
  pin: Infer<typeof vPin>,
): Promise<void> {
  const subject = await ledgerSubject("pin", threadId);
  await ctx.db.insert("erasureLedger", { what: "pin", subject, at: Date.now(), pin });
}

/** Takes out what somebody had decided until now; gives when it was entered, so that what follows is later than that. */
async function takeOutChoices(ctx: Pick<MutationCtx, "db">, subject: string): Promise<number> {
  const entry = await ctx.db
    .query("erasureLedger")
    .withIndex("by_subject", (q) => q.eq("subject", subject))
    .unique();
  if (entry) await ctx.db.delete("erasureLedger", entry._id);
  return entry?.at ?? 0;
}

/** The entries from a time on, oldest first, for operators. A page that is not full is the last. */
export const page = internalQuery({
  args: { fromAt: v.number(), cursor: v.union(v.string(), v.null()) },
  returns: v.object({
    entries: v.array(
      v.object({
        what: vEntered,
        subject: v.string(),
        at: v.number(),
        choices: v.optional(vChoices),
        pin: v.optional(vPin),
      }),
    ),
    cursor: v.union(v.string(), v.null()),
  }),
  handler: async (ctx, { fromAt, cursor }) => {
    const { page, isDone, continueCursor } = await ctx.db
      .query("erasureLedger")
      .withIndex("by_time", (q) => q.gte("at", fromAt))
      .paginate({ numItems: ENTRIES_PER_PAGE, cursor });
    const entries = page.map(({ what, subject, at, choices, pin }) => ({ what, subject, at, choices, pin }));
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
