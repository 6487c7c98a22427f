import { type Infer, v } from "convex/values";
import { UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import type { Doc } from "../_generated/dataModel.js";
import { internalQuery, type QueryCtx } from "../_generated/server.js";
import { vErasureState, vOrigin } from "../erasure/schema.ts";
import { listHolds, vHold } from "../legalHolds/placing.ts";
import { outboxState, vOutbox } from "../media/deletes.ts";
import { countMissing } from "../media/missing.ts";
import { returnsState } from "../media/returns.ts";
import { vMadeKind, vMediaJobErrorCode } from "../media/schema.ts";
import { openRequests, vRegistered } from "../privacy/register.ts";
import { inboxState, vInbox } from "../webhooks/inbox.ts";
import { countUpTo, vCount } from "./counting.ts";

/*
 * What whoever runs the service has to know of it: numbers and ids, and nothing that a person wrote or is called. Each
 * number is counted from one index range and no further than a bound, so that the overview costs the same however many
 * accounts there are.
 */

/** Rows counted at most of small rows, and of those that may hold a few kilobytes each. */
const SMALL_ROWS = 1_000;
const LARGE_ROWS = 100;
const LISTED_JOBS = 20;

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

const vErasure = v.object({
  jobId: v.id("erasureJobs"),
  origin: vOrigin,
  state: vErasureState,
  requestedAt: v.number(),
  /** Since when nothing of the account can be read; null before. */
  shreddedAt: v.union(v.number(), v.null()),
  /** The last sign of life. */
  beatAt: v.number(),
  /** How often a step was tried again. */
  attempts: v.number(),
  /** Rows deleted so far. */
  removed: v.number(),
  /** Whether the identity provider has confirmed that the person is gone there. */
  identityGone: v.boolean(),
});

export type ErasureState = Infer<typeof vErasure>;

const vRetention = v.object({
  /** Past their period and hidden, but not swept: waiting for the sweep, or kept by a restriction or a hold. */
  overdue: vCount,
  within24h: vCount,
  within7d: vCount,
});

export const vOperatorOverview = v.object({
  /** When this was counted. */
  at: v.number(),
  accounts: v.object({ live: vCount, restricted: vCount, closing: vCount, erasing: vCount }),
  outbox: vOutbox,
  /** Orders that providers are to delete. */
  orders: vOutbox,
  requests: v.object({ open: v.array(vRegistered), overdue: v.number() }),
  inbox: vInbox,
  mediaJobs: v.object({
    queued: vCount,
    running: vCount,
    storing: vCount,
    /** Those of the last month, since older ones are deleted. */
    failed: vCount,
    newestFailed: v.array(
      v.object({
        jobId: v.id("mediaJobs"),
        kind: vMadeKind,
        model: v.string(),
        error: v.union(vMediaJobErrorCode, v.null()),
        failedAt: v.number(),
      }),
    ),
  }),
  exports: v.object({ building: vCount, failed: vCount }),
  erasures: v.array(vErasure),
  holds: v.array(vHold),
  retention: vRetention,
  /** Objects whose bytes the bucket has lost. */
  missingObjects: vCount,
  /** Accounts whose credits do not add up. */
  creditAlerts: vCount,
});

/** The erasures under way, the most silent first, for operators. */
export const erasures = internalQuery({
  args: {},
  returns: v.array(vErasure),
  handler: (ctx) => erasuresUnderWay(ctx.db),
});

/** How many chats go when, for operators. */
export const retention = internalQuery({
  args: {},
  returns: vRetention,
  handler: (ctx) => previewRetention(ctx.db, Date.now()),
});

/** Everything the operator's page shows. */
export async function loadOverview(db: QueryCtx["db"], nowMs: number): Promise<Infer<typeof vOperatorOverview>> {
  const requests = await openRequests(db, nowMs);
  return {
    at: nowMs,
    accounts: await countAccounts(db),
    outbox: await outboxState(db),
    orders: await returnsState(db),
    requests: { open: requests, overdue: requests.filter(({ isOverdue }) => isOverdue).length },
    inbox: await inboxState(db, nowMs),
    mediaJobs: await countMediaJobs(db),
    exports: { building: await countExports(db, "building"), failed: await countExports(db, "failed") },
    erasures: await erasuresUnderWay(db),
    holds: await listHolds(db, nowMs),
    retention: await previewRetention(db, nowMs),
    missingObjects: await countMissing(db, SMALL_ROWS),
    creditAlerts: await countUpTo(db.query("creditAlerts").withIndex("by_owner"), SMALL_ROWS),
  };
}

async function erasuresUnderWay(db: QueryCtx["db"]): Promise<ErasureState[]> {
  const jobs = await db.query("erasureJobs").withIndex("by_beat").take(LARGE_ROWS);
  return jobs.map(presentErasure);
}

/** Counts under the period that applies now. */
async function previewRetention(db: QueryCtx["db"], nowMs: number): Promise<Infer<typeof vRetention>> {
  const countBetween = (fromMs: number, untilMs: number) =>
    countUpTo(
      db.query("threads").withIndex("by_expiry", (q) =>
        q
          .eq("state", "live")
          .eq("pinned", false)
          .gt("retentionClockAt", fromMs - UNPINNED_THREAD_MS)
          .lte("retentionClockAt", untilMs - UNPINNED_THREAD_MS),
      ),
      SMALL_ROWS,
    );
  return {
    overdue: await countBetween(0, nowMs),
    within24h: await countBetween(nowMs, nowMs + DAY_MS),
    within7d: await countBetween(nowMs, nowMs + 7 * DAY_MS),
  };
}

async function countAccounts(db: QueryCtx["db"]) {
  const countIn = (state: Doc<"users">["state"]) =>
    countUpTo(
      db.query("users").withIndex("by_closing", (q) => q.eq("state", state)),
      SMALL_ROWS,
    );
  return {
    live: await countIn("live"),
    restricted: await countIn("restricted"),
    closing: await countIn("closing"),
    erasing: await countIn("erasing"),
  };
}

async function countMediaJobs(db: QueryCtx["db"]) {
  const inState = (state: Doc<"mediaJobs">["state"]) =>
    db.query("mediaJobs").withIndex("by_state", (q) => q.eq("state", state));
  const newest = await inState("failed").order("desc").take(LISTED_JOBS);
  return {
    queued: await countUpTo(inState("queued"), LARGE_ROWS),
    running: await countUpTo(inState("running"), LARGE_ROWS),
    storing: await countUpTo(inState("storing"), LARGE_ROWS),
    failed: await countUpTo(inState("failed"), LARGE_ROWS),
    newestFailed: newest.map(({ _id: jobId, kind, model, error = null, changedAt: failedAt }) => ({
      jobId,
      kind,
      model,
      error,
      failedAt,
    })),
  };
}

function countExports(db: QueryCtx["db"], state: Doc<"exports">["state"]) {
  return countUpTo(
    db.query("exports").withIndex("by_state", (q) => q.eq("state", state)),
    SMALL_ROWS,
  );
}

function presentErasure(job: Doc<"erasureJobs">): ErasureState {
  const { _id: jobId, origin, state, requestedAt, shreddedAt = null, beatAt, attempts, counts, identityGone } = job;
  const removed = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { jobId, origin, state, requestedAt, shreddedAt, beatAt, attempts, removed, identityGone };
}
