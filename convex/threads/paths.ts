import type { ExpressionOrValue, FilterBuilder, NamedTableInfo } from "convex/server";
import type { DataModel, Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

/*
 * [Note: Branches]
 * A conversation is a tree: editing a message or regenerating a reply adds an alternative and loses nothing. It is kept
 * as numbered branches. Every message carries its branch and its depth; branch 0 is the trunk, and each other branch
 * names the parent it left and the depth from which its messages are its own. What a person sees is the path of one
 * branch: its own messages and, before them, those of its parents. So an edit costs the same few writes however long the
 * chat is, and a chat without edits has no branch rows at all.
 *
 * A path is read by one index range over the thread, newest first, with the other branches filtered out. That keeps one
 * real `.paginate()`, whose pages stay put while live; the rows filtered out are the price of the edits a person made.
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

/** The messages of a path, newest first, as a query to page through or to walk. */
export function messagesOnPath(db: QueryCtx["db"], threadId: Id<"threads">, path: Segment[]) {
  return db
    .query("messages")
    .withIndex("by_path", (q) => q.eq("threadId", threadId))
    .order("desc")
    .filter((q) => isOnPath(q, path));
}

/** As `messagesOnPath`, from just before `depth` back to the start of the thread. */
export function messagesBefore(db: QueryCtx["db"], threadId: Id<"threads">, path: Segment[], depth: number) {
  return db
    .query("messages")
    .withIndex("by_path", (q) => q.eq("threadId", threadId).lt("depth", depth))
    .order("desc")
    .filter((q) => isOnPath(q, path));
}

type MessageFilter = FilterBuilder<NamedTableInfo<DataModel, "messages">>;

function isOnPath(q: MessageFilter, path: Segment[]): ExpressionOrValue<boolean> {
  return q.or(
    ...path.map(({ branch, fromDepth, beforeDepth }) =>
      q.and(
        q.eq(q.field("branch"), branch),
        q.gte(q.field("depth"), fromDepth),
        Number.isFinite(beforeDepth) ? q.lt(q.field("depth"), beforeDepth) : true,
      ),
    ),
  );
}

async function loadBranch(db: QueryCtx["db"], threadId: Id<"threads">, branch: number): Promise<Doc<"branches">> {
  const row = await db
    .query("branches")
    .withIndex("by_thread", (q) => q.eq("threadId", threadId).eq("branch", branch))
    .unique();
  if (!row) throw new Error(`Branch ${branch} of a thread has no row`);
  return row;
}
