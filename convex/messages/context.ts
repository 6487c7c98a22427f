import { type Infer, v } from "convex/values";
import type { ChatModel } from "../../src/shared/chatModels.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalQuery, type QueryCtx } from "../_generated/server.js";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { loadThreadKey, loadUserKey, openSeal, readKeyring } from "../encryption/vault.ts";
import { type Grant, grantFor, vGrant } from "../media/grants.ts";
import { chooseChatModel } from "../models/catalogue.ts";
import { loadPath, walkBack } from "../threads/paths.ts";
import { vRole } from "./schema.ts";
import { openText } from "./texts.ts";

/** Characters that a token stands for at least, in most texts: what fits by this rule fits the model. */
const CHARACTERS_PER_TOKEN = 3;
/** Most messages of a conversation that are given to a model. Opening each costs about a millisecond of a second. */
const CONTEXT_MESSAGES = 200;

/** Most files of a conversation that are given to a model. */
const CONTEXT_FILES = 20;

const vTurn = v.object({ role: vRole, text: v.string(), files: v.array(vGrant) });

/** A message for a model, with what reads its files. */
export type ContextTurn = Infer<typeof vTurn>;

/**
 * What producing a reply needs: the model, the conversation before the reply, oldest first and as much of it as the
 * model takes, and what the seal of the thread is made of. Null where the thread or its keys are gone.
 */
export const load = internalQuery({
  args: { replyId: v.id("messages") },
  returns: v.union(
    v.null(),
    v.object({
      recordId: v.string(),
      model: v.object({ id: v.string(), outputTokens: v.number() }),
      turns: v.array(vTurn),
      userKey: v.object({ ownerId: v.id("users"), gen: v.number(), kid: v.string(), wrapped: v.bytes() }),
      threadKey: v.object({ workspaceId: v.id("workspaces"), recordId: v.string(), salt: v.bytes() }),
    }),
  ),
  handler: async (ctx, { replyId }) => {
    const reply = await ctx.db.get("messages", replyId);
    const material = reply && (await loadSealMaterial(ctx, reply));
    if (!material) return null;
    const model = chooseChatModel(reply.model);
    const seal = await openSeal(readKeyring(), material);
    return {
      recordId: reply.recordId,
      model: { id: model.id, outputTokens: model.outputTokens },
      turns: await loadTurns(ctx, { reply, seal, budget: contextCharacters(model) }),
      ...material,
    };
  },
});

/** How much conversation a model takes besides its reply, in characters. */
function contextCharacters({ contextTokens, outputTokens }: ChatModel): number {
  return Math.max(contextTokens - outputTokens, outputTokens) * CHARACTERS_PER_TOKEN;
}

async function loadSealMaterial(ctx: QueryCtx, row: { ownerId: Id<"users">; threadId: Id<"threads"> }) {
  const user = await loadUserKey(ctx.db, row.ownerId);
  const thread = await loadThreadKey(ctx.db, row.threadId);
  if (!user || !thread) return null;
  const { ownerId, gen, kid, wrapped } = user;
  const { workspaceId, recordId, salt } = thread;
  return { userKey: { ownerId, gen, kid, wrapped }, threadKey: { workspaceId, recordId, salt } };
}

/** Walks back from the reply until the budget is spent. What is asked is kept whole, whatever the budget. */
async function loadTurns(
  ctx: QueryCtx,
  { reply, seal, budget }: { reply: Doc<"messages">; seal: ThreadSeal; budget: number },
): Promise<ContextTurn[]> {
  const path = await loadPath(ctx.db, reply.threadId, reply.branch);
  const newestFirst: ContextTurn[] = [];
  let characters = 0;
  let room = CONTEXT_FILES;
  const { threadId, depth: beforeDepth } = reply;
  for await (const message of walkBack(ctx.db, { threadId, path, beforeDepth })) {
    const text = await openText(seal, message);
    characters += text.length;
    if (newestFirst.length > 0 && characters > budget) break;
    const files = message.role === "user" ? await loadFiles(ctx, message, room) : [];
    room -= files.length;
    if (text !== "" || files.length > 0) newestFirst.push({ role: message.role, text, files });
    if (newestFirst.length === CONTEXT_MESSAGES) break;
  }
  return newestFirst.reverse();
}

async function loadFiles(ctx: QueryCtx, { mediaIds = [] }: Doc<"messages">, room: number): Promise<Grant[]> {
  const media = await Promise.all(mediaIds.slice(0, room).map((id) => ctx.db.get("media", id)));
  const grants = await Promise.all(media.map((medium) => medium && grantFor(ctx, medium, "original")));
  return grants.filter((grant) => grant !== null);
}
