import { type Infer, v } from "convex/values";
import { characterCount, SEARCH_CHARACTERS } from "../../src/shared/limits.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import { Vault } from "../encryption/vault.ts";
import { refusal } from "../lib/errors.ts";
import { type ViewerQueryCtx, viewerInternalQuery } from "../lib/functions.ts";
import { openText } from "../messages/texts.ts";
import { isListed } from "./access.ts";
import { foldText, snippetAround } from "./matching.ts";
import { openTitle } from "./titles.ts";

/*
 * [Note: Searching sealed text]
 * No index of words exists anywhere, so a search opens what there is, newest first, a bounded amount a call. One step
 * takes a page of messages and, with them, the titles of the chats that were last active in the span of time the page
 * covers: that keeps titles and messages in one order, newest first.
 */

/** Messages opened in one step, and bytes read for them. */
const MESSAGES_PER_STEP = 60;
const BYTES_PER_STEP = 2 * 1024 * 1024;
/** Titles opened in one step. A span holds no more active chats than messages, except for chats that were branched. */
const TITLES_PER_STEP = 300;

export const vHit = v.object({
  threadId: v.id("threads"),
  /** The message that matches; null where the title does. */
  messageId: v.union(v.id("messages"), v.null()),
  title: v.string(),
  snippet: v.string(),
  at: v.number(),
});

/** Where a search goes on. */
const vSearchPlace = v.object({
  /** Convex's cursor over messages; null at the start. */
  cursor: v.union(v.string(), v.null()),
  /** Chats active from then on were searched already; null at the start. */
  beforeMs: v.union(v.number(), v.null()),
});

export type Hit = Infer<typeof vHit>;
type SearchPlace = Infer<typeof vSearchPlace>;

/** A search as it is compared. Throws `invalid` where it is empty or too long. */
export function checkedSearch(query: string): string {
  const trimmed = query.trim();
  if (trimmed === "") throw refusal("invalid", "Type something to search for.");
  if (characterCount(trimmed) > SEARCH_CHARACTERS) {
    throw refusal("invalid", `A search can have up to ${SEARCH_CHARACTERS} characters.`);
  }
  return foldText(trimmed).replace(/\s+/gu, " ");
}

/** Where a search goes on, as the cursor that clients hand back. */
export function encodePlace(place: SearchPlace): string {
  return JSON.stringify([place.cursor, place.beforeMs]);
}

/** The place in a client's cursor, or the start. Throws `invalid` for what is no cursor of ours. */
export function decodePlace(cursor: string | null): SearchPlace {
  if (cursor === null) return { cursor: null, beforeMs: null };
  try {
    const [position, beforeMs] = JSON.parse(cursor);
    if (typeof position === "string" && typeof beforeMs === "number") return { cursor: position, beforeMs };
  } catch {
    // Not JSON or not a list: refused below like every other cursor that is not ours.
  }
  throw refusal("invalid", "This search cannot be continued. Search again.");
}

/** One step of a search: hits, newest first, and where it goes on, or null at the end. */
export const step = viewerInternalQuery({
  args: { needle: v.string(), place: vSearchPlace },
  returns: v.object({ hits: v.array(vHit), searched: v.number(), next: v.union(vSearchPlace, v.null()) }),
  handler: async (ctx, { needle, place }) => {
    const { page, isDone, continueCursor } = await ctx.db
      .query("messages")
      .withIndex("by_time", (q) => q.eq("workspaceId", ctx.viewer.workspaceId))
      .order("desc")
      .paginate({ numItems: MESSAGES_PER_STEP, cursor: place.cursor, maximumBytesRead: BYTES_PER_STEP });
    const fromMs = isDone ? 0 : (page.at(-1)?.createdAt ?? place.beforeMs ?? Number.POSITIVE_INFINITY);
    const search = new Search(ctx, needle);
    const hits = [
      ...(await search.titles({ fromMs, beforeMs: place.beforeMs ?? Number.POSITIVE_INFINITY })),
      ...(await search.messages(page)),
    ];
    hits.sort((a, b) => b.at - a.at);
    return { hits, searched: page.length, next: isDone ? null : { cursor: continueCursor, beforeMs: fromMs } };
  },
});

/** The titles and texts of one step, each thread opened once. */
class Search {
  readonly #ctx: ViewerQueryCtx;
  readonly #needle: string;
  readonly #vault: Vault;
  readonly #threads = new Map<Id<"threads">, Promise<{ title: string } | null>>();

  constructor(ctx: ViewerQueryCtx, needle: string) {
    this.#ctx = ctx;
    this.#needle = needle;
    this.#vault = new Vault(ctx.db);
  }

  async titles({ fromMs, beforeMs }: { fromMs: number; beforeMs: number }): Promise<Hit[]> {
    const threads = await this.#ctx.db
      .query("threads")
      .withIndex("by_activity", (q) => {
        const live = q.eq("workspaceId", this.#ctx.viewer.workspaceId).eq("state", "live");
        return live.gte("lastActivityAt", fromMs).lt("lastActivityAt", beforeMs);
      })
      .order("desc")
      .take(TITLES_PER_STEP);
    const hits = await Promise.all(threads.map((thread) => this.#titleHit(thread)));
    return hits.flat();
  }

  async messages(page: Doc<"messages">[]): Promise<Hit[]> {
    const hits = await Promise.all(page.map((message) => this.#messageHit(message)));
    return hits.flat();
  }

  async #titleHit(thread: Doc<"threads">): Promise<Hit[]> {
    const opened = await this.#openThread(thread._id, thread);
    const snippet = opened && snippetAround(opened.title, this.#needle);
    if (!opened || snippet === null) return [];
    return [{ threadId: thread._id, messageId: null, title: opened.title, snippet, at: thread.lastActivityAt }];
  }

  async #messageHit(message: Doc<"messages">): Promise<Hit[]> {
    const { _id: messageId, threadId, createdAt: at } = message;
    const opened = await this.#openThread(threadId);
    const seal = opened && (await this.#vault.sealOf(message));
    const snippet = seal && snippetAround(await openText(seal, message), this.#needle);
    return opened && snippet ? [{ threadId, messageId, title: opened.title, snippet, at }] : [];
  }

  /** A thread's title, or null where the thread must not be shown any more. */
  #openThread(threadId: Id<"threads">, row?: Doc<"threads">): Promise<{ title: string } | null> {
    const known = this.#threads.get(threadId);
    if (known) return known;
    const opened = this.#openTitle(threadId, row);
    this.#threads.set(threadId, opened);
    return opened;
  }

  async #openTitle(threadId: Id<"threads">, row?: Doc<"threads">): Promise<{ title: string } | null> {
    const thread = row ?? (await this.#ctx.db.get("threads", threadId));
    if (!thread || !isListed(thread, Date.now())) return null;
    const seal = await this.#vault.sealOf({ ownerId: thread.ownerId, threadId });
    return seal && { title: await openTitle(seal, thread) };
  }
}
