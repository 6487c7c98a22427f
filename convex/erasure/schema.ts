import { defineTable } from "convex/server";
import { v } from "convex/values";
import { holdFields } from "../legalHolds/schema.ts";
import { vChoices } from "../privacy/schema.ts";

/** Who or what asked for an erasure. */
export const vOrigin = v.union(
  /** The person, signed in. */
  v.literal("person"),
  /** The account was closed and its time of grace is over. */
  v.literal("closure"),
  /** A webhook said that the identity is gone. */
  v.literal("webhook"),
  /** No webhook said so, but the nightly look found it. */
  v.literal("reconciliation"),
  /** It was erased before, and a backup had brought it back. */
  v.literal("restore"),
);

/** How far an erasure has come. See [Note: Erasure]. */
export const vErasureState = v.union(
  /** Fenced; the identity provider has yet to confirm that the person is gone. Nothing is deleted. */
  v.literal("confirming"),
  /** The keys are gone; rows follow. */
  v.literal("removing"),
  /** All rows are gone; objects and the identity follow. */
  v.literal("draining"),
  /** All is gone but what the law wants kept: goes on when that is lifted. See [Note: Legal holds]. */
  v.literal("held"),
);

/** What is deleted for good. */
export const vForgotten = v.union(v.literal("account"), v.literal("chat"), v.literal("file"));

/** What of a legal hold is on: all of an account, or one chat. */
export const vHeldKind = v.union(v.literal("accountHolds"), v.literal("chatHolds"));

/** What the ledger of erasures has entries of: deletions, what people have decided, pins of chats, and legal holds. */
export const vEntered = v.union(...vForgotten.members, v.literal("choices"), v.literal("pin"), ...vHeldKind.members);

/** Whether a chat is pinned, and when its clock was last started. */
export const vPin = v.object({ pinned: v.boolean(), retentionClockAt: v.number() });

/** The legal holds on an account or a chat: none where the last was lifted. */
export const vHolds = v.array(v.object(holdFields));

/** An entry of the ledger of erasures, with what holds since then where it is of no deletion. */
export const entryFields = {
  what: vEntered,
  /** The keyed pseudonym of what was deleted, or of what something holds of. */
  subject: v.string(),
  at: v.number(),
  choices: v.optional(vChoices),
  pin: v.optional(vPin),
  holds: v.optional(vHolds),
};

export const vRetained = v.object({ table: v.string(), basis: v.string(), untilAt: v.number() });

/**
 * A page of accounts that was compared with the identity provider's users: how many they were, whom it did not find, and
 * where the next page begins.
 */
export const vCompared = v.object({
  accounts: v.number(),
  absent: v.array(v.id("users")),
  cursor: v.union(v.string(), v.null()),
});

export const erasureTables = {
  // One row for each erasure under way, from the fence to the receipt. Written by its steps, read by them, by sign-in and
  // by the inbox. Deleted in the transaction that completes it, so that no id of the person outlives them.
  erasureJobs: defineTable({
    identityId: v.string(),
    /** Absent where the person never had an account here. */
    ownerId: v.optional(v.id("users")),
    workspaceId: v.optional(v.id("workspaces")),
    origin: vOrigin,
    state: vErasureState,
    /** What the account was before the fence, to return to where the identity turns out to be alive. */
    before: v.optional(v.union(v.literal("live"), v.literal("restricted"), v.literal("closing"))),
    /** Whether the identity provider has confirmed that the person is gone there. */
    identityGone: v.boolean(),
    requestedAt: v.number(),
    shreddedAt: v.optional(v.number()),
    /** The last sign of life, by which the watchdog finds what has stopped. */
    beatAt: v.number(),
    /** Tells the chain of steps that counts from one that was taken for dead. */
    chain: v.number(),
    /** How often a step was tried again. */
    attempts: v.number(),
    /** Rows deleted so far, by table. */
    counts: v.record(v.string(), v.number()),
  })
    .index("by_identity", ["identityId"])
    .index("by_owner", ["ownerId"])
    .index("by_beat", ["beatAt"]),

  // Objects of an erasure that the bucket has confirmed to be gone, one row each. Written when it has, read and deleted by
  // the look for them at the end; none outlives its erasure. Names no person.
  deletedObjects: defineTable({ jobId: v.id("erasureJobs"), key: v.string() }).index("by_job", ["jobId"]),

  // Proof that an account was erased: one row each, chained by MAC, without content. Written in the transaction that
  // completes an erasure, read by operators. Deleted after 36 months.
  erasureReceipts: defineTable({
    /** Numbers the receipts from 1. */
    seq: v.number(),
    /** The keyed pseudonym of the identity. */
    subject: v.string(),
    origin: vOrigin,
    requestedAt: v.number(),
    shreddedAt: v.number(),
    completedAt: v.number(),
    counts: v.record(v.string(), v.number()),
    /** What outlives the account, why, and until when. */
    retained: v.array(vRetained),
    /** Until when copies may lie in backups, unreadable. */
    backupsUntilAt: v.number(),
    /** The registry by which was erased. */
    registryHash: v.string(),
    previousMac: v.string(),
    mac: v.string(),
  })
    .index("by_seq", ["seq"])
    .index("by_subject", ["subject"])
    .index("by_completion", ["completedAt"]),

  // What the law keeps of an account that has ended, one row each. Written with its receipt, read by the sweep that ends
  // what it names. Deleted with the last of that.
  retainedRecords: defineTable({
    /** The id by which entries of the ledger name the account. Nothing else has it any more. */
    ownerId: v.id("users"),
    /** The pseudonym under which the subscription is kept. */
    subject: v.string(),
    untilAt: v.number(),
  }).index("by_end", ["untilAt"]),

  // That an identity was erased, as a keyed pseudonym. Written with its receipt, read by sign-in and the inbox, so that
  // nothing that comes late brings the person back. Deleted after 13 months.
  identityTombstones: defineTable({ subject: v.string(), erasedAt: v.number() })
    .index("by_subject", ["subject"])
    .index("by_time", ["erasedAt"]),

  // What must not come back with a backup, under keyed pseudonyms: one row for each deletion, and one for each person, chat
  // and legal hold with what holds of it. Written in the transaction that makes something unreadable or decides it, read by
  // operators, who keep a copy elsewhere. Deleted after 35 days, when no backup is older; what a person decided also with
  // their account. See [Note: Erasure ledger].
  erasureLedger: defineTable(entryFields).index("by_time", ["at"]).index("by_subject", ["subject"]),

  // One row while all accounts are compared with the identity provider's users: how far that has come, and who was not
  // found so far. Written by its steps, read by them and by the watchdog. Deleted with its last page. See
  // [Note: Reconciliation].
  identityLooks: defineTable({
    /** Where the next page begins. */
    cursor: v.union(v.string(), v.null()),
    /** Accounts looked at so far, and those of them that were not found. */
    accounts: v.number(),
    absent: v.array(v.id("users")),
    beatAt: v.number(),
    /** Tells the chain of steps that counts from one that was taken for dead. */
    chain: v.number(),
  }),

  // One row: the instance of the identity provider this deployment belongs to, as it was first met. Without it, a wrong
  // key would make everybody look gone.
  identityInstances: defineTable({ instanceId: v.string() }),
};
