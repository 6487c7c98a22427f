import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { Vault } from "../encryption/vault.ts";
import { notFound } from "../lib/errors.ts";
import { openPrompt, sealPrompt } from "./prompts.ts";
import { openName, openObjectKey, sealName, sealObjectKey, sealOfMedia } from "./seals.ts";

/*
 * What is in a chat is sealed under the chat's key and ends with it; what is in the library is sealed under the library's.
 * So a medium that changes its place has its name and the keys of its objects sealed anew: a few rows, and no bytes.
 */

/** The seals a medium leaves and comes under. */
interface Reseal {
  from: ThreadSeal;
  to: ThreadSeal;
}

/** Moves a medium into a chat, or without `threadId` into the library. */
export async function moveMedium(
  ctx: MutationCtx,
  medium: Doc<"media">,
  { threadId, from, to }: Reseal & { threadId?: Id<"threads"> },
): Promise<Id<"media">> {
  const { _id: mediaId, recordId, sealedName, thumbnail } = medium;
  const name = sealedName && (await sealName(to, recordId, await openName(from, recordId, sealedName)));
  await ctx.db.patch("media", mediaId, { threadId, state: "kept", sealedName: name });
  for (const object of await loadObjects(ctx, mediaId)) {
    await ctx.db.patch("objects", object._id, { sealedKey: await resealed(object, { from, to }) });
  }
  // One that is under way was sealed for the place the medium has left, and will be given up.
  if (thumbnail === "due") await ctx.scheduler.runAfter(0, internal.media.thumbnails.make, { mediaId });
  return mediaId;
}

/** Makes a medium of a chat's own from another, sealed for that chat, over the same bytes. */
export async function copyMedium(
  ctx: MutationCtx,
  medium: Doc<"media">,
  {
    thread,
    from,
    to,
    recordId,
  }: Reseal & { thread: Pick<Doc<"threads">, "_id" | "ownerId" | "workspaceId">; recordId: string },
): Promise<Id<"media">> {
  const { _id, _creationTime, sealedName, ...row } = medium;
  const { ownerId, workspaceId } = thread;
  const mediaId = await ctx.db.insert("media", {
    ...row,
    ownerId,
    workspaceId,
    threadId: thread._id,
    recordId,
    sealedName: sealedName && (await sealName(to, recordId, await openName(from, row.recordId, sealedName))),
    state: "kept",
  });
  for (const { _id: _, _creationTime: __, ...object } of await loadObjects(ctx, _id)) {
    const sealedKey = await resealed(object, { from, to });
    await ctx.db.insert("objects", { ...object, workspaceId, mediaId, sealedKey });
  }
  if (row.thumbnail === "due") await ctx.scheduler.runAfter(0, internal.media.thumbnails.make, { mediaId });
  return mediaId;
}

/**
 * Moves a medium into the library, with the job that made it, so that both outlive the chat they are in; the chat shows
 * it as before. An upload that no message has taken up stays for good. Does nothing to what is in the library. Throws
 * `not_found` where its keys are gone.
 */
export async function moveToLibrary(ctx: MutationCtx, medium: Doc<"media">): Promise<void> {
  const { ownerId, workspaceId, threadId, state } = medium;
  if (!threadId && state === "kept") return;
  const vault = new Vault(ctx.db);
  const from = await sealOfMedia(vault, medium);
  const to = await sealOfMedia(vault, { ownerId, workspaceId });
  if (!from || !to) throw notFound("file");
  await moveMedium(ctx, medium, { from, to });
  const job = await loadJobOf(ctx, medium._id);
  if (!job) return;
  const sealedPrompt = await sealPrompt(to, job.recordId, await openPrompt(from, job.recordId, job.sealedPrompt));
  await ctx.db.patch("mediaJobs", job._id, { threadId: undefined, sealedPrompt });
}

/** The job that made a medium, or null. */
export function loadJobOf(ctx: QueryCtx, mediaId: Id<"media">): Promise<Doc<"mediaJobs"> | null> {
  return ctx.db
    .query("mediaJobs")
    .withIndex("by_media", (q) => q.eq("mediaId", mediaId))
    .unique();
}

async function resealed(
  { key, sealedKey }: Pick<Doc<"objects">, "key" | "sealedKey">,
  { from, to }: Reseal,
): Promise<ArrayBuffer> {
  return sealObjectKey(to, key, await openObjectKey(from, key, sealedKey));
}

/** One original and one thumbnail at most. */
function loadObjects(ctx: MutationCtx, mediaId: Id<"media">): Promise<Doc<"objects">[]> {
  return ctx.db
    .query("objects")
    .withIndex("by_media", (q) => q.eq("mediaId", mediaId))
    .take(2);
}
