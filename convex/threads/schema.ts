import { defineTable } from "convex/server";
import { v } from "convex/values";

/** The states in which a chat can be read. */
export const vOpenState = v.union(v.literal("live"), v.literal("temporary"));

export const threadTables = {
  // Written by `threads:*` and touched by each new message; never while a reply is streaming, since lists read it.
  // Lives until its owner deletes it or retention does: see src/policy/retention.ts. Erasure deletes its key first, then
  // its messages, then this row.
  threads: defineTable({
    workspaceId: v.id("workspaces"),
    ownerId: v.id("users"),
    sealedTitle: v.bytes(),
    titleRev: v.number(),
    pinned: v.boolean(),
    lastActivityAt: v.number(),
    /** What retention counts from: the last message or the unpinning, whichever is later; of a temporary chat its start. */
    retentionClockAt: v.number(),
    /**
     * `temporary` chats are in no list and no search; `removed` ones are hidden and unreadable, and can still be brought
     * back by whoever holds the key of the removal; `erasing` ones are being deleted.
     */
    state: v.union(v.literal("live"), v.literal("temporary"), v.literal("removed"), v.literal("erasing")),
    /** What brings a removed chat back: see [Note: Undoing a removal]. */
    parked: v.optional(
      v.object({ recordId: v.string(), sealedSalt: v.bytes(), from: vOpenState, removedAt: v.number() }),
    ),
    /** The branch that is shown: see [Note: Branches]. */
    branch: v.number(),
  })
    .index("by_activity", ["workspaceId", "state", "lastActivityAt"])
    .index("by_pin", ["workspaceId", "state", "pinned", "lastActivityAt"])
    .index("by_retention", ["workspaceId", "state", "pinned", "retentionClockAt"])
    .index("by_expiry", ["state", "pinned", "retentionClockAt"]),

  // One row for each branch that left the trunk, written by edit and regenerate, read to find the messages of the
  // branch shown. Lives and ends with its thread.
  branches: defineTable({
    workspaceId: v.id("workspaces"),
    threadId: v.id("threads"),
    /** Numbers the thread's branches; 0 is the trunk and has no row. */
    branch: v.number(),
    parent: v.number(),
    /** Depth of the first message that is this branch's own. */
    fromDepth: v.number(),
  })
    .index("by_thread", ["threadId", "branch"])
    .index("by_workspace", ["workspaceId"]),
};
