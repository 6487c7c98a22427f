import { type Infer, v } from "convex/values";
import { deletesAt } from "../../src/policy/retention.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { readKeyring, Vault } from "../encryption/vault.ts";
import type { ViewerQueryCtx } from "../lib/functions.ts";
import { isShownIn } from "./access.ts";
import { loadJobOf } from "./moving.ts";
import { openPrompt } from "./prompts.ts";
import { vMediaKind, vMediaOptions } from "./schema.ts";
import { openName, sealOfMedia } from "./seals.ts";
import { findSession } from "./sessions.ts";
import { makeTicket, ticketUrl } from "./tickets.ts";

/** A medium as messages name it. */
export const vAttachment = v.object({
  mediaId: v.id("media"),
  kind: vMediaKind,
  mime: v.string(),
  name: v.union(v.string(), v.null()),
  contentBytes: v.number(),
  /** In pixels; null where there is nothing to see or it is not known yet. */
  width: v.union(v.number(), v.null()),
  height: v.union(v.number(), v.null()),
});

/** A medium as the library lists it. */
export const vMedium = v.object({
  ...vAttachment.fields,
  /** The chat it is in, and ends with; null for what is kept in the library. */
  threadId: v.union(v.id("threads"), v.null()),
  /** When it goes with its chat if nothing happens; null where it stays. */
  deletesAt: v.union(v.number(), v.null()),
  origin: v.union(v.literal("upload"), v.literal("job")),
  /** `due` while the thumbnail is being made; `none` where there will be none. */
  thumbnail: v.union(v.literal("due"), v.literal("made"), v.literal("none")),
  /** Address of the thumbnail, where there is one and the caller has a session. */
  thumbnailUrl: v.union(v.string(), v.null()),
  /** How it was made, where it was made here and the job is known. */
  made: v.union(
    v.null(),
    v.object({
      jobId: v.id("mediaJobs"),
      prompt: v.string(),
      model: v.string(),
      options: vMediaOptions,
      credits: v.number(),
    }),
  ),
  createdAt: v.number(),
});

export type Attachment = Infer<typeof vAttachment>;

/** Opens a page of media; leaves out those that must not be shown any more. */
export async function presentMedia(ctx: ViewerQueryCtx, media: Doc<"media">[]): Promise<Infer<typeof vMedium>[]> {
  const vault = new Vault(ctx.db);
  const nowMs = Date.now();
  const addressOf = await thumbnailAddresses(ctx, nowMs);
  const presented = media.map(async (medium) => {
    const thread = medium.threadId && (await ctx.db.get("threads", medium.threadId));
    const isListed = isShownIn(medium, thread, nowMs) && thread?.state !== "temporary";
    const seal = isListed ? await sealOfMedia(vault, medium) : null;
    if (!seal) return [];
    const { threadId = null, origin, thumbnail, createdAt } = medium;
    return [
      {
        ...(await openAttachment(seal, medium)),
        ...{ threadId, origin, thumbnail, createdAt },
        deletesAt: thread ? deletesAt(thread) : null,
        thumbnailUrl: await addressOf(medium),
        made: await openMaking(ctx, seal, medium),
      },
    ];
  });
  return (await Promise.all(presented)).flat();
}

/** Gives media the addresses of their thumbnails; null where there is none, or the viewer has no session. */
export async function thumbnailAddresses(
  ctx: ViewerQueryCtx,
  nowMs: number,
): Promise<(medium: Doc<"media">) => Promise<string | null>> {
  const session = await findSession(ctx.db, ctx.viewer.userId, nowMs);
  const ring = readKeyring();
  return async ({ _id: mediaId, thumbnail }) => {
    if (!session || thumbnail !== "made") return null;
    const subject = { mediaId, role: "thumbnail" as const };
    return ticketUrl(process.env.CONVEX_SITE_URL ?? "", subject, await makeTicket(ring, session, subject, nowMs));
  };
}

/** How a medium was made; its job is sealed as it is. */
async function openMaking(
  ctx: ViewerQueryCtx,
  seal: ThreadSeal,
  { _id, origin }: Doc<"media">,
): Promise<Infer<typeof vMedium>["made"]> {
  const job = origin === "job" ? await loadJobOf(ctx, _id) : null;
  if (!job) return null;
  const { _id: jobId, model, options, credits, recordId, sealedPrompt } = job;
  return { jobId, model, options, credits, prompt: await openPrompt(seal, recordId, sealedPrompt) };
}

/** A medium as messages name it; null where its key is gone. */
async function presentAttachment(vault: Vault, medium: Doc<"media">): Promise<Attachment | null> {
  const seal = await sealOfMedia(vault, medium);
  return seal && openAttachment(seal, medium);
}

async function openAttachment(seal: ThreadSeal, medium: Doc<"media">): Promise<Attachment> {
  const { _id: mediaId, kind, mime, contentBytes, width = null, height = null, sealedName, recordId } = medium;
  const name = sealedName ? await openName(seal, recordId, sealedName) : null;
  return { mediaId, kind, mime, name, contentBytes, width, height };
}

/** The attachments of several messages, by medium; those that are gone are left out. */
export async function loadAttachments(
  ctx: ViewerQueryCtx,
  vault: Vault,
  mediaIds: Id<"media">[],
): Promise<Map<Id<"media">, Attachment>> {
  const media = await Promise.all(mediaIds.map((id) => ctx.db.get("media", id)));
  const attachments = await Promise.all(media.map((medium) => medium && presentAttachment(vault, medium)));
  return new Map(attachments.flatMap((attachment) => (attachment ? [[attachment.mediaId, attachment] as const] : [])));
}
