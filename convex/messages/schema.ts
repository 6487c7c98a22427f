import { defineTable } from "convex/server";
import { v } from "convex/values";
import { REPLY_ERRORS, type ReplyErrorCode } from "../../src/shared/errors.ts";
import { vUsageSource } from "../usage/schema.ts";

export const vRole = v.union(v.literal("user"), v.literal("assistant"));

export const vMessageState = v.union(
  v.literal("streaming"),
  v.literal("complete"),
  v.literal("stopped"),
  v.literal("interrupted"),
  v.literal("failed"),
);

export const vReplyErrorCode = v.union(
  ...(Object.keys(REPLY_ERRORS) as ReplyErrorCode[]).map((code) => v.literal(code)),
);

/** What the provider says it counted for a reply, in tokens. Believed only where it can be: see `turnCost`. */
export const vCountedTokens = v.object({
  inputTokens: v.number(),
  outputTokens: v.number(),
  reasoningTokens: v.optional(v.number()),
});

/** What a reply used and cost. */
export const vUsage = v.object({
  ...vCountedTokens.fields,
  credits: v.number(),
  source: vUsageSource,
});

export const messageTables = {
  // Written by send, edit, regenerate and branch; a reply once more when it ends. Read by lists, search and the
  // generation of replies. Lives and ends with its thread.
  messages: defineTable({
    workspaceId: v.id("workspaces"),
    ownerId: v.id("users"),
    threadId: v.id("threads"),
    /** The row's name in keys and envelopes, and what makes a repeated request find it again. */
    recordId: v.string(),
    branch: v.number(),
    /** Position on its branch, counted from 0 at the start of the thread. */
    depth: v.number(),
    role: vRole,
    state: vMessageState,
    /** Absent while a reply is streaming: its text then rests in `deltas`. */
    sealedText: v.optional(v.bytes()),
    model: v.optional(v.string()),
    error: v.optional(vReplyErrorCode),
    usage: v.optional(vUsage),
    /** What is attached to the message or was made for it, in order. */
    mediaIds: v.optional(v.array(v.id("media"))),
    /** The job this reply waits for or came from, where a picture or a video was asked for. */
    jobId: v.optional(v.id("mediaJobs")),
    /** The alternatives this message is one of, where there are any. */
    forkId: v.optional(v.id("forks")),
    createdAt: v.number(),
  })
    .index("by_path", ["threadId", "depth"])
    .index("by_record", ["recordId"])
    .index("by_time", ["workspaceId", "createdAt"]),

  // The alternatives at one place of a conversation, oldest first. One row, so that a new alternative costs one write
  // however many there are. Written by edit and regenerate, read by `messages:list`. Lives and ends with its thread.
  forks: defineTable({
    workspaceId: v.id("workspaces"),
    threadId: v.id("threads"),
    messageIds: v.array(v.id("messages")),
  })
    .index("by_thread", ["threadId"])
    .index("by_workspace", ["workspaceId"]),

  // One row for each reply that is being written, from send to its end. Kept apart from the message, so that heartbeats
  // do not disturb lists, and small, because every flush reads it. Whoever deletes it ends the reply: see [Note: Leases].
  generations: defineTable({
    ownerId: v.id("users"),
    threadId: v.id("threads"),
    replyId: v.id("messages"),
    /** The token of the one action that produces the reply; absent until it is claimed. */
    lease: v.optional(v.string()),
    heartbeatAt: v.number(),
    /** Tokens of context, as estimated when credits were held. */
    inputTokens: v.number(),
    /** The scheduled action that claims the reply when no tab does. */
    fallbackId: v.optional(v.id("_scheduled_functions")),
  })
    .index("by_reply", ["replyId"])
    .index("by_thread", ["threadId"])
    .index("by_owner", ["ownerId"])
    .index("by_heartbeat", ["heartbeatAt"]),

  // The text of a reply in progress, one row a flush. Every follower reads up to sixteen with each flush, so a row holds
  // nothing it does not need, under one-letter names. Written by the generating action, deleted in the transaction that
  // ends the reply.
  deltas: defineTable({
    /** The reply's record id, which is shorter than its document id. */
    r: v.string(),
    /** Its number within the reply, counted from 0. */
    n: v.number(),
    /** The sealed text. */
    t: v.bytes(),
  }).index("by_reply", ["r", "n"]),
};
