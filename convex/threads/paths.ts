import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

/*
 * [Note: Branches]
 * A conversation is a tree: editing a message or regenerating a reply adds an alternative and loses nothing. It is kept
 * as numbered branches. Every message carries its branch and its depth; branch 0 is the trunk, and each other branch
 * names the parent it left and the depth from which its messages are its own. What a person sees is the path of one
 * branch: its own messages and, before them, those of its parents. So an edit costs the same few writes however long the
 * chat is, and a chat without edits has no branch rows at all.
 *
 * All branches are read by one index range over the thread, newest first, and what is not on the path is left out
 * afterwards. The path is no part of the database query, because a cursor belongs to one query: showing another branch
 * would end every open list, and the page would load anew. The price is a shorter page where a person made many edits.
 */

/** The branch every thread begins with. */
export const TRUNK = 0;

/** The part of a path that lies on one branch: depths from `fromDepth` up to but not including `beforeDepth`. */
export interface Segment {
  branch: number;
  fromDepth: number;
  beforeDepth: number;
}

type BranchPoint = Pick<Doc<"branches">, "branch" | "parent" | "fromDepth">;

/** The path of a branch, newest segment first, from its chain of branch rows, which ends at the trunk. */
export function pathOf(chain: BranchPoint[]): Segment[] {
  const path: Segment[] = [];
  let beforeDepth = Number.POSITIVE_INFINITY;
  for (const { branch, fromDepth } of [...chain, { branch: TRUNK, fromDepth: 0 }]) {
    if (fromDepth < beforeDepth) path.push({ branch, fromDepth, beforeDepth });
    beforeDepth = Math.min(beforeDepth, fromDepth);
  }
  return path;
}

/** The branch of a path on which the given depth lies. */
export function branchAt(path: Segment[], depth: number): number {
  const segment = path.find(({ fromDepth, beforeDepth }) => fromDepth <= depth && depth < beforeDepth);
  return segment?.branch ?? TRUNK;
}

/** Loads the path of a branch: one small read for each branch between it and the trunk. */
export async function loadPath(db: QueryCtx["db"], threadId: Id<"threads">, branch: number): Promise<Segment[]> {
  const chain: BranchPoint[] = [];
  for (let next = branch; next !== TRUNK; ) {
    const row = await loadBranch(db, threadId, next);
    chain.push(row);
    next = row.parent;
  }
  return pathOf(chain);
}

/** Whether a message is one of a path's. */
export function isOnPath(path: Segment[], { branch, depth }: Pick<Doc<"messages">, "branch" | "depth">): boolean {
  return path.some((segment) => segment.branch === branch && segment.fromDepth <= depth && depth < segment.beforeDepth);
}

/** All messages of a thread, on whatever branch, newest first. */
export function messagesOf(db: QueryCtx["db"], threadId: Id<"threads">) {
  return db
    .query("messages")
    .withIndex("by_path", (q) => q.eq("threadId", threadId))
    .order("desc");
}

/** The two sides of a place in a chat: the message there and what came before it, and what came after it. */
export type Side = "earlier" | "later";

/** The messages of a thread on one side of a depth, on whatever branch, read away from it. */
export function messagesBeside(
  db: QueryCtx["db"],
  { threadId, depth }: Pick<Doc<"messages">, "threadId" | "depth">,
  side: Side,
) {
  const messages = db.query("messages");
  return side === "earlier"
    ? messages.withIndex("by_path", (q) => q.eq("threadId", threadId).lte("depth", depth)).order("desc")
    : messages.withIndex("by_path", (q) => q.eq("threadId", threadId).gt("depth", depth)).order("asc");
}

/** The messages of a path from just before `depth` back to the start of the thread, read as they are asked for. */
export async function* walkBack(
  db: QueryCtx["db"],
  { threadId, path, beforeDepth }: { threadId: Id<"threads">; path: Segment[]; beforeDepth: number },
): AsyncGenerator<Doc<"messages">> {
  const messages = db
    .query("messages")
    .withIndex("by_path", (q) => q.eq("threadId", threadId).lt("depth", beforeDepth))
    .order("desc");
  for await (const message of messages) if (isOnPath(path, message)) yield message;
}

async function loadBranch(db: QueryCtx["db"], threadId: Id<"threads">, branch: number): Promise<Doc<"branches">> {
  const row = await db
    .query("branches")
    .withIndex("by_thread", (q) => q.eq("threadId", threadId).eq("branch", branch))
    .unique();
  if (!row) throw new Error(`Branch ${branch} of a thread has no row`);
  return row;
}
