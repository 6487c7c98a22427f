import type { Doc } from "../_generated/dataModel.js";
import { notFound } from "../lib/errors.ts";
import type { ViewerQueryCtx } from "../lib/functions.ts";

/** The viewer's message of that id. Throws `not_found` for anything else, as `loadOwnedThread` does. */
export async function loadOwnedMessage(ctx: ViewerQueryCtx, messageId: string): Promise<Doc<"messages">> {
  const id = ctx.db.normalizeId("messages", messageId);
  const message = id && (await ctx.db.get("messages", id));
  if (!message) throw notFound("message");
  return message;
}
