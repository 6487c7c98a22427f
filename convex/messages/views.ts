import { type Infer, v } from "convex/values";
import { REPLY_ERRORS } from "../../src/shared/errors.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import { Vault } from "../encryption/vault.ts";
import { notFound } from "../lib/errors.ts";
import type { ViewerQueryCtx } from "../lib/functions.ts";
import { loadAttachments, vAttachment } from "../media/views.ts";
import { vMessageState, vReplyErrorCode, vRole, vUsage } from "./schema.ts";
import { openText } from "./texts.ts";

/** A message as the page gets it. */
export const vMessage = v.object({
  _id: v.id("messages"),
  role: vRole,
  text: v.string(),
  state: vMessageState,
  model: v.union(v.string(), v.null()),
  /** What is attached to it or was made for it, in order; without what was removed. */
  attachments: v.array(vAttachment),
  /** All alternatives at this place, this message among them, oldest first. */
  siblings: v.array(v.id("messages")),
  usage: v.union(vUsage, v.null()),
  /** The job a reply waits for or came from, where a picture or a video was asked for: see `media:job`. */
  jobId: v.union(v.id("mediaJobs"), v.null()),
  /** Why a reply ended early, in words to be shown. */
  error: v.union(v.object({ code: vReplyErrorCode, message: v.string() }), v.null()),
  createdAt: v.number(),
});

/** Opens a page of one thread's messages. Throws `not_found` where the thread's key is gone. */
export async function presentMessages(
  ctx: ViewerQueryCtx,
  messages: Doc<"messages">[],
): Promise<Infer<typeof vMessage>[]> {
  const vault = new Vault(ctx.db);
  const forks = await loadForks(ctx, messages);
  const mediaIds = messages.flatMap((message) => message.mediaIds ?? []);
  const attachments = await loadAttachments(ctx, vault, mediaIds);
  return Promise.all(
    messages.map(async (message) => {
      const seal = await vault.sealOf(message);
      if (!seal) throw notFound("chat");
      const { _id, role, state, createdAt } = message;
      return {
        _id,
        role,
        text: await openText(seal, message),
        state,
        model: message.model ?? null,
        attachments: (message.mediaIds ?? []).flatMap((id) => attachments.get(id) ?? []),
        siblings: (message.forkId && forks.get(message.forkId)) ?? [_id],
        usage: message.usage ?? null,
        jobId: message.jobId ?? null,
        error: message.error ? { code: message.error, message: REPLY_ERRORS[message.error] } : null,
        createdAt,
      };
    }),
  );
}

async function loadForks(
  ctx: ViewerQueryCtx,
  messages: Doc<"messages">[],
): Promise<Map<Id<"forks">, Id<"messages">[]>> {
  const ids = new Set(messages.flatMap(({ forkId }) => forkId ?? []));
  const forks = await Promise.all([...ids].map((id) => ctx.db.get("forks", id)));
  return new Map(forks.flatMap((fork) => (fork ? [[fork._id, fork.messageIds] as const] : [])));
}
