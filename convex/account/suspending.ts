import { v } from "convex/values";
import { internalMutation } from "../_generated/server.js";

/**
 * Suspends an account or lifts its suspension, for an operator: a suspended person can sign in, read, export and erase,
 * and cannot spend credits. Gives when it has been suspended since, before and after; without `apply` nothing changes.
 * Null where nobody has that id at the identity provider.
 */
export const setSuspended = internalMutation({
  args: { identityId: v.string(), suspended: v.boolean(), apply: v.boolean() },
  returns: v.union(v.null(), v.object({ before: v.union(v.number(), v.null()), after: v.union(v.number(), v.null()) })),
  handler: async (ctx, { identityId, suspended, apply }) => {
    const user = await ctx.db
      .query("users")
      .withIndex("by_identity", (q) => q.eq("identityId", identityId))
      .unique();
    if (!user) return null;
    const before = user.suspendedAt ?? null;
    const after = suspended ? (before ?? Date.now()) : null;
    if (apply) await ctx.db.patch("users", user._id, { suspendedAt: after ?? undefined });
    return { before, after };
  },
});
