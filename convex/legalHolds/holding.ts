import type { Doc, Id, TableNames } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { refusal } from "../lib/errors.ts";
import { isHeld } from "../privacy/restriction.ts";

/*
 * [Note: Legal holds]
 * A law or a court may order that data be kept that would be deleted: by its period, by its person, or with its account.
 * A hold comes before all of these. It covers an account or one chat, and nothing that it does not cover waits for it: of
 * an account that is erased while one of its chats is held, everything else goes, and the chat rests as it is, with the
 * key that opens it, until the hold is lifted and the erasure goes on by itself. Whoever wants to delete what is held is
 * told so. What was deleted before the hold came stays deleted: keys are not brought back.
 */

/** Most holds on one account. Whatever deletes reads them all. */
export const HOLDS_PER_ACCOUNT = 50;

/** What of an account is held. */
export interface Holds {
  all: boolean;
  threadIds: ReadonlySet<Id<"threads">>;
}

/** An account as a whole, or one chat of it. */
export type HeldScope = Pick<Doc<"legalHolds">, "ownerId" | "threadId">;

/** All holds on an account and its chats. Costs one empty index range where there are none. */
export function holdsOf(db: QueryCtx["db"], ownerId: Id<"users">): Promise<Doc<"legalHolds">[]> {
  return db
    .query("legalHolds")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
    .take(HOLDS_PER_ACCOUNT);
}

/** The holds on an account as a whole, or those on one chat. */
export async function holdsOn(db: QueryCtx["db"], { ownerId, threadId }: HeldScope): Promise<Doc<"legalHolds">[]> {
  return (await holdsOf(db, ownerId)).filter((hold) => hold.threadId === threadId);
}

/** What of an account is held, or was by `placedByMs`; null where nothing is. */
export async function loadHolds(
  db: QueryCtx["db"],
  ownerId: Id<"users"> | undefined,
  placedByMs = Number.POSITIVE_INFINITY,
): Promise<Holds | null> {
  if (ownerId === undefined) return null;
  const holds = (await holdsOf(db, ownerId)).filter(({ placedAt }) => placedAt <= placedByMs);
  if (holds.length === 0) return null;
  return {
    all: holds.some(({ threadId }) => threadId === undefined),
    threadIds: new Set(holds.flatMap(({ threadId }) => threadId ?? [])),
  };
}

/** Whether a chat is to be kept by the law. */
export async function isChatHeld(db: QueryCtx["db"], thread: InChat): Promise<boolean> {
  const holds = await loadHolds(db, thread.ownerId);
  return holds !== null && covers(holds, thread.threadId);
}

/** Whether sweeps leave something alone that is in a chat or without one: for the law, or as `isHeld` says. */
export async function isKept(db: QueryCtx["db"], row: InChat): Promise<boolean> {
  return (await isChatHeld(db, row)) || (await isHeld(db, row.ownerId));
}

/** Refuses as `restricted` to change or delete what the law wants kept. */
export async function refuseHeld(ctx: Pick<MutationCtx, "db">, row: InChat): Promise<void> {
  if (!(await isChatHeld(ctx.db, row))) return;
  throw refusal("restricted", "The law requires that this be kept for now, so it cannot be changed or deleted.");
}

/** Whether a row of an account with holds is to be kept. The key that opens held chats is. */
export async function isRowHeld(
  db: QueryCtx["db"],
  holds: Holds,
  { table, row }: { table: string; row: Doc<TableNames> },
): Promise<boolean> {
  if (holds.all || table === "userKeys") return true;
  if (table === "threads") return covers(holds, row._id as Id<"threads">);
  if (table !== "objects") return covers(holds, (row as Partial<InChat>).threadId);
  const medium = await db.get("media", (row as Doc<"objects">).mediaId);
  return covers(holds, medium?.threadId);
}

/** Something of a person's, in a chat or without one. */
interface InChat {
  ownerId: Id<"users">;
  threadId?: Id<"threads"> | undefined;
}

function covers({ all, threadIds }: Holds, threadId: Id<"threads"> | undefined): boolean {
  return all || (threadId !== undefined && threadIds.has(threadId));
}
