import { type Infer, v } from "convex/values";
import { LEDGER_MS } from "../../src/policy/periods.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx } from "../_generated/server.js";
import { type HeldScope, holdsOn } from "../legalHolds/holding.ts";
import { choicesOf } from "../privacy/choices.ts";
import { ledgerSubject } from "./pseudonyms.ts";
import { entryFields, type vEntered, type vForgotten, type vPin } from "./schema.ts";

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
 * which takes the place of the one before; and the replay brings what it says into force again. Pins are entered so too,
 * one for each chat, or a chat that was pinned in its last days would be past its period in the database that is brought
 * back, and swept; and legal holds, one entry for each account and each chat they are on, or what a law wants kept would be
 * swept, and what was lifted would be kept.
 */

const ENTRIES_PER_PAGE = 1_000;
const ENTRIES_PER_RUN = 200;

export type Forgotten = Infer<typeof vForgotten>;
export type Entered = Infer<typeof vEntered>;

/** Enters a deletion, in the transaction that makes it unreadable: of an identity's account, a chat or a file by its id. */
export async function enterDeletion(ctx: Pick<MutationCtx, "db">, what: Forgotten, id: string): Promise<void> {
  await ctx.db.insert("erasureLedger", { what, subject: await ledgerSubject(what, id), at: Date.now() });
  if (what === "account") await takeOut(ctx, await ledgerSubject("choices", id));
}

/** Enters what somebody has decided, in the transaction that decides it: all that holds for them from now on. */
export async function enterChoices(ctx: Pick<MutationCtx, "db">, ownerId: Id<"users">): Promise<void> {
  const user = await ctx.db.get("users", ownerId);
  const choices = user && (await choicesOf(ctx.db, user));
  if (choices) await enterStanding(ctx, "choices", user.identityId, { choices });
}

/** Enters that a chat was pinned or unpinned, in the transaction that does it. */
export async function enterPin(
  ctx: Pick<MutationCtx, "db">,
  threadId: Id<"threads">,
  pin: Infer<typeof vPin>,
): Promise<void> {
  await enterStanding(ctx, "pin", threadId, { pin });
}

/** Enters what the law wants kept of an account or of one chat, in the transaction that orders, reviews or lifts it. */
export async function enterHolds(ctx: Pick<MutationCtx, "db">, { ownerId, threadId }: HeldScope): Promise<void> {
  const found = await holdsOn(ctx.db, { ownerId, threadId });
  const holds = found.map(({ matter, placedAt, reviewAt }) => ({ matter, placedAt, reviewAt }));
  if (threadId === undefined) await enterStanding(ctx, "accountHolds", ownerId, { holds });
  else await enterStanding(ctx, "chatHolds", threadId, { holds });
}

/** Enters what holds of something from now on, in place of what did before and as later than that. */
async function enterStanding(
  ctx: Pick<MutationCtx, "db">,
  what: Exclude<Entered, Forgotten>,
  id: string,
  standing: Pick<Doc<"erasureLedger">, "choices" | "pin" | "holds">,
): Promise<void> {
  const subject = await ledgerSubject(what, id);
  const earlierAt = await takeOut(ctx, subject);
  await ctx.db.insert("erasureLedger", { what, subject, at: Math.max(Date.now(), earlierAt + 1), ...standing });
}

/** Takes out what was entered of a subject until now; gives when that was, or 0. */
async function takeOut(ctx: Pick<MutationCtx, "db">, subject: string): Promise<number> {
  let latestAt = 0;
  const entries = ctx.db.query("erasureLedger").withIndex("by_subject", (q) => q.eq("subject", subject));
  for await (const { _id, at } of entries) {
    latestAt = Math.max(latestAt, at);
    await ctx.db.delete("erasureLedger", _id);
  }
  return latestAt;
}

/** The entries from a time on, oldest first, for operators. A page that is not full is the last. */
export const page = internalQuery({
  args: { fromAt: v.number(), cursor: v.union(v.string(), v.null()) },
  returns: v.object({
    entries: v.array(v.object(entryFields)),
    cursor: v.union(v.string(), v.null()),
  }),
  handler: async (ctx, { fromAt, cursor }) => {
    const { page, isDone, continueCursor } = await ctx.db
      .query("erasureLedger")
      .withIndex("by_time", (q) => q.gte("at", fromAt))
      .paginate({ numItems: ENTRIES_PER_PAGE, cursor });
    const entries = page.map(({ _id, _creationTime, ...entry }) => entry);
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
