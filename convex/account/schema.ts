import { defineTable } from "convex/server";
import { v } from "convex/values";

/** How far the end of an account has come. Every writer re-reads it and refuses unless the account is live. */
export const vAccountState = v.union(
  v.literal("live"),
  v.literal("restricted"),
  v.literal("closing"),
  v.literal("erasing"),
);

export const vSettings = v.object({
  theme: v.optional(v.union(v.literal("system"), v.literal("light"), v.literal("dark"))),
  /** The language the app speaks to this person; absent while they have not chosen, and it follows their browser. */
  language: v.optional(v.union(v.literal("en"), v.literal("de"))),
  /** The model that is preselected in a new chat. */
  defaultModel: v.optional(v.string()),
  /** Most credits that may be spent in a day (UTC), as the person set it for themself; null for no ceiling. */
  dailyCeiling: v.optional(v.union(v.number(), v.null())),
});

export const accountTables = {
  // Written by `account:signIn` and `account:update`, read by every call. Lives until the account is erased. Of the
  // identity provider's data it holds the user id and the name, and nothing else.
  users: defineTable({
    /** The identity provider's user id. One issuer is trusted (`auth.config.ts`), so the subject alone names a person. */
    identityId: v.string(),
    name: v.string(),
    state: vAccountState,
    /** The personal workspace. Absent only inside the transaction that makes both. */
    workspaceId: v.optional(v.id("workspaces")),
    settings: vSettings,
    /** Since when an operator has kept the account from spending; it can still read, export and erase. */
    suspendedAt: v.optional(v.number()),
    /** Since when the account has been closed, while it is, and what it was before. */
    closedAt: v.optional(v.number()),
    reopensAs: v.optional(v.union(v.literal("live"), v.literal("restricted"))),
    /** Since when the identity provider is being told to lock the person or to let them in, until it has confirmed it. */
    lockDueAt: v.optional(v.number()),
    /** What the identity provider last told, by which a change there is told from one made here. */
    told: v.optional(v.object({ name: v.string(), at: v.number() })),
  })
    .index("by_identity", ["identityId"])
    .index("by_closing", ["state", "closedAt"])
    .index("by_lock", ["lockDueAt"]),
};
