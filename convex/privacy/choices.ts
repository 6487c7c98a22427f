import type { Infer } from "convex/values";
import { CONSENTS, type ConsentPurpose, OBJECTIONS, type ObjectionPurpose } from "../../src/policy/rights.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { refusal } from "../lib/errors.ts";
import type { vChoices } from "./schema.ts";

export type Choices = Infer<typeof vChoices>;

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
  // No two at one time, so that a decision is known by its time, and the newest is.
  const at = Math.max(Date.now(), (last?.at ?? 0) + 1);
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

/** All that somebody has decided, as it holds; null for an account that is being erased, which decides nothing any more. */
export async function choicesOf(db: QueryCtx["db"], user: Doc<"users">): Promise<Choices | null> {
  const { _id: ownerId, state, closedAt, reopensAs } = user;
  if (state === "erasing") return null;
  const consents = await Promise.all(
    (Object.keys(CONSENTS) as ConsentPurpose[]).map((purpose) => newestConsent(db, ownerId, purpose)),
  );
  const objections = await Promise.all(
    (Object.keys(OBJECTIONS) as ObjectionPurpose[]).map((purpose) => findObjection(db, ownerId, purpose)),
  );
  return {
    ...{ state, closedAt, reopensAs },
    consents: consents.flatMap((row) => (row ? [pickConsent(row)] : [])),
    objections: objections.flatMap((row) => (row ? [{ purpose: row.purpose, at: row.at }] : [])),
  };
}

/** What has to change for what is `known` of somebody's decisions to be what they `decided`. */
export interface Changes {
  /** Whether the state of the account is another. */
  isOfState: boolean;
  consents: Choices["consents"];
  objected: Choices["objections"];
  /** Objections that were taken back. */
  takenBack: Choices["objections"];
}

/** Compares decisions; null where there is nothing to change. Pure. */
export function changesTo(decided: Choices, known: Choices): Changes | null {
  const isSame = (one: Choices["consents"][number]) =>
    known.consents.some(({ purpose, given, at }) => purpose === one.purpose && given === one.given && at === one.at);
  const without = (some: Choices["objections"], others: Choices["objections"]) =>
    some.filter(({ purpose }) => others.every((other) => other.purpose !== purpose));
  const changes = {
    isOfState: (["state", "closedAt", "reopensAs"] as const).some((field) => decided[field] !== known[field]),
    consents: decided.consents.filter((consent) => !isSame(consent)),
    objected: without(decided.objections, known.objections),
    takenBack: without(known.objections, decided.objections),
  };
  const isNothing = [changes.consents, changes.objected, changes.takenBack].every(({ length }) => length === 0);
  return isNothing && !changes.isOfState ? null : changes;
}

function pickConsent({ purpose, given, textVersion, at }: Doc<"consents">): Choices["consents"][number] {
  return { purpose, given, textVersion, at };
}
