import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel.js";
import { readKeyring, Vault } from "../encryption/vault.ts";
import type { ViewerQueryCtx } from "../lib/functions.ts";
import { isShown } from "./access.ts";
import { vMediaKind } from "./schema.ts";
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
  /** The chat it is in, and ends with. */
  threadId: v.union(v.id("threads"), v.null()),
  origin: v.union(v.literal("upload"), v.literal("job")),
  /** `due` while the thumbnail is being made; `none` where there will be none. */
  thumbnail: v.union(v.literal("due"), v.literal("made"), v.literal("none")),
  /** Address of the thumbnail, where there is one and the caller has a session. */
  thumbnailUrl: v.union(v.string(), v.null()),
  createdAt: v.number(),
});

export type Attachment = Infer<typeof vAttachment>;

/** Opens a page of media; leaves out those that must not be shown any more. */
export async function presentMedia(ctx: ViewerQueryCtx, media: Doc<"media">[]): Promise<Infer<typeof vMedium>[]> {
  const vault = new Vault(ctx.db);
  const nowMs = Date.now();
  const ring = readKeyring();
  const session = await findSession(ctx.db, ctx.viewer.userId, nowMs);
  const presented = media.map(async (medium) => {
    const attachment = (await isShown(ctx, medium)) ? await presentAttachment(vault, medium) : null;
    if (!attachment) return [];
    const subject = { mediaId: medium._id, role: "thumbnail" as const };
    const ticket = session && medium.thumbnail === "made" ? await makeTicket(ring, session, subject, nowMs) : null;
    const thumbnailUrl = ticket && ticketUrl(process.env.CONVEX_SITE_URL ?? "", subject, ticket);
    const { threadId = null, origin, thumbnail, createdAt } = medium;
    return [{ ...attachment, threadId, origin, thumbnail, thumbnailUrl, createdAt }];
  });
  return (await Promise.all(presented)).flat();
}

/** A medium as messages name it; null where its key is gone. */
export async function presentAttachment(vault: Vault, medium: Doc<"media">): Promise<Attachment | null> {
  const seal = await sealOfMedia(vault, medium);
  if (!seal) return null;
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
