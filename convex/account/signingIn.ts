import { v } from "convex/values";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { openMonth } from "../billing/months.ts";
import { loadUserKey } from "../encryption/vault.ts";
import { isErased } from "../erasure/beginning.ts";
import { refusal } from "../lib/errors.ts";
import { spendRate } from "../lib/rateLimits.ts";

/**
 * Finds the account of an identity, or makes it with its personal workspace, and sees that its month of credits is the
 * present one. Throws `closing` and `limit_exceeded`. `hasKey` says whether its key exists.
 */
export const ensureAccount = internalMutation({
  args: { identityId: v.string(), name: v.string() },
  returns: v.object({ userId: v.id("users"), hasKey: v.boolean() }),
  handler: async (ctx, { identityId, name }) => {
    if (await isErased(ctx.db, identityId)) throw refusal("closing", "This account is being erased.");
    const nowMs = Date.now();
    await spendRate(ctx, "signIn", { key: identityId, nowMs });
    const found = await findAnyUser(ctx, identityId);
    if (found?.state === "erasing") throw refusal("closing", "This account is being erased.");
    const user = found ?? (await createAccount(ctx, { identityId, name }));
    await openMonth(ctx, user, nowMs);
    const userId = user._id;
    return { userId, hasKey: (await loadUserKey(ctx.db, userId)) !== null };
  },
});

/** Keeps a person's first key and salt seed, unless another call was faster: what is there already is never replaced. */
export const keepFirstKey = internalMutation({
  args: { ownerId: v.id("users"), gen: v.number(), kid: v.string(), wrapped: v.bytes(), seed: v.bytes() },
  returns: v.null(),
  handler: async (ctx, { seed, ...key }) => {
    const owner = await ctx.db.get("users", key.ownerId);
    if (!owner || owner.state === "erasing") throw refusal("closing", "This account is being erased.");
    if (await loadUserKey(ctx.db, key.ownerId)) return null;
    await ctx.db.insert("userKeys", key);
    await ctx.db.insert("saltRatchets", { ownerId: key.ownerId, seed });
    return null;
  },
});

function findAnyUser(ctx: MutationCtx, identityId: string): Promise<Doc<"users"> | null> {
  return ctx.db
    .query("users")
    .withIndex("by_identity", (q) => q.eq("identityId", identityId))
    .unique();
}

async function createAccount(ctx: MutationCtx, person: { identityId: string; name: string }): Promise<Doc<"users">> {
  const told = { name: person.name, at: 0 };
  const userId = await ctx.db.insert("users", { ...person, state: "live", settings: {}, told });
  const workspaceId = await ctx.db.insert("workspaces", { kind: "personal", ownerId: userId });
  await ctx.db.insert("memberships", { workspaceId, userId, role: "owner" });
  await ctx.db.patch("users", userId, { workspaceId });
  const user = await ctx.db.get("users", userId);
  if (!user) throw new Error("An account was not there after it was made");
  return user;
}
