import { type Infer, v } from "convex/values";
import { isExpired } from "../../src/policy/retention.ts";
import type { Id } from "../_generated/dataModel.js";
import { internalMutation, type QueryCtx } from "../_generated/server.js";
import { recordIdFor } from "../encryption/salts.ts";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { Vault } from "../encryption/vault.ts";
import type { ViewerMutationCtx } from "../lib/functions.ts";
import { sealPrompt } from "../media/prompts.ts";
import { vMadeKind, vMediaJobErrorCode, vMediaJobState, vMediaOptions, vMediaProvider } from "../media/schema.ts";
import { type MediaHome, sealOfMedia } from "../media/seals.ts";
import { isOver } from "../media/states.ts";
import { vMessageState, vReplyErrorCode, vRole, vUsage } from "../messages/schema.ts";
import { sealText } from "../messages/texts.ts";
import { vChoices } from "../privacy/schema.ts";
import { createThread, findThreadByRequest } from "../threads/creation.ts";
import { vEarlierEntry, vUsageEvent } from "../usage/schema.ts";
import { addConsents, asOwner, refuseUndoable, takePage } from "./owner.ts";

/*
 * The rows of an archive, written as the product would have: see [Note: Imports]. Each function takes a page of rows and
 * gives their new ids in the same order, also of those that an import which was cut off has made, and null for those that
 * were deleted since, by themselves or with their chat. Pages of a kind come in their order, counted from 0; `importId`
 * names the import, and with a row's old id makes the name under which the row is sealed.
 */

const vOf = { ownerId: v.id("users"), importId: v.string(), page: v.number() };

const vThread = v.object({
  id: v.string(),
  title: v.string(),
  pinned: v.boolean(),
  lastActivityAt: v.number(),
  retentionClockAt: v.number(),
  branch: v.number(),
  branches: v.array(v.object({ branch: v.number(), parent: v.number(), fromDepth: v.number() })),
});

/** Makes chats with their branches. One that is past its period begins a new one: it was brought here to be kept. */
export const addThreads = internalMutation({
  args: { ...vOf, rows: v.array(vThread) },
  returns: v.array(v.union(v.id("threads"), v.null())),
  handler: async (ctx, { ownerId, importId, page, rows }) => {
    const owner = await asOwner(ctx, ownerId);
    const isNew = await takePage(ctx, { ownerId, kind: "threads", page });
    const ids: (Id<"threads"> | null)[] = [];
    for (const row of rows) {
      const request = nameOf(importId, row.id);
      ids.push(isNew ? await addThread(owner, row, request) : await findThread(owner, request));
    }
    return ids;
  },
});

/** The chat that an import made; null where it was deleted, and cannot be brought back. */
async function findThread(ctx: ViewerMutationCtx, request: string): Promise<Id<"threads"> | null> {
  const threadId = await findThreadByRequest(ctx, request);
  if (threadId) return threadId;
  const { userId, workspaceId } = ctx.viewer;
  const recordId = await recordIdFor(userId, request, "thread");
  const removed = ctx.db
    .query("threads")
    .withIndex("by_activity", (q) => q.eq("workspaceId", workspaceId).eq("state", "removed"));
  for await (const { _id, parked } of removed) if (parked?.recordId === recordId) return _id;
  return null;
}

async function addThread(
  ctx: ViewerMutationCtx,
  { title, branches, pinned, lastActivityAt, branch: shown, ...row }: Infer<typeof vThread>,
  request: string,
): Promise<Id<"threads">> {
  const nowMs = Date.now();
  const { thread } = await createThread(ctx, { title, request, nowMs });
  const retentionClockAt = isExpired({ ...row, pinned }, nowMs) ? nowMs : row.retentionClockAt;
  await ctx.db.patch("threads", thread._id, { pinned, lastActivityAt, retentionClockAt, branch: shown });
  const of = { workspaceId: ctx.viewer.workspaceId, threadId: thread._id };
  for (const branch of branches) await ctx.db.insert("branches", { ...of, ...branch });
  return thread._id;
}

const vMessage = v.object({
  id: v.string(),
  threadId: v.id("threads"),
  branch: v.number(),
  depth: v.number(),
  role: vRole,
  state: vMessageState,
  text: v.string(),
  model: v.optional(v.string()),
  error: v.optional(vReplyErrorCode),
  usage: v.optional(vUsage),
  mediaIds: v.optional(v.array(v.id("media"))),
  jobId: v.optional(v.id("mediaJobs")),
  createdAt: v.number(),
});

/** Writes messages, sealed under the keys of their chats. A reply that was being written then was interrupted. */
export const addMessages = internalMutation({
  args: { ...vOf, rows: v.array(vMessage) },
  returns: v.array(v.union(v.id("messages"), v.null())),
  handler: async (ctx, { ownerId, importId, page, rows }) => {
    const of = { ownerId, workspaceId: (await asOwner(ctx, ownerId)).viewer.workspaceId };
    const isNew = await takePage(ctx, { ownerId, kind: "messages", page });
    const vault = new Vault(ctx.db);
    const add = async (recordId: string, { text, state, ...row }: Omit<Infer<typeof vMessage>, "id">) => {
      const seal = await openHome(ctx, vault, { ...of, threadId: row.threadId });
      if (!seal) return null;
      const written = { state: state === "streaming" ? "interrupted" : state } as const;
      const sealedText = await sealText(seal, recordId, text);
      return ctx.db.insert("messages", { ...of, recordId, ...row, ...written, sealedText });
    };
    const ids: (Id<"messages"> | null)[] = [];
    for (const { id, ...row } of rows) {
      const recordId = await recordIdFor(ownerId, nameOf(importId, id), "message");
      ids.push(isNew ? await add(recordId, row) : await findRow(ctx, "messages", recordId));
    }
    return ids;
  },
});

const vJob = v.object({
  id: v.string(),
  threadId: v.optional(v.id("threads")),
  mediaId: v.optional(v.id("media")),
  kind: vMadeKind,
  model: v.string(),
  prompt: v.string(),
  options: vMediaOptions,
  state: vMediaJobState,
  progress: v.number(),
  attempt: v.number(),
  step: v.number(),
  provider: vMediaProvider,
  error: v.optional(vMediaJobErrorCode),
  credits: v.number(),
  createdAt: v.number(),
  changedAt: v.number(),
});

/** Writes orders. One that was under way then was cancelled; what only its provider knew it by is left out. */
export const addJobs = internalMutation({
  args: { ...vOf, rows: v.array(vJob) },
  returns: v.array(v.union(v.id("mediaJobs"), v.null())),
  handler: async (ctx, { ownerId, importId, page, rows }) => {
    const of = { ownerId, workspaceId: (await asOwner(ctx, ownerId)).viewer.workspaceId };
    const isNew = await takePage(ctx, { ownerId, kind: "jobs", page });
    const vault = new Vault(ctx.db);
    const add = async (recordId: string, { prompt, state, ...row }: Omit<Infer<typeof vJob>, "id">) => {
      const seal = await openHome(ctx, vault, { ...of, threadId: row.threadId });
      if (!seal) return null;
      const ended = { state: isOver(state) ? state : "cancelled" } as const;
      const sealedPrompt = await sealPrompt(seal, recordId, prompt);
      return ctx.db.insert("mediaJobs", { ...of, recordId, ...row, ...ended, sealedPrompt });
    };
    const ids: (Id<"mediaJobs"> | null)[] = [];
    for (const { id, ...row } of rows) {
      const recordId = await recordIdFor(ownerId, nameOf(importId, id), "job");
      ids.push(isNew ? await add(recordId, row) : await findRow(ctx, "mediaJobs", recordId));
    }
    return ids;
  },
});

/** Ties alternatives together, unless they are, and orders to the replies that waited for them; all that is still there. */
export const tie = internalMutation({
  args: {
    ownerId: v.id("users"),
    forks: v.array(v.object({ threadId: v.id("threads"), messageIds: v.array(v.id("messages")) })),
    replies: v.array(v.object({ jobId: v.id("mediaJobs"), replyId: v.id("messages") })),
  },
  returns: v.null(),
  handler: async (ctx, { ownerId, forks, replies }) => {
    const { workspaceId } = (await asOwner(ctx, ownerId)).viewer;
    for (const fork of forks) {
      const messages = await Promise.all(fork.messageIds.map((id) => ctx.db.get("messages", id)));
      if (messages.some((message) => message === null || message.forkId)) continue;
      const forkId = await ctx.db.insert("forks", { workspaceId, ...fork });
      for (const messageId of fork.messageIds) await ctx.db.patch("messages", messageId, { forkId });
    }
    for (const { jobId, replyId } of replies) {
      if (await ctx.db.get("mediaJobs", jobId)) await ctx.db.patch("mediaJobs", jobId, { replyId });
    }
    return null;
  },
});

/**
 * Writes a page of what nothing names: what models did, the ledger there was, as history, which changes no balance, and what
 * was consented to.
 */
export const addRecords = internalMutation({
  args: {
    ownerId: v.id("users"),
    page: v.number(),
    events: v.array(vUsageEvent),
    entries: v.array(vEarlierEntry),
    consents: vChoices.fields.consents,
  },
  returns: v.null(),
  handler: async (ctx, { ownerId, page, events, entries, consents }) => {
    await asOwner(ctx, ownerId);
    if (!(await takePage(ctx, { ownerId, kind: "records", page }))) return null;
    for (const event of events) await ctx.db.insert("usageEvents", { ownerId, ...event });
    for (const entry of entries) await ctx.db.insert("earlierCredits", { ownerId, ...entry });
    await addConsents(ctx, ownerId, consents);
    return null;
  },
});

/** The name of a row's making, which two imports never share. */
export function nameOf(importId: string, id: string): string {
  return `import:${importId}:${id}`;
}

/** The seal of what is in a chat or in none; null where the chat is gone. Throws an Error as `refuseUndoable` does. */
export async function openHome(ctx: Pick<QueryCtx, "db">, vault: Vault, home: MediaHome): Promise<ThreadSeal | null> {
  const seal = await sealOfMedia(vault, home);
  if (!seal) await refuseUndoable(ctx.db, home.threadId);
  return seal;
}

type Sealed = "messages" | "mediaJobs" | "media";

/** The row that is sealed under a name, or null. */
export async function findRow<Table extends Sealed>(
  ctx: Pick<QueryCtx, "db">,
  table: Table,
  recordId: string,
): Promise<Id<Table> | null> {
  const row = await ctx.db
    .query(table as "messages")
    .withIndex("by_record", (q) => q.eq("recordId", recordId))
    .unique();
  return row && (row._id as string as Id<Table>);
}
