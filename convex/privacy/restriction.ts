import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { refusal } from "../lib/errors.ts";

/**
 * Restricts an account to being read, or lifts that. A restricted account's data is stored and nothing else: every writer
 * reads the state and refuses, and the sweep of old chats passes it by. Throws `closing` for an account that is being
 * closed.
 */
export async function restrictAccount(
  ctx: Pick<MutationCtx, "db">,
  user: Pick<Doc<"users">, "_id" | "state">,
  restricted: boolean,
): Promise<void> {
  if (user.state !== "live" && user.state !== "restricted") {
    throw refusal("closing", "This account is being closed: reopen it first.");
  }
  await ctx.db.patch("users", user._id, { state: restricted ? "restricted" : "live" });
}
