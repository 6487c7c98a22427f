import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { refusal } from "../lib/errors.ts";

/**
 * Restricts an account to being read, or lifts that. A restricted account's data is stored and nothing else: every writer
 * reads the state and refuses, and sweeps pass it by (`isHeld`). Throws `closing` for an account that is being closed.
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

/** Whether an account is restricted, or was when it was closed. Pure. */
export function isRestricted({ state, reopensAs }: Pick<Doc<"users">, "state" | "reopensAs">): boolean {
  return (state === "closing" ? reopensAs : state) === "restricted";
}

/**
 * Whether sweeps leave a person's data as it is: while it is restricted, and while the account is being erased, since
 * that ends it anyway or turns out to be unfounded. Archives and sessions are copies and keys, and end in their time.
 */
export async function isHeld(db: QueryCtx["db"], ownerId: Id<"users">): Promise<boolean> {
  const owner = await db.get("users", ownerId);
  return owner !== null && (owner.state === "erasing" || isRestricted(owner));
}
