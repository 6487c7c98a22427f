import { defineTable } from "convex/server";
import { v } from "convex/values";

/** What a model did: wrote a reply, drew an image or made a video. */
export const vUsageKind = v.union(v.literal("chat"), v.literal("image"), v.literal("video"));

export const vEntryKind = v.union(
  v.literal("grant"),
  v.literal("hold"),
  v.literal("settle"),
  v.literal("release"),
  v.literal("refund"),
  v.literal("expire"),
  v.literal("adjust"),
);

/** Why an entry was made. */
export const vReason = v.union(
  /** Work of a model: `use` says which. */
  v.literal("use"),
  /** A month of a plan began. */
  v.literal("plan"),
  /** A larger plan began before the month of the smaller one was over. */
  v.literal("upgrade"),
  v.literal("period_end"),
  v.literal("top_up"),
  v.literal("failed"),
  v.literal("cancelled"),
  /** Nobody ended the hold within the longest time its work may take. */
  v.literal("unsettled"),
  v.literal("operator"),
  /** The balance was recomputed from the entries. */
  v.literal("reconciled"),
);

/** How an account stands, in whole credits. See [Note: Ledger]. */
export const vStanding = v.object({
  balance: v.number(),
  /** The part of the balance that open holds have set aside. */
  held: v.number(),
  /** The part of the balance that does not expire with its month. */
  bought: v.number(),
  /** All that was ever charged, less what was refunded. The difference of two days is what a day cost. */
  spent: v.number(),
  /** The parts of that for pictures and for videos; the rest was for replies. */
  spentOnImages: v.number(),
  spentOnVideos: v.number(),
  openReplies: v.number(),
  openJobs: v.number(),
});

/** A standing as rows hold it: those from before the parts were told apart carry none. */
export const vStoredStanding = v.object({
  ...vStanding.fields,
  spentOnImages: v.optional(v.number()),
  spentOnVideos: v.optional(v.number()),
});

/** Where the figures of a usage event come from. */
export const vUsageSource = v.union(v.literal("provider"), v.literal("estimate"));

/** What was used. Which of them are there depends on the kind. */
export const vAmounts = v.object({
  inputTokens: v.optional(v.number()),
  outputTokens: v.optional(v.number()),
  /** The part of the output that was reasoning, where the provider says. */
  reasoningTokens: v.optional(v.number()),
  images: v.optional(v.number()),
  seconds: v.optional(v.number()),
});

/** What a model did for somebody: times, kinds, models, amounts and credits, never content. */
export const vUsageEvent = v.object({
  /** What it was done for, such as `reply:…`. */
  subject: v.string(),
  kind: vUsageKind,
  model: v.string(),
  startedAt: v.number(),
  endedAt: v.number(),
  ...vAmounts.fields,
  credits: v.number(),
  source: vUsageSource,
});

/** A change to the credits of an account from which this one was brought over. */
export const vEarlierEntry = v.object({
  kind: vEntryKind,
  reason: vReason,
  credits: v.number(),
  held: v.number(),
  at: v.number(),
  seq: v.number(),
  use: v.optional(vUsageKind),
  after: vStoredStanding,
});

export const usageTables = {
  // The ledger: append-only, one row for each change to a person's credits, and the newest row of a person is how their
  // account stands. See [Note: Ledger]. Written by `convex/usage/` alone, read by the account menu, the usage page and
  // every later entry. A billing record: kept for seven years.
  creditEntries: defineTable({
    ownerId: v.id("users"),
    /** Made here from what the entry is about, such as `reply:…:hold`. No two entries share one: nothing is entered twice. */
    key: v.string(),
    kind: vEntryKind,
    reason: vReason,
    /** What the entry adds to the balance. */
    credits: v.number(),
    /** What it adds to the open holds. */
    held: v.number(),
    /** Never earlier than the entry before, whatever the clock does. */
    at: v.number(),
    /** Numbers a person's entries from 1. */
    seq: v.number(),
    /** Of holds and what ends them: what the credits are used for. */
    use: v.optional(vUsageKind),
    /** Of a hold: when it is released if nothing has ended it. */
    deadlineAt: v.optional(v.number()),
    after: vStoredStanding,
  })
    .index("by_owner", ["ownerId", "at", "seq"])
    .index("by_key", ["key"])
    .index("by_deadline", ["deadlineAt"]),

  // The ledger of an account from which this one was brought over, as history: no balance counts it. Written by an import,
  // read by the export. Ends with its account.
  earlierCredits: defineTable({ ownerId: v.id("users"), ...vEarlierEntry.fields }).index("by_owner", [
    "ownerId",
    "at",
    "seq",
  ]),

  // What models did for a person, one row a reply or job that has ended. Written when a hold is settled, read by the usage
  // page and the export. Ends with its account.
  usageEvents: defineTable({ ownerId: v.id("users"), ...vUsageEvent.fields }).index("by_owner", ["ownerId", "endedAt"]),

  // Accounts whose entries do not add up to what the newest one carries, one row each until they do. Written by the nightly
  // run and by operators, who read it. See [Note: Reconciling].
  creditAlerts: defineTable({
    ownerId: v.id("users"),
    /** The number of the newest entry that was looked at. */
    seq: v.number(),
    carried: vStoredStanding,
    added: vStoredStanding,
    raisedAt: v.number(),
  }).index("by_owner", ["ownerId"]),

  // One row: up to which deadline the sweep has looked at holds, so that it reads none twice. Written and read by the
  // sweep. Names nobody.
  holdSweeps: defineTable({ sweptUntilAt: v.number() }),
};
