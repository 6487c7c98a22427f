import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { findObjection } from "../privacy/choices.ts";

/** Messages that one transaction strips. Nobody has that many unless a script changes their profile all day. */
const MESSAGES_PER_RUN = 500;

type InboxRow = Omit<Doc<"webhookInbox">, "_id" | "_creationTime">;

/** A message as it is kept: where the person it is about objects to that, only that it came and was applied. */
export async function asKept(ctx: Pick<MutationCtx, "db">, row: InboxRow): Promise<InboxRow> {
  const { identityId, state } = row;
  if (state !== "applied" || identityId === undefined) return row;
  const user = await ctx.db
    .query("users")
    .withIndex("by_identity", (q) => q.eq("identityId", identityId))
    .unique();
  return user && (await findObjection(ctx.db, user._id, "webhooks")) ? withoutPerson(row) : row;
}

/** Takes what was said and whom it was about from the applied messages about a person, page by page from a time on. */
export async function stripApplied(
  ctx: MutationCtx,
  { _id: ownerId, identityId }: Doc<"users">,
  fromMs = 0,
): Promise<void> {
  const page = await ctx.db
    .query("webhookInbox")
    .withIndex("by_identity", (q) => q.eq("identityId", identityId).gte("_creationTime", fromMs))
    .take(MESSAGES_PER_RUN);
  for (const { _id, _creationTime, ...row } of page) {
    if (row.state === "applied") await ctx.db.replace("webhookInbox", _id, withoutPerson(row));
  }
  if (page.length < MESSAGES_PER_RUN) return;
  const next = { ownerId, fromMs: page.at(-1)?._creationTime ?? 0 };
  await ctx.scheduler.runAfter(0, internal.webhooks.objecting.stripRest, next);
}

/** The next page of what `stripApplied` has begun, unless the person has taken their objection back meanwhile. */
export const stripRest = internalMutation({
  args: { ownerId: v.id("users"), fromMs: v.number() },
  returns: v.null(),
  handler: async (ctx, { ownerId, fromMs }): Promise<null> => {
    const user = await ctx.db.get("users", ownerId);
    if (user && (await findObjection(ctx.db, ownerId, "webhooks"))) await stripApplied(ctx, user, fromMs);
    return null;
  },
});

function withoutPerson(row: InboxRow): InboxRow {
  return { ...row, identityId: undefined, fields: "{}" };
}
