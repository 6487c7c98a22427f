import { defineTable } from "convex/server";
import { v } from "convex/values";

/** What an order of the law says of itself, whomever and whatever it holds. */
export const holdFields = {
  /** The operator's own number of the matter. Names nobody. */
  matter: v.string(),
  placedAt: v.number(),
  /** When somebody must look whether it still has to be. */
  reviewAt: v.number(),
};

export const legalHoldTables = {
  // One row for each order of the law to keep somebody's data: all of it, or one chat. Written by operators, read by
  // whatever deletes, and by its person. Deleted when it is lifted: no erasure ends before that. See [Note: Legal holds].
  legalHolds: defineTable({
    ownerId: v.id("users"),
    /** The chat that is held; absent where all of the account is. */
    threadId: v.optional(v.id("threads")),
    ...holdFields,
  })
    .index("by_owner", ["ownerId"])
    .index("by_review", ["reviewAt"]),
};
