import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { findObjection } from "../privacy/choices.ts";

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

/** Takes what was said and whom it was about from the applied messages about a person: at most those of thirty days. */
export async function stripApplied(ctx: Pick<MutationCtx, "db">, identityId: string): Promise<void> {
  const about = ctx.db.query("webhookInbox").withIndex("by_identity", (q) => q.eq("identityId", identityId));
  for (const { _id, _creationTime, ...row } of await about.collect()) {
    if (row.state === "applied") await ctx.db.replace("webhookInbox", _id, withoutPerson(row));
  }
}

function withoutPerson(row: InboxRow): InboxRow {
  return { ...row, identityId: undefined, fields: "{}" };
}
