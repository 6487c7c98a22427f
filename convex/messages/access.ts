import type { Doc, Id } from "../_generated/dataModel.js";
import { notFound } from "../lib/errors.ts";
import type { ViewerQueryCtx } from "../lib/functions.ts";

/** The viewer's message of that id. Throws `not_found` for anything else, as `loadOwnedThread` does. */
export async function loadOwnedMessage(ctx: ViewerQueryCtx, messageId: string): Promise<Doc<"messages">> {
  const id = ctx.db.normalizeId("messages", messageId);
  const message = id && (await ctx.db.get("messages", id));
  if (!message) throw notFound("message");
  return message;
}

/** As `loadOwnedMessage`, of the chat that is named: a message of another chat is `not_found`, too. */
export async function loadMessageOf(
  ctx: ViewerQueryCtx,
  threadId: Id<"threads">,
  messageId: string,
): Promise<Doc<"messages">> {
  const message = await loadOwnedMessage(ctx, messageId);
  if (message.threadId !== threadId) throw notFound("message");
  return message;
}
