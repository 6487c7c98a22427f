import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel.js";
import { internalQuery, type QueryCtx } from "../_generated/server.js";
import { loadSubscription } from "../billing/months.ts";
import { Vault } from "../encryption/vault.ts";
import { grantFor, vGrant } from "../media/grants.ts";
import { openPrompt } from "../media/prompts.ts";
import { openName, sealOfMedia } from "../media/seals.ts";
import { openText } from "../messages/texts.ts";
import { choicesOf } from "../privacy/choices.ts";
import { isRestricted } from "../privacy/restriction.ts";
import { isListed } from "../threads/access.ts";
import { openTitle } from "../threads/titles.ts";
import { EXPORT_SECTIONS, vPlace } from "./schema.ts";

/** Rows and bytes of one page: opening a row costs about a millisecond, of the second that a query has. */
const ROWS_PER_PAGE = 200;
const THREADS_PER_PAGE = 20;
const BYTES_PER_PAGE = 2 * 1024 * 1024;

export type Place = Infer<typeof vPlace>;

/** What an export is of. */
type Owned = Pick<Doc<"exports">, "ownerId" | "workspaceId">;

/** Rows of a section, ready to be written, and where the section goes on; null where it ends. */
interface Rows {
  rows: object[];
  cursor: string | null;
}

/** Where an export begins. */
export const FIRST_PLACE: Place = { section: EXPORT_SECTIONS[0], page: 1, cursor: null };

/** A page of an archive: rows as JSON, or a file that a grant opens, and where the next page is. */
export const page = internalQuery({
  args: { exportId: v.id("exports"), place: vPlace },
  returns: v.union(
    v.null(),
    v.object({
      json: v.union(v.null(), v.string()),
      file: v.union(v.null(), v.object({ mediaId: v.id("media"), grant: vGrant })),
      next: v.union(v.null(), vPlace),
    }),
  ),
  handler: async (ctx, { exportId, place }) => {
    const owned = await ctx.db.get("exports", exportId);
    if (owned?.state !== "building") return null;
    if (place.section === "files") return filePage(ctx, owned, place);
    const { rows, cursor } = await ROWS[place.section](ctx, owned, place.cursor);
    return { json: rows.length > 0 ? JSON.stringify(rows) : null, file: null, next: nextPlace(place, cursor) };
  },
});

/** The place after one, whose section goes on at `cursor` or ends where that is null. Pure. */
function nextPlace({ section, page }: Place, cursor: string | null): Place | null {
  if (cursor !== null) return { section, page: page + 1, cursor };
  const following = EXPORT_SECTIONS[EXPORT_SECTIONS.indexOf(section) + 1];
  return following ? { section: following, page: 1, cursor: null } : null;
}

async function filePage(ctx: QueryCtx, { workspaceId }: Owned, place: Place) {
  const { page, isDone, continueCursor } = await ctx.db
    .query("media")
    .withIndex("by_time", (q) => q.eq("workspaceId", workspaceId))
    .paginate({ numItems: 1, cursor: place.cursor });
  const [medium] = page;
  const grant = medium && (await isIncluded(ctx, medium.threadId)) ? await grantFor(ctx, medium, "original") : null;
  const file = medium && grant ? { mediaId: medium._id, grant } : null;
  return { json: null, file, next: nextPlace(place, isDone ? null : continueCursor) };
}

/** How each section's rows are read. What is sealed is opened; ids are those of this deployment and tie rows together. */
const ROWS: Record<
  Exclude<Place["section"], "files">,
  (ctx: QueryCtx, owned: Owned, cursor: string | null) => Promise<Rows>
> = {
  account: async (ctx, { ownerId }) => {
    const user = await ctx.db.get("users", ownerId);
    if (!user) return { rows: [], cursor: null };
    const { name, settings, state, identityId, _creationTime: createdAt } = user;
    const { consents = [], objections = [] } = (await choicesOf(ctx.db, user)) ?? {};
    // One of a kind is open at a time, and somebody has to answer it before there is another.
    const requests = await ctx.db
      .query("privacyRequests")
      .withIndex("by_owner", (q) => q.eq("ownerId", ownerId))
      .collect();
    const memberships = await ctx.db
      .query("memberships")
      .withIndex("by_user", (q) => q.eq("userId", ownerId))
      .collect();
    const workspaces = memberships.map(async ({ workspaceId, role }) => {
      const workspace = await ctx.db.get("workspaces", workspaceId);
      return { role, kind: workspace?.kind };
    });
    const decided = {
      ...{ consents, objections },
      requests: requests.map(plain),
      workspaces: await Promise.all(workspaces),
    };
    const subscription = await loadSubscription(ctx.db, identityId);
    const account = { name, settings, state, identityId, createdAt, subscription: subscription && plain(subscription) };
    return { rows: [{ ...account, ...decided }], cursor: null };
  },

  consents: async (ctx, { ownerId }, cursor) => {
    const consents = ctx.db.query("consents").withIndex("by_owner", (q) => q.eq("ownerId", ownerId));
    return plainRows(await consents.paginate({ numItems: ROWS_PER_PAGE, cursor }));
  },

  threads: async (ctx, { workspaceId }, cursor) => {
    const vault = new Vault(ctx.db);
    const result = await ctx.db
      .query("threads")
      .withIndex("by_activity", (q) => q.eq("workspaceId", workspaceId).eq("state", "live"))
      .paginate({ numItems: THREADS_PER_PAGE, cursor, maximumBytesRead: BYTES_PER_PAGE });
    const rows = await inTurn(result.page, async (thread) => {
      const seal = (await isIncluded(ctx, thread._id)) && (await vault.sealOf({ ...thread, threadId: thread._id }));
      if (!seal) return null;
      const { sealedTitle: _sealed, titleRev: _rev, ...rest } = plain(thread);
      return { ...rest, title: await openTitle(seal, thread), ...(await shapeOf(ctx, thread._id)) };
    });
    return { rows, cursor: following(result) };
  },

  messages: async (ctx, { workspaceId }, cursor) => {
    const vault = new Vault(ctx.db);
    const result = await ctx.db
      .query("messages")
      .withIndex("by_time", (q) => q.eq("workspaceId", workspaceId))
      .paginate({ numItems: ROWS_PER_PAGE, cursor, maximumBytesRead: BYTES_PER_PAGE });
    const held = new Map<Id<"threads">, Promise<boolean>>();
    const rows = await inTurn(result.page, async (message) => {
      const { threadId } = message;
      if (!held.has(threadId)) held.set(threadId, isIncluded(ctx, threadId));
      const seal = (await held.get(threadId)) ? await vault.sealOf(message) : null;
      if (!seal) return null;
      const { sealedText: _sealed, recordId: _name, ...rest } = plain(message);
      return { ...rest, text: await openText(seal, message) };
    });
    return { rows, cursor: following(result) };
  },

  media: async (ctx, { workspaceId }, cursor) => {
    const vault = new Vault(ctx.db);
    const result = await ctx.db
      .query("media")
      .withIndex("by_time", (q) => q.eq("workspaceId", workspaceId))
      .paginate({ numItems: ROWS_PER_PAGE, cursor, maximumBytesRead: BYTES_PER_PAGE });
    const rows = await inTurn(result.page, async (medium) => {
      const seal = (await isIncluded(ctx, medium.threadId)) ? await sealOfMedia(vault, medium) : null;
      if (!seal) return null;
      const { sealedName: _sealed, recordId: _name, ...rest } = plain(medium);
      const name = medium.sealedName ? await openName(seal, medium.recordId, medium.sealedName) : null;
      return { ...rest, name, file: fileName(medium._id, medium.mime) };
    });
    return { rows, cursor: following(result) };
  },

  jobs: async (ctx, { workspaceId }, cursor) => {
    const vault = new Vault(ctx.db);
    const result = await ctx.db
      .query("mediaJobs")
      .withIndex("by_time", (q) => q.eq("workspaceId", workspaceId))
      .paginate({ numItems: ROWS_PER_PAGE, cursor, maximumBytesRead: BYTES_PER_PAGE });
    const rows = await inTurn(result.page, async (job) => {
      const seal = (await isIncluded(ctx, job.threadId)) ? await sealOfMedia(vault, job) : null;
      if (!seal) return null;
      const { sealedPrompt: _sealed, recordId: _name, operation: _operation, ...rest } = plain(job);
      return { ...rest, prompt: await openPrompt(seal, job.recordId, job.sealedPrompt) };
    });
    return { rows, cursor: following(result) };
  },

  credits: async (ctx, { ownerId }, cursor) => {
    const entries = ctx.db.query("creditEntries").withIndex("by_owner", (q) => q.eq("ownerId", ownerId));
    return plainRows(await entries.paginate({ numItems: ROWS_PER_PAGE, cursor }));
  },

  usage: async (ctx, { ownerId }, cursor) => {
    const events = ctx.db.query("usageEvents").withIndex("by_owner", (q) => q.eq("ownerId", ownerId));
    return plainRows(await events.paginate({ numItems: ROWS_PER_PAGE, cursor }));
  },

  webhooks: async (ctx, { ownerId }, cursor) => {
    const user = await ctx.db.get("users", ownerId);
    const told = ctx.db.query("webhookInbox").withIndex("by_identity", (q) => q.eq("identityId", user?.identityId));
    return user ? plainRows(await told.paginate({ numItems: ROWS_PER_PAGE, cursor })) : { rows: [], cursor: null };
  },

  history: async (ctx, { ownerId }, cursor) => {
    const earlier = ctx.db.query("earlierCredits").withIndex("by_owner", (q) => q.eq("ownerId", ownerId));
    return plainRows(await earlier.paginate({ numItems: ROWS_PER_PAGE, cursor }));
  },

  receipts: async (ctx, { ownerId }, cursor) => {
    const receipts = ctx.db.query("deletionReceipts").withIndex("by_owner", (q) => q.eq("ownerId", ownerId));
    return plainRows(await receipts.paginate({ numItems: ROWS_PER_PAGE, cursor }));
  },
};

/** The name of a medium's file in the archive. Pure. */
export function fileName(mediaId: string, mime: string): string {
  const endings: Record<string, string> = { "image/jpeg": "jpg", "text/plain": "txt" };
  return `files/${mediaId}.${endings[mime] ?? mime.split("/")[1]}`;
}

/** The branches of a chat and the alternatives at each place where it forks. */
async function shapeOf(ctx: QueryCtx, threadId: Id<"threads">): Promise<{ branches: object[]; forks: object[] }> {
  const branches = await ctx.db
    .query("branches")
    .withIndex("by_thread", (q) => q.eq("threadId", threadId))
    .collect();
  const forks = await ctx.db
    .query("forks")
    .withIndex("by_thread", (q) => q.eq("threadId", threadId))
    .collect();
  return {
    branches: branches.map(({ branch, parent, fromDepth }) => ({ branch, parent, fromDepth })),
    forks: forks.map(({ _id: id, messageIds }) => ({ id, messageIds })),
  };
}

/** Whether what hangs on a chat is in the export: the chat is shown, or kept past its period by a restriction. */
async function isIncluded(ctx: QueryCtx, threadId: Id<"threads"> | undefined): Promise<boolean> {
  if (threadId === undefined) return true;
  const thread = await ctx.db.get("threads", threadId);
  if (!thread) return false;
  const owner = await ctx.db.get("users", thread.ownerId);
  return owner && isRestricted(owner) ? thread.state === "live" : isListed(thread, Date.now());
}

/**
 * What is exported of rows, without those of which nothing is. One is opened after the other: together they would keep alive
 * what opening all of them takes, and the engine would take it for what lives long.
 */
async function inTurn<Row>(rows: Row[], open: (row: Row) => Promise<object | null>): Promise<object[]> {
  const opened: object[] = [];
  for (const row of rows) {
    const exported = await open(row);
    if (exported) opened.push(exported);
  }
  return opened;
}

/** A row as it is exported: under its own id, without those of its owner, who is whose archive it is. */
function plain<Row extends { _id: string; _creationTime: number; ownerId?: string; workspaceId?: string }>(row: Row) {
  const { _id: id, _creationTime: _made, ownerId: _owner, workspaceId: _workspace, ...rest } = row;
  return { id, ...rest };
}

interface Page<Row> {
  page: Row[];
  isDone: boolean;
  continueCursor: string;
}

function plainRows<Row extends Parameters<typeof plain>[0]>(result: Page<Row>): Rows {
  return { rows: result.page.map(plain), cursor: following(result) };
}

function following({ isDone, continueCursor }: Omit<Page<never>, "page">): string | null {
  return isDone ? null : continueCursor;
}
