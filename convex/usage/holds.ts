import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { planToSpendUnder } from "../billing/months.ts";
import { refusal } from "../lib/errors.ts";
import { spendRate } from "../lib/rateLimits.ts";
import { isOver } from "../media/states.ts";
import { type Entered, enter, findEntry } from "./entries.ts";
import { available, type Hold, openCount, type Posting, type Reason, type Use } from "./ledger.ts";
import { refuseAboveDailyCeiling } from "./limits.ts";
import type { vAmounts, vUsageSource } from "./schema.ts";

const MINUTE_MS = 60_000;
/** The time work takes at most where all is well. A hold that is left over by then is released by the sweep. */
const LONGEST_MS = { openReplies: 15 * MINUTE_MS, openJobs: 120 * MINUTE_MS } as const;
/** When trying again may succeed where too much is under way: nobody knows when something will end. */
const RETRY_AFTER_MS = 10_000;
/** What the key of a hold ends with. */
const HOLD = ":hold";
/** Holds one run of the sweep looks at. */
const HOLDS_PER_SWEEP = 200;

/** What a hold is for: a reply, or a try of a job. It names the hold to whoever ends it. */
export type Subject = `reply:${Id<"messages">}` | `job:${string}`;

/** What work used and costs, as it is recorded and charged. */
export interface Used {
  model: string;
  amounts: Infer<typeof vAmounts>;
  /** Where the amounts come from. */
  source: Infer<typeof vUsageSource>;
  /** Whole credits, at the price that applied when the hold was placed. */
  credits: number;
}

/**
 * Sets credits aside for work that is about to begin, in the transaction that begins it. The same subject again changes
 * nothing. Throws `insufficient_credits`, `limit_exceeded` (too fast, too much at once, the person's own daily ceiling) and
 * `restricted` (suspended, or a payment is missing for too long).
 */
export async function placeHold(
  ctx: MutationCtx,
  hold: { user: Doc<"users">; subject: Subject; use: Use; credits: number; nowMs: number },
): Promise<void> {
  const { user, subject, use, credits, nowMs } = hold;
  if (user.suspendedAt !== undefined) {
    throw refusal("restricted", "This account is suspended: you can read, export and erase, but not spend credits.");
  }
  const plan = await planToSpendUnder(ctx, user, nowMs);
  const rate = use === "chat" ? "turn" : "job";
  await spendRate(ctx, rate, { key: user.identityId, nowMs, factor: plan.rateFactor });
  await refuseAboveDailyCeiling(ctx, { user, credits, nowMs });
  const count = openCount(use);
  const occasion = { ownerId: user._id, key: holdKey(subject), reason: "use" as const, use, nowMs };
  await enter(ctx, { ...occasion, deadlineAt: nowMs + LONGEST_MS[count] }, (standing) => {
    if (standing[count] >= plan[count]) throw tooMuchAtOnce(use, nowMs);
    if (credits > available(standing)) {
      throw refusal("insufficient_credits", "You do not have enough credits for this.");
    }
    return { kind: "hold", credits, use };
  });
}

/**
 * Ends a hold with what its work cost and records the usage. Gives the credits charged: the cost, or what there was where
 * it cost more than was held and is left. A hold that has ended already, and a subject without one, stay as they are: null.
 */
export async function settleHold(
  ctx: MutationCtx,
  { subject, used, nowMs }: { subject: Subject; used: Used; nowMs: number },
): Promise<{ credits: number } | null> {
  const cost = used.credits;
  const ended = await endHold(ctx, subject, { reason: "use", nowMs }, (hold) => ({ kind: "settle", hold, cost }));
  if (!ended) return null;
  const credits = 0 - ended.entry.credits;
  const { ownerId, at: startedAt } = ended.hold;
  const { model, source, amounts } = used;
  const times = { startedAt, endedAt: ended.entry.at };
  await ctx.db.insert("usageEvents", {
    ownerId,
    subject,
    kind: ended.use,
    model,
    ...times,
    ...amounts,
    credits,
    source,
  });
  return { credits };
}

/** Ends a hold without a charge: the work failed, was cancelled or never began. Does nothing to one that has ended. */
export async function releaseHold(
  ctx: MutationCtx,
  { subject, reason, nowMs }: { subject: Subject; reason: "failed" | "cancelled" | "unsettled"; nowMs: number },
): Promise<void> {
  await endHold(ctx, subject, { reason, nowMs }, (hold) => ({ kind: "release", hold }));
}

/**
 * Releases holds that are left over: whose deadline has passed and whose work is not under way any more. Work that was held
 * up for longer keeps its hold, since it may still end well and is charged then; it ends its hold with itself, and its
 * watchdog sees to it that it ends. So each hold is looked at once, after its deadline. A run without new ones reads one
 * index range and one row.
 */
export const sweep = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const nowMs = Date.now();
    const mark = await ctx.db.query("holdSweeps").first();
    // A clock that was ahead has left its mark in the future. Holds placed since have deadlines after now.
    const sweptUntilAt = Math.min(mark?.sweptUntilAt ?? 0, nowMs);
    const due = await ctx.db
      .query("creditEntries")
      .withIndex("by_deadline", (q) => q.gt("deadlineAt", sweptUntilAt).lte("deadlineAt", nowMs))
      .take(HOLDS_PER_SWEEP);
    for (const { key } of due) await releaseLeftOver(ctx, heldSubject(key), nowMs);
    const isFull = due.length === HOLDS_PER_SWEEP;
    const newest = due.at(-1)?.deadlineAt ?? sweptUntilAt;
    // Where a run was full, more holds may have the newest deadline: the next run looks at those again.
    await keepMark(ctx, mark, isFull ? newest - 1 : newest);
    if (isFull) await ctx.scheduler.runAfter(0, internal.usage.holds.sweep, {});
    return null;
  },
});

async function releaseLeftOver(ctx: MutationCtx, subject: Subject, nowMs: number): Promise<void> {
  if (await isUnderWay(ctx.db, subject)) return;
  await releaseHold(ctx, { subject, reason: "unsettled", nowMs });
}

/** Whether the work of a hold goes on: a reply is being written as long as it has its lease, and a job until it is over. */
async function isUnderWay(db: QueryCtx["db"], subject: Subject): Promise<boolean> {
  const [kind, id = "", attempt] = subject.split(":");
  if (kind === "job") {
    const jobId = db.normalizeId("mediaJobs", id);
    const job = jobId && (await db.get("mediaJobs", jobId));
    return !!job && String(job.attempt) === attempt && !isOver(job.state);
  }
  const replyId = db.normalizeId("messages", id);
  const leases = replyId && db.query("generations").withIndex("by_reply", (q) => q.eq("replyId", replyId));
  return !!leases && (await leases.first()) !== null;
}

async function keepMark(ctx: MutationCtx, mark: Doc<"holdSweeps"> | null, sweptUntilAt: number): Promise<void> {
  if (!mark) await ctx.db.insert("holdSweeps", { sweptUntilAt });
  else if (mark.sweptUntilAt !== sweptUntilAt) await ctx.db.patch("holdSweeps", mark._id, { sweptUntilAt });
}

/** Enters the one end a hold can have; null where there is no hold or it has ended. */
async function endHold(
  ctx: MutationCtx,
  subject: Subject,
  { reason, nowMs }: { reason: Reason; nowMs: number },
  posting: (hold: Hold) => Posting,
): Promise<{ hold: Doc<"creditEntries">; use: Use; entry: Entered } | null> {
  const hold = await findEntry(ctx.db, holdKey(subject));
  const use = hold?.use;
  if (!hold || !use) return null;
  const occasion = { ownerId: hold.ownerId, key: `${subject}:end`, reason, use, nowMs };
  const { made, entry } = await enter(ctx, occasion, () => posting({ credits: hold.held, use }));
  return made ? { hold, use, entry } : null;
}

function holdKey(subject: Subject): string {
  return subject + HOLD;
}

function heldSubject(key: string): Subject {
  return key.slice(0, -HOLD.length) as Subject;
}

function tooMuchAtOnce(use: Use, nowMs: number) {
  const what = use === "chat" ? "replies are being written" : "jobs are running";
  return refusal("limit_exceeded", `As many ${what} as your plan allows at once. Wait for one to end.`, {
    retryAt: nowMs + RETRY_AFTER_MS,
  });
}
