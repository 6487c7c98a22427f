import { v } from "convex/values";
import { internalMutation } from "../_generated/server.js";
import { enter, findEntry, loadStanding } from "./entries.ts";

const vCorrected = v.union(v.null(), v.object({ credits: v.number(), balance: v.number() }));

/**
 * Gives back, once, what work was charged: `subject` is `reply:…` or `job:…`. Gives the credits and the balance after
 * them; null where nothing was charged, or all was given back. Without `apply` nothing changes.
 */
export const refund = internalMutation({
  args: { subject: v.string(), apply: v.boolean() },
  returns: vCorrected,
  handler: async (ctx, { subject, apply }) => {
    const charge = await findEntry(ctx.db, `${subject}:end`);
    const key = `${subject}:refund`;
    if (!charge?.use || charge.credits === 0 || (await findEntry(ctx.db, key))) return null;
    const { ownerId, use } = charge;
    const credits = 0 - charge.credits;
    const { balance } = await loadStanding(ctx.db, ownerId);
    if (!apply) return { credits, balance: balance + credits };
    const occasion = { ownerId, key, reason: "operator" as const, use, nowMs: Date.now() };
    const { entry } = await enter(ctx, occasion, () => ({ kind: "refund", credits, use }));
    return { credits, balance: entry.after.balance };
  },
});

/**
 * Gives or takes credits, for an operator; what is taken never exceeds what is available. The same `requestId` again
 * changes nothing. Null where nobody has that id at the identity provider.
 */
export const adjust = internalMutation({
  args: { identityId: v.string(), credits: v.number(), requestId: v.string(), apply: v.boolean() },
  returns: vCorrected,
  handler: async (ctx, { identityId, credits, requestId, apply }) => {
    const user = await ctx.db
      .query("users")
      .withIndex("by_identity", (q) => q.eq("identityId", identityId))
      .unique();
    if (!user) return null;
    const { balance } = await loadStanding(ctx.db, user._id);
    if (!apply) return { credits, balance: Math.max(0, balance + credits) };
    const occasion = { ownerId: user._id, key: `adjust:${requestId}`, reason: "operator" as const, nowMs: Date.now() };
    const { entry } = await enter(ctx, occasion, () => ({ kind: "adjust", credits }));
    return { credits: entry.credits, balance: entry.after.balance };
  },
});
