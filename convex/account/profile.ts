import { v } from "convex/values";
import { NAME_CHARACTERS } from "../../src/shared/limits.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";

/** What the identity provider tells of a person's profile, and when they changed it there. */
export const vProfile = v.object({ name: v.string(), at: v.number() });

/** A profile as the identity provider's events carry it: `UserJSON` of `@clerk/backend`. Pure. */
export function readProfile(data: unknown): { name: string; at: number } | null {
  if (typeof data !== "object" || data === null) return null;
  const { first_name: first, last_name: last, updated_at: at } = data as Record<string, unknown>;
  const name = [first, last].filter((part) => typeof part === "string" && part !== "").join(" ");
  if (name === "" || typeof at !== "number") return null;
  return { name: [...name].slice(0, NAME_CHARACTERS).join(""), at };
}

/**
 * Takes over a name that was changed at the identity provider. An older event than the newest known changes nothing, and
 * neither does one that tells the same name again: so a name that was changed here stays until it is changed there.
 */
export async function syncProfile(
  ctx: MutationCtx,
  user: Doc<"users">,
  told: { name: string; at: number },
): Promise<void> {
  const known = user.told ?? { name: user.name, at: 0 };
  if (told.at < known.at) return;
  const name = told.name === known.name ? user.name : told.name;
  await ctx.db.patch("users", user._id, { name, told });
}
