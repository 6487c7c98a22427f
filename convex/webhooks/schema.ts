import { defineTable } from "convex/server";
import { v } from "convex/values";

export const vInboxState = v.union(
  v.literal("applied"),
  /** Verified and kept, but not applied: its type or its shape is not one that is known here, or belongs to later. */
  v.literal("parked"),
  /** About somebody whose erasure has begun or ended: kept without a word of what it said. */
  v.literal("dropped"),
);

export const webhookTables = {
  // Every webhook that was verified, once, with the fields it is applied from and nothing else: names, addresses and
  // cards do not get here. Written by the inbox, read by operators. Deleted thirty days after it came, longer than a
  // sender tries again.
  webhookInbox: defineTable({
    /** The sender's id of the message: whoever sends it again meets this row. */
    messageId: v.string(),
    type: v.string(),
    /** The identity provider's id of the person it is about. */
    identityId: v.optional(v.string()),
    /** The event's own time, by which events are ordered. */
    eventAt: v.number(),
    receivedAt: v.number(),
    state: vInboxState,
    /** Why it is parked. */
    reason: v.optional(v.string()),
    /** The fields that are applied, as JSON. */
    fields: v.string(),
  })
    .index("by_message", ["messageId"])
    .index("by_state", ["state", "receivedAt"])
    .index("by_received", ["receivedAt"])
    .index("by_identity", ["identityId"]),

  // How many webhooks were refused, one row a day and reason. Written by the route, read by operators. Names nobody.
  // Deleted with the inbox's rows of its day.
  webhookRefusals: defineTable({
    day: v.string(),
    reason: v.string(),
    count: v.number(),
  }).index("by_day", ["day", "reason"]),
};
