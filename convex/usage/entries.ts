import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { EMPTY, type Posting, post, type Reason, readStanding, type Standing, type Use } from "./ledger.ts";

type Entry = Doc<"creditEntries">;

/** An entry, perhaps one that was inserted just now. */
export type Entered = Omit<Entry, "_id" | "_creationTime">;

/** What an entry is about, beside the amounts. */
export interface Occasion {
  ownerId: Id<"users">;
  /** Made by the server from what the entry is about. An entry with this key that exists already is all there will be. */
  key: string;
  reason: Reason;
  use?: Use;
  deadlineAt?: number;
  nowMs: number;
}

/** A person's newest entry, which carries how their account stands, or null before the first. */
export function loadNewestEntry(db: QueryCtx["db"], ownerId: Id<"users">): Promise<Entry | null> {
  return db
    .query("creditEntries")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
    .order("desc")
    .first();
}

/** How a person's account stands. */
export async function loadStanding(db: QueryCtx["db"], ownerId: Id<"users">): Promise<Standing> {
  const newest = await loadNewestEntry(db, ownerId);
  return newest ? readStanding(newest.after) : EMPTY;
}

/** The entry of that key, or null. */
export function findEntry(db: QueryCtx["db"], key: string): Promise<Entry | null> {
  return db
    .query("creditEntries")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
}

/**
 * Enters a posting, once: where the key is known, nothing happens and the earlier entry is returned with `made: false`.
 * `posting` decides with the account in view; it may throw to refuse. See [Note: Ledger].
 */
export async function enter(
  ctx: MutationCtx,
  { nowMs, ...occasion }: Occasion,
  posting: (standing: Standing) => Posting,
): Promise<{ made: boolean; entry: Entered }> {
  const earlier = await findEntry(ctx.db, occasion.key);
  if (earlier) return { made: false, entry: earlier };
  const newest = await loadNewestEntry(ctx.db, occasion.ownerId);
  const standing = newest ? readStanding(newest.after) : EMPTY;
  const posted = posting(standing);
  const entry = {
    ...occasion,
    ...post(standing, posted),
    kind: posted.kind,
    at: Math.max(nowMs, newest?.at ?? 0),
    seq: (newest?.seq ?? 0) + 1,
  };
  await ctx.db.insert("creditEntries", entry);
  return { made: true, entry };
}
