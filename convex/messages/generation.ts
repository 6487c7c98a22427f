import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { type ActionCtx, internalAction } from "../_generated/server.js";
import { openSeal, readKeyring } from "../encryption/vault.ts";
import { withRetries } from "../lib/retries.ts";
import { readFiles } from "../media/reading.ts";
import type { ContextTurn } from "./context.ts";
import { drawLease } from "./leases.ts";
import { askModel, type ModelTurn } from "./provider.ts";
import { type RelayEnd, relay } from "./relay.ts";
import { type Piece, type SealedPiece, sealPiece } from "./texts.ts";

/*
 * The only file that carries the AI SDK into a function. Queries and mutations pay for what their file imports each time
 * they run, so nothing but actions may import this.
 */

/** The fallback: claims and produces a reply that no tab has claimed. */
export const takeOver = internalAction({
  args: { replyId: v.id("messages") },
  returns: v.null(),
  handler: async (ctx, { replyId }) => {
    const lease = drawLease();
    const claimed = await ctx.runMutation(internal.messages.leases.claim, { replyId, lease, identityId: null });
    if (claimed) await produceReply(ctx, { replyId, lease });
    return null;
  },
});

interface Held {
  replyId: Id<"messages">;
  lease: string;
}

/**
 * Produces a reply that its caller has claimed and ends it, also where something of ours fails; what fails even then, and
 * every write that is given up, is left to the watchdog.
 */
export async function produceReply(ctx: ActionCtx, held: Held): Promise<void> {
  try {
    await relayReply(ctx, held);
  } catch (error) {
    const abandoned = { ...held, state: "interrupted", error: "abandoned" } as const;
    await withRetries(() => ctx.runMutation(internal.messages.leases.finish, abandoned));
    throw error;
  }
}

async function relayReply(ctx: ActionCtx, held: Held): Promise<void> {
  const context = await ctx.runQuery(internal.messages.context.load, { replyId: held.replyId });
  if (!context) return;
  const { recordId, model } = context;
  const seal = await openSeal(readKeyring(), context);
  const turns = await withFiles(context.turns);
  const abort = new AbortController();
  const sealed = (piece: Piece) => sealPiece(seal, recordId, piece);

  const end = await relay(askModel({ model, turns, signal: abort.signal }), abort, {
    nowMs: Date.now,
    append: async (text, beat) => {
      const piece = await sealed(text);
      return withRetries(() => ctx.runMutation(internal.messages.leases.append, { ...held, piece, beat }));
    },
    check: (beat) => {
      const { standing, beat: note } = internal.messages.leases;
      return beat ? withRetries(() => ctx.runMutation(note, held)) : ctx.runQuery(standing, held);
    },
  });
  await finish(ctx, held, end, sealed);
}

/** The conversation with its files read, the newest first where there is not room for all. */
async function withFiles(turns: ContextTurn[]): Promise<ModelTurn[]> {
  const grants = turns.toReversed().flatMap(({ files }) => files);
  const read = await readFiles(grants);
  return turns.map(({ role, text, files }) => ({
    role,
    text,
    files: files.flatMap(({ objectId }) => read.get(objectId) ?? []),
  }));
}

async function finish(
  ctx: ActionCtx,
  held: Held,
  end: RelayEnd,
  sealed: (piece: Piece) => Promise<SealedPiece>,
): Promise<void> {
  if (end.kind === "lost") return;
  const { state, error, counted } = end;
  const tail = end.tail.text === "" ? undefined : await sealed(end.tail);
  await withRetries(() => ctx.runMutation(internal.messages.leases.finish, { ...held, state, error, counted, tail }));
}
