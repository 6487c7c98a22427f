import { type Infer, v } from "convex/values";
import { FAILED_JOB_MS } from "../../src/policy/periods.ts";
import { PLACES_COUNTED } from "../../src/shared/media.ts";
import { MADE_KINDS, MEDIA_PROVIDERS } from "../../src/shared/mediaModels.ts";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type MutationCtx, type QueryCtx } from "../_generated/server.js";
import { isKept } from "../legalHolds/holding.ts";
import { firstPlace, vSweepPlace } from "../lib/sweeping.ts";
import { isMadeWhileWaiting, mediaParallelism, waitingParallelism } from "../models/mediaCatalogue.ts";
import { failJob, finishJob } from "./endings.ts";
import { homeOf } from "./homes.ts";
import { keepMedium } from "./keeping.ts";
import { askToLook, askToOrder, type Held, lookNow, orderNow, vHeld } from "./pool.ts";
import { isOpen, vMediaHome, vStoredObject } from "./reservations.ts";
import { noteReturn } from "./returns.ts";
import { vMadeKind, vMediaJobErrorCode, vMediaOptions, vMediaProvider, vOperation } from "./schema.ts";
import { loadSealMaterial, vSealMaterial } from "./seals.ts";
import { type JobState, nextState, pauseAfterLooksMs } from "./states.ts";

/*
 * The transactions of a job's life, called by its steps in production.ts. See [Note: Media jobs].
 */

/**
 * How long a job that is under way may show no sign of life. Longer than an order without a queue takes, and short
 * enough that with the watchdog's interval a job whose worker died goes on or ends within five minutes.
 */
const SILENT_MS = 210_000;
/** How long a provider may take. */
const LONGEST_ORDER_MS = 60 * 60_000;
/** How long a job may wait for room. */
const LONGEST_WAIT_MS = 50 * 60_000;
/** How long after its order a job is taken up again: one whose every worker dies has to end, and its hold with it. */
const LONGEST_JOB_MS = 120 * 60_000;
/** Jobs that one run of the watchdog moves on. */
const JOBS_PER_RUN = 50;
/** What a running job shows at most: the rest is storing. */
const MOST_PROGRESS = 0.9;

/** What can be ordered from whom: jobs of one lane wait for the same. */
const LANES = MEDIA_PROVIDERS.flatMap((provider) => MADE_KINDS.map((kind) => ({ provider, kind })));

type Lane = (typeof LANES)[number];

const vBrief = v.object({
  ...vMediaHome,
  recordId: v.string(),
  kind: vMadeKind,
  model: v.string(),
  options: vMediaOptions,
  provider: vMediaProvider,
  attempt: v.number(),
  sealedPrompt: v.bytes(),
  operation: v.optional(vOperation),
  material: vSealMaterial,
});

/** What a step needs to know of its job. */
export type Brief = Infer<typeof vBrief>;

/** The brief for a look, or null where the step is late or the job's keys are gone. */
export const brief = internalQuery({
  args: vHeld,
  returns: v.union(v.null(), vBrief),
  handler: async (ctx, held) => loadBrief(ctx, held),
});

/**
 * The brief for placing an order, which from now on may be with the provider. Null where the step is late or the job's
 * keys are gone.
 */
export const beginOrder = internalMutation({
  args: vHeld,
  returns: v.union(v.null(), vBrief),
  handler: async (ctx, held) => {
    const brief = await loadBrief(ctx, held);
    const nowMs = Date.now();
    if (brief) await ctx.db.patch("mediaJobs", held.jobId, { orderedAt: nowMs, changedAt: nowMs });
    return brief;
  },
});

/**
 * Lets queued jobs begin while there is room, the oldest first; those that a provider makes while one waits have a share
 * of the room. Run after each job that was asked for or has ended; it counts what is under way by index and reads no more
 * than that.
 */
export const admit = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const underWay = await loadUnderWay(ctx, mediaParallelism());
    const room = mediaParallelism() - underWay.length;
    const waitingRoom = Math.min(room, waitingParallelism() - underWay.filter(isMadeWhileWaiting).length);
    const next = LANES.map((lane) => firstInLane(ctx, lane, isMadeWhileWaiting(lane) ? waitingRoom : room));
    const queued = (await Promise.all(next)).flat().toSorted((a, b) => a.changedAt - b.changedAt);
    for (const job of queued.slice(0, room)) await begin(ctx, job, askToOrder);
    return null;
  },
});

/**
 * How many jobs of its lane will begin before a queued one, counted up to `PLACES_COUNTED`; null for one that does not
 * wait. New jobs stand behind it, so those change nothing it has read.
 */
export const countAhead = internalQuery({
  args: { jobId: v.id("mediaJobs") },
  returns: v.union(v.null(), v.number()),
  handler: async (ctx, { jobId }) => {
    const job = await ctx.db.get("mediaJobs", jobId);
    if (job?.state !== "queued") return null;
    return (await firstInLane(ctx, job, PLACES_COUNTED, job.changedAt)).length;
  },
});

/** Notes where the provider keeps an order, or that it is to be given back where the job is no longer the step's. */
export const ordered = internalMutation({
  args: { ...vHeld, kind: vMadeKind, provider: vMediaProvider, requestId: v.string(), operation: vOperation },
  returns: v.null(),
  handler: async (ctx, { kind, provider, requestId, operation, ...held }) => {
    const job = await loadHeld(ctx, held);
    if (!job) {
      await noteReturn(ctx, { kind, provider, operation, underWay: true });
      return null;
    }
    const nowMs = Date.now();
    await ctx.db.patch("mediaJobs", job._id, { providerRequestId: requestId, operation, changedAt: nowMs });
    await askToLook(ctx, job, { looks: 0, pauseMs: pauseAfterLooksMs(0) });
    return null;
  },
});

/** Notes what a look has shown of an order that is not ready, and asks for the next one. */
export const looked = internalMutation({
  args: { ...vHeld, looks: v.number(), progress: v.union(v.null(), v.number()) },
  returns: v.null(),
  handler: async (ctx, { looks, progress, ...held }) => {
    const job = await loadHeld(ctx, held);
    if (!job) return null;
    const nowMs = Date.now();
    const isLate = nowMs - (job.orderedAt ?? nowMs) > LONGEST_ORDER_MS;
    const ending = isLate ? "provider_failed" : (await isOpen(ctx, homeOf(job))) ? null : "fenced";
    if (ending) await failJob(ctx, job, ending);
    if (ending) return null;
    const shown = Math.max(job.progress, Math.min(progress ?? 0, MOST_PROGRESS));
    await ctx.db.patch("mediaJobs", job._id, { progress: shown, changedAt: nowMs });
    await askToLook(ctx, job, { looks: looks + 1, pauseMs: pauseAfterLooksMs(looks + 1) });
    return null;
  },
});

/** Notes that a result is at hand and about to be stored. False where the job is no longer the step's. */
export const beginStoring = internalMutation({
  args: vHeld,
  returns: v.boolean(),
  handler: async (ctx, held) => {
    const job = await loadHeld(ctx, held);
    const state = job && nextState(job.state, "store");
    if (!state) return false;
    await ctx.db.patch("mediaJobs", job._id, { state, progress: MOST_PROGRESS, changedAt: Date.now() });
    return true;
  },
});

/** Notes that a step is alive. False where the job is no longer its own. */
export const beat = internalMutation({
  args: vHeld,
  returns: v.boolean(),
  handler: async (ctx, held) => {
    const job = await loadHeld(ctx, held);
    if (job) await ctx.db.patch("mediaJobs", job._id, { changedAt: Date.now() });
    return job !== null;
  },
});

/** Ends a job with what was made of it, and charges for it. Bytes of a job that is no longer the step's are given up. */
export const made = internalMutation({
  args: {
    ...vHeld,
    stored: vStoredObject,
    /** The name of its file. */
    sealedName: v.bytes(),
    width: v.optional(v.number()),
    height: v.optional(v.number()),
    seconds: v.optional(v.number()),
  },
  returns: v.null(),
  handler: async (ctx, { stored, sealedName, width, height, seconds, ...held }): Promise<null> => {
    const job = await loadHeld(ctx, held);
    if (!job || !nextState(job.state, "finish")) {
      await ctx.runMutation(internal.media.reservations.abandon, { key: stored.key });
      return null;
    }
    const kept = { origin: "job", state: "kept" } as const;
    const medium = { home: homeOf(job), recordId: job.recordId, stored, sealedName, ...kept, width, height };
    const mediaId = await keepMedium(ctx, medium);
    if (mediaId) await finishJob(ctx, job, { mediaId, seconds });
    else await failJob(ctx, job, "fenced");
    return null;
  },
});

/** Ends a job that came to nothing. */
export const failed = internalMutation({
  args: { ...vHeld, error: vMediaJobErrorCode },
  returns: v.null(),
  handler: async (ctx, { error, ...held }) => {
    const job = await loadHeld(ctx, held);
    if (job) await failJob(ctx, job, error);
    return null;
  },
});

/**
 * The provider said that an order has changed. It is a hint and no more: the provider is looked at, at once. Does nothing
 * for orders that nobody knows or that have ended.
 */
export const hinted = internalMutation({
  args: { provider: vMediaProvider, requestId: v.string() },
  returns: v.null(),
  handler: async (ctx, { provider, requestId }) => {
    const job = await ctx.db
      .query("mediaJobs")
      .withIndex("by_provider_request", (q) => q.eq("provider", provider).eq("providerRequestId", requestId))
      .first();
    if (job?.state === "running") await askToLook(ctx, job, { looks: 0, pauseMs: 0 });
    return null;
  },
});

/**
 * The watchdog: jobs that have shown no sign of life are looked at again where the provider knows them, and ordered where
 * they were not yet; the others fail, since an order nobody can find must not be placed twice, and so do those that were
 * ordered hours ago. Reads nothing while there are none.
 */
export const resumeSilent = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const nowMs = Date.now();
    for (const job of await silentSince(ctx, ["running", "storing"], nowMs - SILENT_MS)) await resume(ctx, job, nowMs);
    for (const job of await silentSince(ctx, ["queued"], nowMs - LONGEST_WAIT_MS)) {
      await failJob(ctx, job, "provider_busy");
    }
    await ctx.scheduler.runAfter(0, internal.media.making.admit, {});
    return null;
  },
});

/** Deletes jobs that made nothing, a month after their end: page by page those that failed, then the cancelled ones. */
export const sweep = internalMutation({
  args: {
    state: v.optional(v.union(v.literal("failed"), v.literal("cancelled"))),
    place: v.optional(vSweepPlace),
  },
  returns: v.null(),
  handler: async (ctx, { state = "failed", place }): Promise<null> => {
    const { beforeMs, cursor } = place ?? firstPlace(FAILED_JOB_MS, Date.now());
    const { page, isDone, continueCursor } = await inState(ctx, state, beforeMs).paginate({
      numItems: JOBS_PER_RUN,
      cursor,
    });
    for (const job of page) if (!(await isKept(ctx.db, job))) await ctx.db.delete("mediaJobs", job._id);
    const rest = isDone ? { state: "cancelled" as const } : { state, place: { beforeMs, cursor: continueCursor } };
    if (!isDone || state === "failed") await ctx.scheduler.runAfter(0, internal.media.making.sweep, rest);
    return null;
  },
});

async function begin(ctx: MutationCtx, job: Doc<"mediaJobs">, ask: typeof askToOrder): Promise<void> {
  if (!(await isOpen(ctx, homeOf(job)))) return failJob(ctx, job, "fenced");
  await ctx.db.patch("mediaJobs", job._id, { state: "running", changedAt: Date.now() });
  await ask(ctx, job);
}

async function resume(ctx: MutationCtx, job: Doc<"mediaJobs">, nowMs: number): Promise<void> {
  if (job.orderedAt === undefined) return begin(ctx, job, orderNow);
  if (!job.operation || nowMs - job.orderedAt > LONGEST_JOB_MS) return failJob(ctx, job, "abandoned");
  await ctx.db.patch("mediaJobs", job._id, { changedAt: nowMs });
  await lookNow(ctx, job);
}

async function loadUnderWay(ctx: QueryCtx, atMost: number): Promise<Doc<"mediaJobs">[]> {
  const found = (["running", "storing"] as const).map((state) => inState(ctx, state).take(atMost));
  return (await Promise.all(found)).flat();
}

async function firstInLane(
  ctx: QueryCtx,
  { provider, kind }: Lane,
  atMost: number,
  beforeMs = Number.POSITIVE_INFINITY,
): Promise<Doc<"mediaJobs">[]> {
  if (atMost <= 0) return [];
  const queued = ctx.db
    .query("mediaJobs")
    .withIndex("by_lane", (q) =>
      q.eq("state", "queued").eq("provider", provider).eq("kind", kind).lt("changedAt", beforeMs),
    );
  return queued.take(atMost);
}

async function silentSince(ctx: QueryCtx, states: JobState[], sinceMs: number): Promise<Doc<"mediaJobs">[]> {
  const found = states.map((state) => inState(ctx, state, sinceMs).take(JOBS_PER_RUN));
  return (await Promise.all(found)).flat();
}

/** Jobs in a state, those that changed longest ago first. */
function inState(ctx: QueryCtx, state: JobState, beforeMs = Number.POSITIVE_INFINITY) {
  return ctx.db.query("mediaJobs").withIndex("by_state", (q) => q.eq("state", state).lt("changedAt", beforeMs));
}

async function loadBrief(ctx: QueryCtx, held: Held): Promise<Brief | null> {
  const job = await loadHeld(ctx, held);
  const material = job && (await loadSealMaterial(ctx.db, homeOf(job)));
  if (!material) return null;
  const { recordId, kind, model, options, provider, attempt, sealedPrompt, operation } = job;
  return { ...homeOf(job), recordId, kind, model, options, provider, attempt, sealedPrompt, operation, material };
}

/** The job of a step, or null where the step is late. Whoever ends a job moves it on, so what has ended is late too. */
async function loadHeld(ctx: QueryCtx, { jobId, step }: Held): Promise<Doc<"mediaJobs"> | null> {
  const job = await ctx.db.get("mediaJobs", jobId);
  return job?.step === step ? job : null;
}
