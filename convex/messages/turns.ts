import { startedAnew } from "../../src/policy/retention.ts";
import type { ChatModel } from "../../src/shared/chatModels.ts";
import { BRANCHES_PER_THREAD } from "../../src/shared/limits.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import { recordIdFor } from "../encryption/salts.ts";
import { refusal } from "../lib/errors.ts";
import type { ViewerMutationCtx } from "../lib/functions.ts";
import { requestName } from "../lib/requests.ts";
import { type OpenThread, openOwnedThread } from "../threads/access.ts";
import { createThread, type NewThread } from "../threads/creation.ts";
import { branchAt, loadPath, type Segment, walkBack } from "../threads/paths.ts";
import { provisionalTitle } from "../threads/titles.ts";
import { estimateTokens } from "../usage/turnCosts.ts";
import { holdForReply } from "./charges.ts";
import { sealText } from "./texts.ts";

/** How long the sending tab has to claim a reply before a scheduled action does. */
const FALLBACK_AFTER_MS = 3_000;
/** How far to look back for a reply whose tokens were counted: replies that failed have none. */
const MESSAGES_LOOKED_AT = 8;

/** Where a message goes: its place in the tree and, where it has alternatives, the fork they share. */
export interface Spot {
  branch: number;
  depth: number;
  forkId?: Id<"forks">;
}

interface Turn {
  /** Names the request that makes the turn; the rows' record ids come from it. */
  request: string;
  model: ChatModel;
  /** Tokens of what was said before the turn, as estimated. */
  contextTokens: number;
  nowMs: number;
}

/** What a turn made. */
export interface TurnIds {
  threadId: Id<"threads">;
  messageId: Id<"messages">;
  replyId: Id<"messages">;
}

/** The turn that an earlier call of the same request made, if there was one. */
export async function findTurn(ctx: ViewerMutationCtx, request: string): Promise<TurnIds | null> {
  const message = await findByRequest(ctx, request, "message");
  const reply = message && (await findByRequest(ctx, request, "reply"));
  return reply && { threadId: reply.threadId, messageId: message._id, replyId: reply._id };
}

/** The reply that an earlier call of the same request made, if there was one. */
export function findReply(ctx: ViewerMutationCtx, request: string): Promise<Doc<"messages"> | null> {
  return findByRequest(ctx, request, "reply");
}

async function findByRequest(
  ctx: ViewerMutationCtx,
  request: string,
  role: "message" | "reply",
): Promise<Doc<"messages"> | null> {
  const recordId = await recordIdFor(ctx.viewer.userId, request, role);
  return ctx.db
    .query("messages")
    .withIndex("by_record", (q) => q.eq("recordId", recordId))
    .unique();
}

/** The thread a message is sent to, or a new one titled with the message's first words. */
export async function openOrCreateThread(
  ctx: ViewerMutationCtx,
  { threadId, text, ...made }: { threadId: string | undefined; text: string } & Omit<NewThread, "title">,
): Promise<OpenThread> {
  if (threadId === undefined) return createThread(ctx, { title: provisionalTitle(text), ...made });
  return openOwnedThread(ctx, threadId);
}

/** The spot after the newest message of the branch that is shown, and how much was said before it. */
export async function nextSpot(
  ctx: ViewerMutationCtx,
  thread: Doc<"threads">,
): Promise<{ spot: Spot; contextTokens: number }> {
  const path = await loadPath(ctx.db, thread._id, thread.branch);
  const { _id: threadId, branch } = thread;
  const { newest, contextTokens } = await lookBack(ctx, { threadId, path, beforeDepth: Number.POSITIVE_INFINITY });
  return { spot: { branch, depth: newest ? newest.depth + 1 : 0 }, contextTokens };
}

/**
 * The message just before a place, and how many tokens of conversation lead there: the context of the last reply before
 * it and that reply, as they were counted. Reads one message in most chats, and a few where replies failed.
 */
async function lookBack(
  ctx: ViewerMutationCtx,
  place: { threadId: Id<"threads">; path: Segment[]; beforeDepth: number },
): Promise<{ newest: Doc<"messages"> | null; contextTokens: number }> {
  let newest: Doc<"messages"> | null = null;
  let contextTokens = 0;
  let looked = 0;
  for await (const message of walkBack(ctx.db, place)) {
    newest ??= message;
    if (message.usage) {
      contextTokens += message.usage.inputTokens + message.usage.outputTokens;
      break;
    }
    contextTokens += estimateTokens(message.sealedText?.byteLength ?? 0);
    looked += 1;
    if (looked === MESSAGES_LOOKED_AT) break;
  }
  return { newest, contextTokens };
}

/**
 * Opens a branch on which an alternative to `message` goes, and makes it the one that is shown. The caller inserts the
 * alternative at the spot, in the name of the request, and adds it with `joinFork`. Throws `limit_exceeded` for a
 * thread with too many branches.
 */
export async function forkAt(
  ctx: ViewerMutationCtx,
  message: Doc<"messages">,
  requestId: string | undefined,
): Promise<{ spot: Required<Spot>; request: string; contextTokens: number }> {
  const { threadId, workspaceId, depth } = message;
  const newest = await ctx.db
    .query("branches")
    .withIndex("by_thread", (q) => q.eq("threadId", threadId))
    .order("desc")
    .first();
  const branch = (newest?.branch ?? 0) + 1;
  if (branch > BRANCHES_PER_THREAD) {
    throw refusal("limit_exceeded", "This chat has very many branches. Branch off a new chat to go on.");
  }
  const path = await loadPath(ctx.db, threadId, message.branch);
  const parent = branchAt(path, depth - 1);
  await ctx.db.insert("branches", { workspaceId, threadId, branch, parent, fromDepth: depth });
  await ctx.db.patch("threads", threadId, { branch });
  const forkId = message.forkId ?? (await openFork(ctx, message));
  // No two forks of a thread have the same number, so it can name the request of a client that does not.
  const request = requestId === undefined ? `fork:${threadId}:${branch}` : requestName(requestId);
  const { contextTokens } = await lookBack(ctx, { threadId, path, beforeDepth: depth });
  return { spot: { branch, depth, forkId }, request, contextTokens };
}

async function openFork(ctx: ViewerMutationCtx, message: Doc<"messages">): Promise<Id<"forks">> {
  const { threadId, workspaceId, _id } = message;
  const forkId = await ctx.db.insert("forks", { workspaceId, threadId, messageIds: [_id] });
  await ctx.db.patch("messages", _id, { forkId });
  return forkId;
}

/** Adds an alternative to the fork it was inserted for. */
export async function joinFork(ctx: ViewerMutationCtx, forkId: Id<"forks">, messageId: Id<"messages">): Promise<void> {
  const fork = await ctx.db.get("forks", forkId);
  if (!fork) throw new Error("A message names a fork that has no row");
  await ctx.db.patch("forks", forkId, { messageIds: [...fork.messageIds, messageId] });
}

/** Inserts what the person said and starts the reply to it. */
export async function addTurn(
  ctx: ViewerMutationCtx,
  open: OpenThread,
  { text, mediaIds, spot, ...turn }: Turn & { text: string; mediaIds?: Id<"media">[]; spot: Spot },
): Promise<TurnIds> {
  const messageId = await addMessage(ctx, open, { ...turn, text, mediaIds, spot });
  const replyId = await startReply(ctx, open.thread, {
    ...turn,
    contextTokens: turn.contextTokens + estimateTokens(text.length),
    spot: spotAfter(spot),
  });
  return { threadId: open.thread._id, messageId, replyId };
}

/** Inserts what the person said. */
export async function addMessage(
  ctx: ViewerMutationCtx,
  { thread, seal }: OpenThread,
  {
    text,
    mediaIds = [],
    spot,
    request,
    nowMs,
  }: Pick<Turn, "request" | "nowMs"> & { text: string; mediaIds?: Id<"media">[]; spot: Spot },
): Promise<Id<"messages">> {
  const recordId = await recordIdFor(ctx.viewer.userId, request, "message");
  return ctx.db.insert("messages", {
    ...ownership(thread),
    ...spot,
    recordId,
    role: "user",
    state: "complete",
    sealedText: await sealText(seal, recordId, text),
    mediaIds: mediaIds.length > 0 ? mediaIds : undefined,
    createdAt: nowMs,
  });
}

/** The place of a reply to the message at a spot. */
export function spotAfter({ branch, depth }: Spot): Spot {
  return { branch, depth: depth + 1 };
}

/**
 * Inserts an empty reply together with the row that says it is being written, holds its credits, schedules the fallback
 * that produces it if no tab does, and notes the activity on the thread. Throws as `placeHold` does.
 */
export async function startReply(
  ctx: ViewerMutationCtx,
  thread: Doc<"threads">,
  { request, model, contextTokens: inputTokens, spot, nowMs }: Turn & { spot: Spot },
): Promise<Id<"messages">> {
  const replyId = await ctx.db.insert("messages", {
    ...ownership(thread),
    ...spot,
    recordId: await recordIdFor(ctx.viewer.userId, request, "reply"),
    role: "assistant",
    state: "streaming",
    model: model.id,
    createdAt: nowMs,
  });
  await holdForReply(ctx, { replyId, model, inputTokens, nowMs });
  const fallbackId = await ctx.scheduler.runAfter(FALLBACK_AFTER_MS, internal.messages.generation.takeOver, {
    replyId,
  });
  const { _id: threadId, ownerId } = thread;
  await ctx.db.insert("generations", { ownerId, threadId, replyId, heartbeatAt: nowMs, inputTokens, fallbackId });
  await noteActivity(ctx, thread, nowMs);
  return replyId;
}

/** Notes that something was said in a thread, from which its period counts anew unless it is temporary. */
export async function noteActivity(ctx: ViewerMutationCtx, thread: Doc<"threads">, nowMs: number): Promise<void> {
  const retentionClockAt = thread.state === "temporary" ? thread.retentionClockAt : startedAnew(thread, nowMs);
  await ctx.db.patch("threads", thread._id, { lastActivityAt: nowMs, retentionClockAt });
}

/** Whose a row of a thread is. */
export function ownership({ _id: threadId, ownerId, workspaceId }: Doc<"threads">) {
  return { threadId, ownerId, workspaceId };
}
