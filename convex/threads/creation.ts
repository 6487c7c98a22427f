import type { Doc, Id } from "../_generated/dataModel.js";
import { recordIdFor, turnRatchet } from "../encryption/salts.ts";
import { Vault } from "../encryption/vault.ts";
import { refusal } from "../lib/errors.ts";
import type { ViewerMutationCtx } from "../lib/functions.ts";
import type { OpenThread } from "./access.ts";
import { TRUNK } from "./paths.ts";
import { sealTitle } from "./titles.ts";

/** The thread that an earlier call of the same request made, if there was one. */
export async function findThreadByRequest(ctx: ViewerMutationCtx, request: string): Promise<Id<"threads"> | null> {
  const recordId = await recordIdFor(ctx.viewer.userId, request, "thread");
  const key = await ctx.db
    .query("threadKeys")
    .withIndex("by_record", (q) => q.eq("recordId", recordId))
    .unique();
  return key && key.threadId;
}

/** What a new thread is made of. */
export interface NewThread {
  title: string;
  /** Names the request that makes it. */
  request: string;
  nowMs: number;
  /** In no list and no search, and for a day at most. */
  temporary?: boolean;
}

/**
 * Makes a thread of the viewer's with a salt and a title of its own. `request` names the request that makes it: see
 * [Note: Salt ratchet].
 */
export async function createThread(
  ctx: ViewerMutationCtx,
  { title, request, nowMs, temporary = false }: NewThread,
): Promise<OpenThread> {
  const { userId: ownerId, workspaceId } = ctx.viewer;
  const salt = await drawSalt(ctx, ownerId, request);
  const threadKey = { workspaceId, recordId: await recordIdFor(ownerId, request, "thread"), salt };
  const seal = await new Vault(ctx.db).sealFor(ownerId, threadKey);
  if (!seal) throw keysMissing();
  const threadId = await ctx.db.insert("threads", {
    workspaceId,
    ownerId,
    sealedTitle: await sealTitle(seal, { title, rev: 0 }),
    titleRev: 0,
    pinned: false,
    lastActivityAt: nowMs,
    retentionClockAt: nowMs,
    state: temporary ? "temporary" : "live",
    branch: TRUNK,
  });
  await ctx.db.insert("threadKeys", { ...threadKey, threadId });
  return { thread: (await ctx.db.get("threads", threadId)) as Doc<"threads">, seal };
}

async function drawSalt(ctx: ViewerMutationCtx, ownerId: Id<"users">, request: string): Promise<ArrayBuffer> {
  const ratchet = await ctx.db
    .query("saltRatchets")
    .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
    .unique();
  if (!ratchet) throw keysMissing();
  const { salt, nextSeed } = await turnRatchet(new Uint8Array(ratchet.seed), request);
  await ctx.db.patch("saltRatchets", ratchet._id, { seed: nextSeed.buffer });
  return salt.buffer;
}

function keysMissing() {
  return refusal("unavailable", "Your keys are not ready yet. Sign in again.");
}
