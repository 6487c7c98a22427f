import { defineTable } from "convex/server";
import { v } from "convex/values";
import {
  CONSENTS,
  type ConsentPurpose,
  OBJECTIONS,
  type ObjectionPurpose,
  REQUEST_KINDS,
  type RequestKind,
  VERIFICATIONS,
  type Verification,
} from "../../src/policy/rights.ts";

export const vConsentPurpose = v.union(...(Object.keys(CONSENTS) as ConsentPurpose[]).map((name) => v.literal(name)));

export const vObjectionPurpose = v.union(
  ...(Object.keys(OBJECTIONS) as ObjectionPurpose[]).map((name) => v.literal(name)),
);

export const vRequestKind = v.union(...(Object.keys(REQUEST_KINDS) as RequestKind[]).map((name) => v.literal(name)));

export const vVerification = v.union(...(Object.keys(VERIFICATIONS) as Verification[]).map((name) => v.literal(name)));

/** How a request can end. */
export const vAnswer = v.union(
  /** What was asked for was done. */
  v.literal("fulfilled"),
  /** It was refused, and the person was told why. */
  v.literal("refused"),
  v.literal("withdrawn"),
);

export const vRequestState = v.union(v.literal("open"), ...vAnswer.members);

/**
 * All that somebody has decided about their account and their data, as it holds: what a backup that is brought back has
 * to be told. Of each purpose the newest decision.
 */
export const vChoices = v.object({
  state: v.union(v.literal("live"), v.literal("restricted"), v.literal("closing")),
  /** Of a closed account: since when, and what it was before. */
  closedAt: v.optional(v.number()),
  reopensAs: v.optional(v.union(v.literal("live"), v.literal("restricted"))),
  consents: v.array(
    v.object({ purpose: vConsentPurpose, given: v.boolean(), textVersion: v.number(), at: v.number() }),
  ),
  objections: v.array(v.object({ purpose: vObjectionPurpose, at: v.number() })),
});

/** What a person had deleted, short of their account. */
export const vDeletedKind = v.union(v.literal("chat"), v.literal("file"), v.literal("archive"));

/** Why it was: the person deleted it, or its period was over. */
export const vDeletionReason = v.union(v.literal("person"), v.literal("period"));

export const privacyTables = {
  // The ledger of consents: append-only, one row each time somebody gives or withdraws consent; the newest row of a
  // purpose is what holds. Written by `privacy:setConsent`, read by whatever needs the consent and by the overview. Lives
  // as long as the account, since it proves what was done with the account's data.
  consents: defineTable({
    ownerId: v.id("users"),
    purpose: vConsentPurpose,
    given: v.boolean(),
    /** The version of the text that was shown. */
    textVersion: v.number(),
    at: v.number(),
  }).index("by_owner", ["ownerId", "purpose", "at"]),

  // One row for each purpose somebody objects to. Written and deleted by `privacy:setObjection`, read by whatever rests on
  // a legitimate interest. Lives as long as the objection or the account.
  objections: defineTable({
    ownerId: v.id("users"),
    purpose: vObjectionPurpose,
    at: v.number(),
  }).index("by_owner", ["ownerId", "purpose"]),

  // The register of requests about data: what was asked, when, until when it must be answered, how it was made sure who
  // asks, and what became of it; never what was written. Written by `privacy:request` and by operators for requests that
  // come by mail, read by both and by the alert. Deleted 36 months after the answer; a person's own end with the account,
  // whose receipt then is the proof.
  privacyRequests: defineTable({
    /** Absent until it is known whose account a request by mail is about, and for good where there is none. */
    ownerId: v.optional(v.id("users")),
    kind: vRequestKind,
    channel: v.union(v.literal("app"), v.literal("mail")),
    /** The operator's own number for the correspondence. Names nobody. */
    reference: v.optional(v.string()),
    receivedAt: v.number(),
    confirmBy: v.number(),
    dueAt: v.number(),
    verifiedBy: v.optional(vVerification),
    verifiedAt: v.optional(v.number()),
    state: vRequestState,
    answeredAt: v.optional(v.number()),
  })
    .index("by_owner", ["ownerId", "receivedAt"])
    .index("by_due", ["state", "dueAt"])
    .index("by_reference", ["reference"])
    .index("by_answer", ["answeredAt"]),

  // Proof that something of a person's was deleted: one row each, chained by MAC for each person, without content or ids.
  // Written in the transaction that deletes the last row, read by its owner and the export. Deleted after 36 months, or with
  // the account, whose own receipt then is the proof. See [Note: Deletion receipts].
  deletionReceipts: defineTable({
    ownerId: v.id("users"),
    /** Numbers a person's receipts from 1. */
    seq: v.number(),
    what: vDeletedKind,
    why: vDeletionReason,
    unreadableAt: v.number(),
    completedAt: v.number(),
    /** Messages and files that went with it. */
    messages: v.number(),
    files: v.number(),
    previousMac: v.string(),
    mac: v.string(),
  })
    .index("by_owner", ["ownerId", "seq"])
    .index("by_completion", ["completedAt"]),
};
