import { defineTable } from "convex/server";
import { v } from "convex/values";

export const workspaceTables = {
  // The owner of content: each row of content names its workspace. A personal one is made by `account:signIn` and lives
  // as long as its person's account.
  workspaces: defineTable({
    kind: v.union(v.literal("personal"), v.literal("team")),
    ownerId: v.id("users"),
  }).index("by_owner", ["ownerId"]),

  // Who may do what in a workspace. Written when a person joins, looked up at each call: a role in a token is never
  // trusted. Erasing the person or the workspace deletes it.
  memberships: defineTable({
    workspaceId: v.id("workspaces"),
    userId: v.id("users"),
    role: v.union(v.literal("owner"), v.literal("admin"), v.literal("member"), v.literal("viewer")),
  }).index("by_user", ["userId", "workspaceId"]),
};
