import type { ChatModel } from "../../src/shared/chatModels.ts";
import { ATTACHMENTS_PER_MESSAGE } from "../../src/shared/media.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import { recordIdFor } from "../encryption/salts.ts";
import { Vault } from "../encryption/vault.ts";
import { notFound, refusal } from "../lib/errors.ts";
import type { ViewerMutationCtx } from "../lib/functions.ts";
import type { OpenThread } from "../threads/access.ts";
import { estimateTokens } from "../usage/turnCosts.ts";
import { loadOwnedMedium } from "./access.ts";
import { copyMedium, moveMedium } from "./moving.ts";
import { sealOfMedia } from "./seals.ts";

/** Tokens a picture counts for at most with the models of today. */
const PICTURE_TOKENS = 1_600;
/** Longest text that is read to a model. */
const READ_TEXT_BYTES = 256 * 1024;
/** Largest picture that is shown to a model. */
const READ_PICTURE_BYTES = 8 * 1024 * 1024;

/**
 * The media of the caller's that are to go with a message. Throws `not_found` for what is not theirs, and `invalid` for
 * too many and for what the model cannot read, before anything was written or charged.
 */
export async function loadAttachable(
  ctx: ViewerMutationCtx,
  mediaIds: string[],
  model: ChatModel,
): Promise<Doc<"media">[]> {
  const ids = [...new Set(mediaIds)];
  if (ids.length > ATTACHMENTS_PER_MESSAGE) {
    throw refusal("invalid", `A message can carry up to ${ATTACHMENTS_PER_MESSAGE} files.`);
  }
  const media = await Promise.all(ids.map((id) => loadOwnedMedium(ctx, id)));
  for (const medium of media) refuseUnreadable(medium, model);
  return media;
}

/** How many tokens media add to a conversation, for the credits that are held. */
export function attachedTokens(media: Doc<"media">[]): number {
  const tokens = media.map(({ kind, contentBytes }) =>
    kind === "text" ? estimateTokens(contentBytes) : PICTURE_TOKENS,
  );
  return tokens.reduce((sum, each) => sum + each, 0);
}

/**
 * Gives media a place in a chat. Fresh uploads move there; what is elsewhere already is copied, which costs a few rows
 * and no bytes. From then on the chat's key seals their keys, so they end with it.
 */
export async function attach(
  ctx: ViewerMutationCtx,
  { thread, seal }: OpenThread,
  { media, request }: { media: Doc<"media">[]; request: string },
): Promise<Id<"media">[]> {
  const vault = new Vault(ctx.db);
  const attached: Id<"media">[] = [];
  for (const [index, medium] of media.entries()) {
    const from = await sealOfMedia(vault, medium);
    if (!from) throw notFound("file");
    const recordId = await recordIdFor(thread.ownerId, request, `media:${index}`);
    attached.push(
      medium.state === "loose"
        ? await moveMedium(ctx, medium, { threadId: thread._id, from, to: seal })
        : await copyMedium(ctx, medium, { thread, from, to: seal, recordId }),
    );
  }
  return attached;
}

function refuseUnreadable({ kind, contentBytes }: Doc<"media">, model: ChatModel): void {
  if (kind === "text") {
    if (contentBytes > READ_TEXT_BYTES) throw refusal("invalid", "This text is longer than a model can read.");
    return;
  }
  if (kind !== "image") throw refusal("invalid", `${model.label} cannot read this kind of file.`);
  if (!model.images) throw refusal("invalid", `${model.label} cannot see pictures. Pick a model that can.`);
  if (contentBytes > READ_PICTURE_BYTES) throw refusal("invalid", "This picture is larger than a model can look at.");
}
