import { CONSENTS, type ConsentPurpose, type ObjectionPurpose } from "../../src/policy/rights.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { refusal } from "../lib/errors.ts";

/** What somebody has decided about one purpose of consent. */
export interface ConsentChoice {
  purpose: ConsentPurpose;
  given: boolean;
  /** The version of the text that was shown to them. */
  textVersion: number;
}

/**
 * Enters consent or its withdrawal in the ledger, unless it says what holds already. Consent to a text that is not the
 * present one is refused as `conflict`; a withdrawal never is.
 */
export async function enterConsent(ctx: MutationCtx, ownerId: Id<"users">, choice: ConsentChoice): Promise<void> {
  const { purpose, given, textVersion } = choice;
  if (given && textVersion !== CONSENTS[purpose].version) {
    throw refusal("conflict", "The text has changed. Read it again and decide anew.");
  }
  const last = await newestConsent(ctx.db, ownerId, purpose);
  if ((last?.given ?? false) === given && (!given || last?.textVersion === textVersion)) return;
  const at = Math.max(Date.now(), last?.at ?? 0);
  await ctx.db.insert("consents", { ownerId, purpose, given, textVersion, at });
}

/** The objection of somebody to a purpose, or null where they do not object. */
export async function findObjection(
  db: QueryCtx["db"],
  ownerId: Id<"users">,
  purpose: ObjectionPurpose,
): Promise<Doc<"objections"> | null> {
  return db
    .query("objections")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId).eq("purpose", purpose))
    .unique();
}

/** What somebody has last decided about a purpose, or null where they were never asked. */
export function newestConsent(
  db: QueryCtx["db"],
  ownerId: Id<"users">,
  purpose: ConsentPurpose,
): Promise<Doc<"consents"> | null> {
  return db
    .query("consents")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId).eq("purpose", purpose))
    .order("desc")
    .first();
}
