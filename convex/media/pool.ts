import { vOnCompleteArgs, Workpool } from "@convex-dev/workpool";
import { v } from "convex/values";
import { components, internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { mediaParallelism } from "../models/mediaCatalogue.ts";
import { failJob } from "./endings.ts";
import { isOver } from "./states.ts";

/** A look and the storing after it can be done again; so an error nobody foresaw is met with two more tries. */
const LOOK_AGAIN = { maxAttempts: 3, initialBackoffMs: 1_000, base: 2 };

/** Names a job as a step was asked for. See [Note: Media jobs]. */
export const vHeld = { jobId: v.id("mediaJobs"), step: v.number() };

export type Held = { jobId: Id<"mediaJobs">; step: number };

/** Steps that may run at once at least, so that one which waits for its provider does not keep the others waiting. */
const FEWEST_STEPS = 2;

/**
 * The pool that runs the steps of jobs. Half as many at once as there may be jobs, since most jobs wait for their
 * provider most of the time: with the numbers as they are unless set, half of what the smallest plan of Convex runs.
 */
function mediaPool(): Workpool {
  const maxParallelism = Math.max(FEWEST_STEPS, Math.ceil(mediaParallelism() / 2));
  return new Workpool(components.mediaPool, { maxParallelism, logLevel: "WARN" });
}

/** Moves a job on and has its provider asked to make it. An order is never placed twice, so it is tried once. */
export async function askToOrder(ctx: MutationCtx, job: Doc<"mediaJobs">): Promise<void> {
  const held = await takeStep(ctx, job);
  await mediaPool().enqueueAction(ctx, internal.media.production.order, held, { ...onFailure(held), retry: false });
}

/** Moves a job on and has its provider looked at, after a pause. */
export async function askToLook(
  ctx: MutationCtx,
  job: Doc<"mediaJobs">,
  { looks, pauseMs }: { looks: number; pauseMs: number },
): Promise<void> {
  const held = await takeStep(ctx, job);
  const options = { ...onFailure(held), retry: LOOK_AGAIN, runAfter: pauseMs };
  await mediaPool().enqueueAction(ctx, internal.media.production.look, { ...held, looks }, options);
}

/** As `askToOrder`, past the pool: see `lookNow`. */
export async function orderNow(ctx: MutationCtx, job: Doc<"mediaJobs">): Promise<void> {
  await ctx.scheduler.runAfter(0, internal.media.production.order, await takeStep(ctx, job));
}

/** As `askToLook`, past the pool: for the watchdog, since a pool takes minutes to notice that its workers have died. */
export async function lookNow(ctx: MutationCtx, job: Doc<"mediaJobs">): Promise<void> {
  const held = await takeStep(ctx, job);
  await ctx.scheduler.runAfter(0, internal.media.production.look, { ...held, looks: 0 });
}

/** Fails the job of a step that ended with an error nobody foresaw, or never ended. */
export const stepFailed = internalMutation({
  args: vOnCompleteArgs(v.object(vHeld)),
  returns: v.null(),
  handler: async (ctx, { context: { jobId, step } }) => {
    const job = await ctx.db.get("mediaJobs", jobId);
    if (job?.step === step && !isOver(job.state)) await failJob(ctx, job, "abandoned");
    return null;
  },
});

async function takeStep(ctx: MutationCtx, { _id: jobId, step }: Doc<"mediaJobs">): Promise<Held> {
  await ctx.db.patch("mediaJobs", jobId, { step: step + 1 });
  return { jobId, step: step + 1 };
}

function onFailure(context: Held) {
  return { onComplete: internal.media.pool.stepFailed, onCompleteExcludeKinds: ["success"] as const, context };
}
