import type { Infer } from "convex/values";
import type { vReason, vStanding, vStoredStanding, vUsageKind } from "./schema.ts";

/*
 * [Note: Ledger]
 * Every change to a person's credits is one entry, and every entry carries how the account stands after it. So the newest
 * entry *is* the account: balance and open holds change in the transaction of the entry that changes them because they are
 * the same row, a turn of a chat writes two entries and nothing else, and what a day cost is the difference of two
 * entries. Whoever adds an entry reads the newest one by index; of two at once, Convex lets one commit and runs the other
 * again, so no credit is spent twice.
 *
 * What always holds: the credits of all entries add up to the balance, their holds to what is held, and
 * 0 ≤ held ≤ balance, 0 ≤ bought ≤ balance.
 *
 * A hold sets credits aside before a model is called. It ends once: settled with what the work cost, or released. The
 * entry that ends it has a key made of the hold's subject, so a second end finds the first and changes nothing.
 */

export type Standing = Infer<typeof vStanding>;
export type Use = Infer<typeof vUsageKind>;
export type Reason = Infer<typeof vReason>;

/** A hold, as far as its end needs it. */
export interface Hold {
  /** Credits set aside. */
  credits: number;
  use: Use;
}

/** What is to be entered. Amounts are whole credits and not negative, but for `adjust`, which may take. */
export type Posting =
  | { kind: "grant"; credits: number; bought: boolean }
  | { kind: "hold"; credits: number; use: Use }
  | { kind: "settle"; hold: Hold; cost: number }
  | { kind: "release"; hold: Hold }
  | { kind: "refund"; credits: number; use: Use }
  /** Takes what is left of a plan's grant. */
  | { kind: "expire" }
  | { kind: "adjust"; credits: number };

/** What an entry changes, and how the account stands after it. */
export interface Change {
  credits: number;
  held: number;
  after: Standing;
}

/** An account before its first entry. */
export const EMPTY: Standing = {
  balance: 0,
  held: 0,
  bought: 0,
  spent: 0,
  spentOnImages: 0,
  spentOnVideos: 0,
  openReplies: 0,
  openJobs: 0,
};

/** A standing as it is reckoned with, from one as rows hold it. Pure. */
export function readStanding(stored: Infer<typeof vStoredStanding>): Standing {
  return { ...EMPTY, ...stored };
}

/** Which ceiling on things done at once a use counts against. */
export function openCount(use: Use): "openReplies" | "openJobs" {
  return use === "chat" ? "openReplies" : "openJobs";
}

/** What can be held or taken: credits that no open hold has set aside. */
export function available({ balance, held }: Standing): number {
  return balance - held;
}

/** What was ever spent, by what it was for. */
export function spentOn({ spent, spentOnImages, spentOnVideos }: Standing): Record<Use, number> {
  return { chat: spent - spentOnImages - spentOnVideos, image: spentOnImages, video: spentOnVideos };
}

/** What an entry changed, as it is kept. */
interface Kept {
  kind: Posting["kind"];
  reason: Reason;
  credits: number;
  held: number;
  use?: Use;
  after: Infer<typeof vStoredStanding>;
}

/**
 * The account after one more of its entries, added up from what entries changed, whatever they carry: only an entry that
 * does not tell the parts of what was spent counts for none of them. Pure.
 */
export function replayed(standing: Standing, { kind, reason, credits, held, use, after }: Kept): Standing {
  const balance = standing.balance + credits;
  const isBought = kind === "refund" || kind === "adjust" || reason === "top_up";
  const bought = Math.min(balance, standing.bought + (isBought ? Math.max(0, credits) : 0));
  const charged = kind === "settle" || kind === "refund" ? 0 - credits : 0;
  const part = after.spentOnImages === undefined ? "chat" : (use ?? "chat");
  const counted = { ...withSpent(standing, part, charged), balance, bought, held: standing.held + held };
  const change = { hold: 1, settle: -1, release: -1 }[kind as string];
  return use && change ? { ...counted, [openCount(use)]: counted[openCount(use)] + change } : counted;
}

/**
 * Decides what a posting changes. Pure. Throws a RangeError for amounts that are negative, fractional or too large, and
 * for a hold on more than is available.
 */
export function post(standing: Standing, posting: Posting): Change {
  switch (posting.kind) {
    case "grant":
      return grant(standing, posting);
    case "hold":
      return hold(standing, posting);
    case "settle":
      return end(standing, posting.hold, chargeFor(standing, posting.hold, whole(posting.cost)));
    case "release":
      return end(standing, posting.hold, 0);
    case "refund":
      return refund(standing, posting);
    case "expire":
      return take(standing, Math.min(standing.balance - standing.bought, available(standing)));
    case "adjust":
      if (posting.credits >= 0) return grant(standing, { credits: posting.credits, bought: true });
      return take(standing, Math.min(whole(-posting.credits), available(standing)));
  }
}

function grant(standing: Standing, { credits, bought }: { credits: number; bought: boolean }): Change {
  const balance = whole(standing.balance + whole(credits));
  return { credits, held: 0, after: { ...standing, balance, bought: standing.bought + (bought ? credits : 0) } };
}

function hold(standing: Standing, { credits, use }: Hold): Change {
  if (whole(credits) > available(standing)) throw new RangeError("A hold exceeds what is available");
  const held = standing.held + credits;
  return { credits: 0, held: credits, after: { ...withOpen(standing, use, 1), held } };
}

/** What work costs, or what there is where it cost more than was held and more than is left beside other holds. */
function chargeFor(standing: Standing, { credits }: Hold, cost: number): number {
  return Math.min(cost, credits + available(standing));
}

function end(standing: Standing, { credits, use }: Hold, charge: number): Change {
  const held = standing.held - whole(credits);
  const taken = take(withOpen({ ...standing, held }, use, -1), charge);
  return { ...taken, held: 0 - credits, after: withSpent(taken.after, use, charge) };
}

/** What is given back does not expire: it was the person's once already. */
function refund(standing: Standing, { credits, use }: { credits: number; use: Use }): Change {
  const given = grant(standing, { credits, bought: true });
  const after = withSpent(given.after, use, 0 - credits);
  whole(spentOn(after)[use]);
  return { ...given, after };
}

/** Takes credits, those that expire first. */
function take(standing: Standing, credits: number): Change {
  const balance = whole(standing.balance - credits);
  return { credits: 0 - credits, held: 0, after: { ...standing, balance, bought: Math.min(standing.bought, balance) } };
}

/** The account after `credits` more were spent on `use`, or given back where they are negative. */
function withSpent(standing: Standing, use: Use, credits: number): Standing {
  const spent = standing.spent + credits;
  if (use === "image") return { ...standing, spent, spentOnImages: standing.spentOnImages + credits };
  if (use === "video") return { ...standing, spent, spentOnVideos: standing.spentOnVideos + credits };
  return { ...standing, spent };
}

function withOpen(standing: Standing, use: Use, change: 1 | -1): Standing {
  const count = openCount(use);
  return { ...standing, [count]: whole(standing[count] + change) };
}

function whole(credits: number): number {
  if (Number.isSafeInteger(credits) && credits >= 0) return credits;
  throw new RangeError(`${credits} is no amount of credits`);
}
