import { type Infer, v } from "convex/values";
import { MEDIA_JOB_ERRORS } from "../../src/shared/media.ts";
import type { MediaModel } from "../../src/shared/mediaModels.ts";
import { imageCredits, priceAt, videoCredits } from "../../src/shared/prices.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { recordIdFor } from "../encryption/salts.ts";
import { Vault } from "../encryption/vault.ts";
import { notFound, refusal } from "../lib/errors.ts";
import type { ViewerMutationCtx, ViewerQueryCtx } from "../lib/functions.ts";
import { mediaSettings } from "../models/mediaCatalogue.ts";
import type { OpenThread } from "../threads/access.ts";
import { isReadable } from "../threads/access.ts";
import { placeHold } from "../usage/holds.ts";
import { holdOf } from "./endings.ts";
import { homeOf } from "./homes.ts";
import { openPrompt, sealPrompt } from "./prompts.ts";
import { vMadeKind, vMediaJobErrorCode, vMediaJobState, vMediaOptions } from "./schema.ts";
import { type MediaHome, sealOfMedia } from "./seals.ts";
import { isOver } from "./states.ts";
import { thumbnailAddresses } from "./views.ts";

/** A job as the page gets it. */
export const vJob = v.object({
  _id: v.id("mediaJobs"),
  kind: vMadeKind,
  model: v.string(),
  prompt: v.string(),
  state: vMediaJobState,
  /** From 0 to 1. */
  progress: v.number(),
  mediaId: v.union(v.id("media"), v.null()),
  /** Address of the thumbnail of what was made, once there is one and while the caller has a session. */
  thumbnailUrl: v.union(v.string(), v.null()),
  threadId: v.union(v.id("threads"), v.null()),
  /** What is held for the job, or was charged; 0 for one that failed or was cancelled. */
  credits: v.number(),
  /** What it was asked with, for another one like it. */
  options: vMediaOptions,
  error: v.union(v.object({ code: vMediaJobErrorCode, message: v.string() }), v.null()),
  createdAt: v.number(),
});

type Options = Infer<typeof vMediaOptions>;

/** What a person wants to be made. */
export interface Wanted {
  /** Names the request, from which the job's record id comes. */
  request: string;
  model: MediaModel;
  prompt: string;
  options: Options;
  nowMs: number;
}

/** The job that an earlier call of the same request made, if there was one. */
export async function findJob(ctx: ViewerMutationCtx, request: string): Promise<Doc<"mediaJobs"> | null> {
  const recordId = await recordIdFor(ctx.viewer.userId, request, "job");
  return ctx.db
    .query("mediaJobs")
    .withIndex("by_record", (q) => q.eq("recordId", recordId))
    .unique();
}

/**
 * Writes a job, in a chat or without one, holds its credits and has it begin when there is room. Throws `invalid` for
 * options the model does not have, and as `placeHold` does.
 */
export async function addJob(
  ctx: ViewerMutationCtx,
  open: OpenThread | null,
  { request, model, prompt, nowMs, ...wanted }: Wanted,
): Promise<Doc<"mediaJobs">> {
  const { userId: ownerId, workspaceId } = ctx.viewer;
  const home: MediaHome = open ? { ownerId, workspaceId, threadId: open.thread._id } : { ownerId, workspaceId };
  const seal = open?.seal ?? (await sealOfMedia(new Vault(ctx.db), home));
  const provider = mediaSettings(model.kind)?.provider;
  if (!seal || !provider) throw refusal("unavailable", "Your keys are not ready yet. Sign in again.");
  const recordId = await recordIdFor(ownerId, request, "job");
  const { options, credits } = priced(model, wanted.options, nowMs);
  const jobId = await ctx.db.insert("mediaJobs", {
    ...home,
    recordId,
    kind: model.kind,
    model: model.id,
    sealedPrompt: await sealPrompt(seal, recordId, prompt),
    options,
    ...fresh(nowMs),
    attempt: 1,
    step: 0,
    provider,
    credits,
    createdAt: nowMs,
  });
  const job = (await ctx.db.get("mediaJobs", jobId)) as Doc<"mediaJobs">;
  await begin(ctx, job, nowMs);
  return job;
}

/** Queues a job again that failed or was cancelled, at the price it had. Throws as `placeHold` does. */
export async function retryJob(ctx: ViewerMutationCtx, job: Doc<"mediaJobs">, nowMs: number): Promise<void> {
  const provider = mediaSettings(job.kind)?.provider;
  if (!provider) throw refusal("unavailable", "This model is not available.");
  const again = { ...fresh(nowMs), provider, attempt: job.attempt + 1, step: job.step + 1 };
  await ctx.db.patch("mediaJobs", job._id, again);
  if (job.replyId) await ctx.db.patch("messages", job.replyId, { state: "streaming", error: undefined });
  await begin(ctx, { ...job, ...again }, nowMs);
}

/** The viewer's job of that id. Throws `not_found` for anything else, as `loadOwnedThread` does. */
export async function loadOwnedJob(ctx: ViewerQueryCtx, jobId: string): Promise<Doc<"mediaJobs">> {
  const id = ctx.db.normalizeId("mediaJobs", jobId);
  const job = id && (await ctx.db.get("mediaJobs", id));
  if (!job || !(await isShown(ctx, job.threadId))) throw notFound("job");
  return job;
}

/** What a job was asked to make. Throws `not_found` where its key is gone. */
export async function promptOf(ctx: ViewerQueryCtx, job: Doc<"mediaJobs">): Promise<string> {
  const seal = await sealOfMedia(new Vault(ctx.db), homeOf(job));
  if (!seal) throw notFound("job");
  return openPrompt(seal, job.recordId, job.sealedPrompt);
}

/** Opens jobs; leaves out those whose key is gone or whose chat is not shown any more. */
export async function presentJobs(ctx: ViewerQueryCtx, jobs: Doc<"mediaJobs">[]): Promise<Infer<typeof vJob>[]> {
  const vault = new Vault(ctx.db);
  const addressOf = await thumbnailAddresses(ctx, Date.now());
  const presented = jobs.map(async (job) => {
    const seal = (await isShown(ctx, job.threadId)) ? await sealOfMedia(vault, homeOf(job)) : null;
    if (!seal) return [];
    const { _id, kind, model, options, state, progress, mediaId = null, threadId = null, error, createdAt } = job;
    const prompt = await openPrompt(seal, job.recordId, job.sealedPrompt);
    const credits = isOver(state) && state !== "done" ? 0 : job.credits;
    const shownError = error ? { code: error, message: MEDIA_JOB_ERRORS[error] } : null;
    const medium = mediaId && (await ctx.db.get("media", mediaId));
    const thumbnailUrl = medium && (await addressOf(medium));
    const shown = {
      kind,
      model,
      prompt,
      options,
      state,
      progress,
      mediaId,
      thumbnailUrl,
      threadId,
      credits,
      createdAt,
    };
    return [{ _id, ...shown, error: shownError }];
  });
  return (await Promise.all(presented)).flat();
}

/** The options with what the model takes by default, and what that costs. Throws `invalid`. Pure. */
export function priced(model: MediaModel, options: Options, nowMs: number): { options: Options; credits: number } {
  if (!/^\d{1,2}:\d{1,2}$/.test(options.aspectRatio ?? "1:1"))
    throw refusal("invalid", "An aspect ratio is like 16:9.");
  if (!Number.isSafeInteger(options.seed ?? 0)) throw refusal("invalid", "A seed is a whole number.");
  if (options.seed !== undefined && !model.seed) throw refusal("invalid", "This model takes no seed.");
  if (model.kind === "image") return pricedImage(model, options, nowMs);
  const { seconds = model.seconds, aspectRatio } = options;
  if (aspectRatio !== undefined && !model.aspectRatios.includes(aspectRatio)) {
    throw refusal("invalid", "This model does not make videos of this shape.");
  }
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > model.longestSeconds) {
    throw refusal("invalid", `A video can have up to ${model.longestSeconds} seconds.`);
  }
  return { options: { ...options, seconds }, credits: videoCredits(priceAt(model.prices, nowMs), seconds) };
}

function pricedImage(model: Extract<MediaModel, { kind: "image" }>, options: Options, nowMs: number) {
  const price = priceAt(model.prices, nowMs);
  const [defaultSize = ""] = Object.keys(price.perImage);
  const size = options.size ?? defaultSize;
  const credits = Object.hasOwn(price.perImage, size) ? imageCredits(price, { size, images: 1 }) : null;
  if (credits === null) throw refusal("invalid", "This model does not make pictures of this size.");
  return { options: { ...options, size }, credits };
}

function fresh(nowMs: number) {
  return {
    state: "queued" as const,
    progress: 0,
    error: undefined,
    providerRequestId: undefined,
    operation: undefined,
    orderedAt: undefined,
    changedAt: nowMs,
  };
}

async function begin(ctx: ViewerMutationCtx, job: Doc<"mediaJobs">, nowMs: number): Promise<void> {
  const hold = { subject: holdOf(job), use: job.kind, credits: job.credits, nowMs };
  await placeHold(ctx, { user: ctx.viewer.user, ...hold });
  await ctx.scheduler.runAfter(0, internal.media.making.admit, {});
}

async function isShown(ctx: ViewerQueryCtx, threadId: Id<"threads"> | undefined): Promise<boolean> {
  const thread = threadId && (await ctx.db.get("threads", threadId));
  return threadId === undefined || (!!thread && isReadable(thread, Date.now()));
}
