import { type Infer, v } from "convex/values";
import { internalMutation, type QueryCtx } from "../_generated/server.js";

/*
 * [Note: Silent senders]
 * A sender that fails for days gives an address up and tells nobody: what comes then is nothing, as on a quiet day. So
 * silence is compared with what happens here. Every account begins with a sign-up that the identity provider tells of,
 * and where people use their accounts, something is told within days. Whatever was missed meanwhile the nightly look
 * finds: see [Note: Reconciliation].
 */

/** How long the message of a sign-up may take, before and after the account is made: two of its sender's repeats. */
const SIGN_UP_MS = 45 * 60_000;
/** How long nothing may come while accounts are in use: as long as a sender fails before it gives an address up. */
const QUIET_MS = 5 * 24 * 60 * 60_000;

/** What is known of the sender: when it was last heard, and since when it should have been, where it should. */
export const vSilence = v.object({
  lastReceivedAt: v.union(v.null(), v.number()),
  silentSinceAt: v.union(v.null(), v.number()),
});

/** What silence is judged by, each in milliseconds, null where there is none of it. */
export interface Signs {
  lastReceivedAt: number | null;
  newestAccountAt: number | null;
  /** When a chat was last written in or unpinned. */
  newestUseAt: number | null;
}

/** Since when a sender has been silent that should have been heard; null where its silence is nothing special. Pure. */
export function silentSince({ lastReceivedAt, newestAccountAt, newestUseAt }: Signs, nowMs: number): number | null {
  const heardMs = lastReceivedAt ?? Number.NEGATIVE_INFINITY;
  const isUntold = newestAccountAt !== null && heardMs < newestAccountAt - SIGN_UP_MS;
  if (isUntold && newestAccountAt + SIGN_UP_MS <= nowMs) return lastReceivedAt ?? newestAccountAt;
  const isQuiet = newestUseAt !== null && newestUseAt - heardMs > QUIET_MS;
  return isQuiet ? lastReceivedAt : null;
}

/** How the sender of webhooks stands. Reads three rows. */
export async function silenceOf(db: QueryCtx["db"], nowMs: number): Promise<Infer<typeof vSilence>> {
  const newest = await db.query("webhookInbox").withIndex("by_received").order("desc").first();
  const account = await db.query("users").order("desc").first();
  const chat = await db
    .query("threads")
    .withIndex("by_expiry", (q) => q.eq("state", "live").eq("pinned", false))
    .order("desc")
    .first();
  const lastReceivedAt = newest?.receivedAt ?? null;
  const newestAccountAt = account?._creationTime ?? null;
  const newestUseAt = chat?.retentionClockAt ?? null;
  return { lastReceivedAt, silentSinceAt: silentSince({ lastReceivedAt, newestAccountAt, newestUseAt }, nowMs) };
}

/** Raises the alert while the sender is silent that should not be. */
export const listen = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const { silentSinceAt } = await silenceOf(ctx.db, Date.now());
    if (silentSinceAt === null) return null;
    const since = new Date(silentSinceAt).toISOString();
    console.error(
      `No webhook has come since ${since}, though accounts are active: has its sender given up this address?`,
    );
    return null;
  },
});
