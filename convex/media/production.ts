"use node";

import { v } from "convex/values";
import type { MediaJobErrorCode } from "../../src/shared/media.ts";
import { internal } from "../_generated/api.js";
import { type ActionCtx, internalAction } from "../_generated/server.js";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { openSeal, readKeyring } from "../encryption/vault.ts";
import { mostMediaBytes } from "../models/mediaCatalogue.ts";
import { nameOfMade } from "./fileNames.ts";
import { homeOf } from "./homes.ts";
import { UnfitFileError } from "./inspection/found.ts";
import type { Brief } from "./making.ts";
import { type Held, vHeld } from "./pool.ts";
import { openPrompt } from "./prompts.ts";
import {
  type Operation,
  OrderError,
  PICTURE_BYTES,
  type Placed,
  type Source,
  type Standing,
} from "./providers/orders.ts";
import { openProvider } from "./providers/providers.ts";
import { PullError, pull } from "./pulling.ts";
import { type Result, readWithin, resultOfPicture, resultOfVideo } from "./results.ts";
import { sealName } from "./seals.ts";
import { storeObject, TooManyBytesError } from "./storing.ts";

/*
 * The steps of a job that reach outside: see [Note: Media jobs].
 */

/** How often a step that stores says that it is alive. */
const BEAT_MS = 20_000;
/** How often storing is tried where the way to the result or to the bucket is in trouble, and the first pause. */
const STORE_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 500;

/** Places the order of a job. What is made at once is stored at once; for the rest, looking begins. */
export const order = internalAction({
  args: vHeld,
  returns: v.null(),
  handler: async (ctx, held): Promise<null> => {
    const brief = await ctx.runMutation(internal.media.making.beginOrder, held);
    if (!brief) return null;
    const placed = await place(brief).catch(orderFailure);
    if (placed.kind === "failed") await fail(ctx, held, placed.error);
    else if (placed.kind === "made") await store(ctx, held, brief, placed.source);
    else await note(ctx, held, brief, placed);
    return null;
  },
});

/** Looks once how an order stands, and stores the result where there is one. */
export const look = internalAction({
  args: { ...vHeld, looks: v.number() },
  returns: v.null(),
  handler: async (ctx, { looks, ...held }): Promise<null> => {
    const brief = await ctx.runQuery(internal.media.making.brief, held);
    if (!brief?.operation) return null;
    const standing = await openProvider(brief.kind, brief.provider).provider.look(brief.operation).catch(lookFailure);
    if (standing.kind === "failed") await fail(ctx, held, standing.error);
    else if (standing.kind === "ready") await store(ctx, held, brief, standing.source);
    else await ctx.runMutation(internal.media.making.looked, { ...held, looks, progress: standing.progress });
    return null;
  },
});

async function place(brief: Brief): Promise<Placed> {
  const { kind, model, options, recordId, attempt } = brief;
  const { provider, settings } = openProvider(kind, brief.provider);
  const { prompt } = await openBrief(brief);
  const webhookUrl = webhookUrlOf(settings.provider);
  return provider.place({ kind, model, prompt, options, name: `${recordId}.${attempt}`, webhookUrl });
}

async function openBrief({ material, recordId, sealedPrompt }: Brief): Promise<{ seal: ThreadSeal; prompt: string }> {
  const seal = await openSeal(readKeyring(), material);
  return { seal, prompt: await openPrompt(seal, recordId, sealedPrompt) };
}

/** Where a provider's webhooks go, where it could reach that. */
function webhookUrlOf(provider: string): string | null {
  const site = process.env.CONVEX_SITE_URL;
  return site?.startsWith("https://") ? `${site}/webhooks/media/${provider}` : null;
}

/** Notes where the provider keeps the order, before anything else. */
async function note(
  ctx: ActionCtx,
  held: Held,
  { kind, provider }: Brief,
  { requestId, operation }: { requestId: string; operation: Operation },
): Promise<void> {
  await ctx.runMutation(internal.media.making.ordered, { ...held, kind, provider, requestId, operation });
}

async function fail(ctx: ActionCtx, held: Held, error: MediaJobErrorCode): Promise<void> {
  await ctx.runMutation(internal.media.making.failed, { ...held, error });
}

/** Stores a result and ends the job with it. Each try says that the job is alive. */
async function store(ctx: ActionCtx, held: Held, brief: Brief, source: Source): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    if (!(await ctx.runMutation(internal.media.making.beginStoring, held))) return;
    try {
      return await storeOnce(ctx, held, brief, source);
    } catch (error) {
      if (error instanceof LateError) return;
      const code = storeFailure(error);
      if (!code.mayPass || attempt === STORE_ATTEMPTS) return fail(ctx, held, code.error);
    }
    await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 4 ** (attempt - 1)));
  }
}

async function storeOnce(ctx: ActionCtx, held: Held, brief: Brief, source: Source): Promise<void> {
  const { mime, content, width, height } = await openResult(brief, source);
  const alive = withBeats(content, () => ctx.runMutation(internal.media.making.beat, held));
  const stored = await storeObject(ctx, { home: homeOf(brief), mime, content: alive, mostBytes: mostMediaBytes() });
  if (!stored) return fail(ctx, held, "fenced");
  const { seal, prompt } = await openBrief(brief);
  const sealedName = await sealName(seal, brief.recordId, nameOfMade(prompt, mime));
  const { seconds } = brief.options;
  await ctx.runMutation(internal.media.making.made, { ...held, stored, sealedName, width, height, seconds });
}

async function openResult({ kind, provider }: Brief, source: Source): Promise<Result> {
  if (source.kind === "bytes") return resultOfPicture(source.bytes);
  const { baseUrl } = openProvider(kind, provider).settings;
  const content = await pull({ ...source, trustedOrigin: new URL(baseUrl).origin });
  if (kind === "video") return resultOfVideo(content);
  return resultOfPicture(await readWithin(content, Math.min(PICTURE_BYTES, mostMediaBytes())));
}

/** The job is no longer the step's: whoever has moved it on cares for the rest. */
class LateError extends Error {}

/** Says now and then that the content is still coming. Throws `LateError` where nobody wants it any more. */
async function* withBeats(content: Result["content"], beat: () => Promise<boolean>): AsyncGenerator<Uint8Array> {
  let nextBeatAtMs = Date.now() + BEAT_MS;
  for await (const chunk of content) {
    if (Date.now() >= nextBeatAtMs) {
      if (!(await beat())) throw new LateError();
      nextBeatAtMs = Date.now() + BEAT_MS;
    }
    yield chunk;
  }
}

type Failure = { kind: "failed"; error: MediaJobErrorCode };

/** What cannot be known to have been refused must not be ordered again, so every failure to order is the end of it. */
function orderFailure(error: unknown): Failure {
  if (!(error instanceof OrderError)) throw error;
  console.warn(error.message);
  return { kind: "failed", error: error.code };
}

/** A look that failed tells nothing about the order, unless the provider says that there is no such thing. */
function lookFailure(error: unknown): Standing {
  if (!(error instanceof OrderError)) throw error;
  console.warn(error.message);
  if (error.mayPass && error.status !== 404) return { kind: "pending", progress: null };
  return { kind: "failed", error: error.code };
}

/** What a person is told where storing failed, and whether trying again may help. */
function storeFailure(error: unknown): { error: MediaJobErrorCode; mayPass: boolean } {
  if (error instanceof TooManyBytesError) return { error: "result_too_large", mayPass: false };
  if (error instanceof UnfitFileError) return { error: "provider_invalid", mayPass: false };
  console.error(error);
  if (!(error instanceof PullError)) return { error: "storage_unavailable", mayPass: true };
  return { error: error.isForGood ? "provider_invalid" : "provider_unavailable", mayPass: !error.isForGood };
}
