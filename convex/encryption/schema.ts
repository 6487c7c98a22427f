import { defineTable } from "convex/server";
import { v } from "convex/values";

export const encryptionTables = {
  // Written once by `account:signIn`, read wherever content is sealed or opened, wrapped anew when a master key is
  // rotated. Lives as long as the account; erasure deletes it first, which makes all content of the person unreadable
  // at once. Left out of data backups.
  userKeys: defineTable({
    ownerId: v.id("users"),
    /** Counts a person's keys from 1; named in the envelopes of what the key seals. */
    gen: v.number(),
    /** The master key that wraps this one. */
    kid: v.string(),
    wrapped: v.bytes(),
  })
    .index("by_owner", ["ownerId"])
    .index("by_kid", ["kid"]),

  // Made by `account:signIn`, turned by every new thread, read by nothing else: a row of its own, so that new threads
  // do not disturb readers of keys. See [Note: Salt ratchet]. Lives as long as the account. Left out of data backups.
  saltRatchets: defineTable({
    ownerId: v.id("users"),
    seed: v.bytes(),
  }).index("by_owner", ["ownerId"]),

  // Written with its thread, read wherever the thread's content is sealed or opened. Deleting a thread deletes this row
  // in the same transaction: its content is unreadable from then on, and writers take its absence as the end of the
  // thread. Left out of data backups.
  threadKeys: defineTable({
    workspaceId: v.id("workspaces"),
    threadId: v.id("threads"),
    /** The thread's name in keys and envelopes. */
    recordId: v.string(),
    salt: v.bytes(),
  })
    .index("by_thread", ["threadId"])
    .index("by_record", ["recordId"])
    .index("by_workspace", ["workspaceId"]),
};
