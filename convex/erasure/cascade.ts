import type { PaginationResult } from "convex/server";
import { type Infer, v } from "convex/values";
import { PERSONAL_TABLES, type PersonalTable } from "../../src/policy/registry.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id, TableNames } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { type Holds, isRowHeld, loadHolds } from "../legalHolds/holding.ts";
import { drainSoon, hasOpenDeletes } from "../media/deletes.ts";
import { pseudonymOf } from "./pseudonyms.ts";
import { removeRow } from "./removing.ts";

/**
 * What one transaction deletes at most, a quarter of Convex's limits: a page may exceed its bytes by one row, of up to a
 * MiB, and every row counts twice, as found and as deleted.
 */
const ROWS_PER_PAGE = 200;
const BYTES_PER_PAGE = 1024 * 1024;
/** Pages between two signs of life, each of which reads and writes the job. */
const PAGES_PER_BEAT = 20;
/** Keys of chats that are deleted together with the person's, where that one has to stay for the sake of a held chat. */
const CHAT_KEYS_AT_ONCE = 1_000;

/** Carries ids alone, since arguments of what is scheduled outlive it; what only the identity finds, the job knows. */
const vStep = v.object({
  jobId: v.id("erasureJobs"),
  chain: v.number(),
  table: v.string(),
  ownerId: v.optional(v.id("users")),
  workspaceId: v.optional(v.id("workspaces")),
  page: v.number(),
  /** Behind the rows of this table that are held; absent where none is so far. */
  cursor: v.optional(v.string()),
  /** Rows deleted since the last sign of life. */
  removed: v.number(),
});

type Step = Infer<typeof vStep>;
type Person = Pick<Doc<"erasureJobs">, "ownerId" | "workspaceId" | "identityId">;

/** The first step of a job. */
export function firstStep({ _id: jobId, chain, ownerId, workspaceId }: Doc<"erasureJobs">): Step {
  return { jobId, chain, table: tablesInOrder()[0] ?? "users", ownerId, workspaceId, page: 1, removed: 0 };
}

/**
 * Deletes a person's keys, by the registry; says how many of which. Nobody has more than a handful. Where a chat is held,
 * the key that opens it stays, and the keys of the other chats go instead.
 */
export async function shred(
  ctx: MutationCtx,
  person: Person,
  holds: Holds | null = null,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = holds ? { threadKeys: await shredChats(ctx, person, holds) } : {};
  for (const [table, { subject, erasure }] of Object.entries(PERSONAL_TABLES)) {
    const value = valueOf(subject, person);
    if (erasure.act !== "delete" || !erasure.shred || !value) continue;
    const rows = await leftOf(ctx, await rowsOf(ctx, table, value).collect(), { table, holds });
    for (const { _id } of rows) await ctx.db.delete(table as "messages", _id as Id<"messages">);
    counts[table] = rows.length;
  }
  return counts;
}

/** Deletes the keys of chats that are not held; says how many. Those of more than a thousand chats go with their rows. */
async function shredChats(ctx: MutationCtx, { workspaceId }: Person, holds: Holds): Promise<number> {
  if (!workspaceId) return 0;
  const keys = await ctx.db
    .query("threadKeys")
    .withIndex("by_workspace", (q) => q.eq("workspaceId", workspaceId))
    .take(CHAT_KEYS_AT_ONCE);
  const going = keys.filter(({ threadId }) => !holds.threadIds.has(threadId));
  for (const { _id } of going) await ctx.db.delete("threadKeys", _id);
  return going.length;
}

/** Lets a job rest for as long as something of its person's is held. */
export async function restHeld(ctx: MutationCtx, { _id }: Pick<Doc<"erasureJobs">, "_id">): Promise<void> {
  await ctx.db.patch("erasureJobs", _id, { state: "held", beatAt: Date.now() });
}

/**
 * Deletes the next page of a job's rows and schedules the step after it in the same transaction. Always reads its range
 * from the start, where what is left is, so that nothing depends on what was done before; only past rows that are held it
 * goes on behind them. See [Note: Erasure].
 */
export const removePage = internalMutation({
  args: vStep.fields,
  returns: v.null(),
  handler: async (ctx, step) => {
    const holds = await loadHolds(ctx.db, step.ownerId);
    if (holds?.all) return restChain(ctx, step);
    const { page, isDone, continueCursor } = await loadPage(ctx, step);
    const going = await leftOf(ctx, page, { table: step.table, holds });
    for (const row of going) await endRow(ctx, step, row);
    const cursor = going.length < page.length ? continueCursor : step.cursor;
    const done = { ...step, removed: step.removed + going.length, cursor };
    const next =
      isDone || step.page % PAGES_PER_BEAT === 0 ? await beat(ctx, done, isDone) : { ...done, page: step.page + 1 };
    if (next) await ctx.scheduler.runAfter(0, internal.erasure.cascade.removePage, next);
    return null;
  },
});

/** The next rows to be ended: few enough, and of few enough bytes. */
async function loadPage(ctx: MutationCtx, step: Step): Promise<PaginationResult<Doc<TableNames>>> {
  const subject = PERSONAL_TABLES[step.table]?.subject;
  const value = subject && (await knownValue(ctx, step, subject));
  if (!value) return { page: [], isDone: true, continueCursor: "" };
  return rowsOf(ctx, step.table, value).paginate({
    numItems: ROWS_PER_PAGE,
    cursor: step.cursor ?? null,
    maximumBytesRead: BYTES_PER_PAGE,
  });
}

/** Those of some rows that are not held. */
async function leftOf(
  ctx: MutationCtx,
  rows: Doc<TableNames>[],
  { table, holds }: { table: string; holds: Holds | null },
): Promise<Doc<TableNames>[]> {
  if (!holds) return rows;
  const isHeld = await Promise.all(rows.map((row) => isRowHeld(ctx.db, holds, { table, row })));
  return rows.filter((_, index) => !isHeld[index]);
}

/** Lets the job of a chain rest, unless another chain has taken over. */
async function restChain(ctx: MutationCtx, { jobId, chain }: Step): Promise<null> {
  const job = await ctx.db.get("erasureJobs", jobId);
  if (job?.chain === chain && job.state === "removing") await restHeld(ctx, job);
  return null;
}

async function knownValue(
  ctx: MutationCtx,
  step: Step,
  subject: PersonalTable["subject"],
): Promise<string | undefined> {
  if (subject.by !== "identity") return valueOf(subject, { ...step, identityId: "" });
  const job = await ctx.db.get("erasureJobs", step.jobId);
  return job?.identityId;
}

/** Deletes a row with those that hang on it, or takes the identity out of one that is kept. */
async function endRow(ctx: MutationCtx, { jobId, table }: Step, row: Doc<TableNames>): Promise<void> {
  const { erasure } = PERSONAL_TABLES[table] as PersonalTable;
  if (erasure.act === "keep") return pseudonymise(ctx, { table, row, field: erasure.pseudonym ?? "" });
  for (const [child, { subject }] of Object.entries(PERSONAL_TABLES)) {
    if (subject.by !== "parent" || subject.through !== table) continue;
    const rows = rowsOf(ctx, child, (row as Record<string, unknown>)[subject.key] as string);
    for await (const { _id } of rows) await ctx.db.delete(child as "messages", _id);
  }
  await removeRow(ctx, { jobId, table, row });
}

async function pseudonymise(
  ctx: MutationCtx,
  { table, row, field }: { table: string; row: Doc<TableNames>; field: string },
): Promise<void> {
  const identityId = (row as unknown as Record<string, string>)[field] ?? "";
  const changed = { [field]: await pseudonymOf(identityId) };
  await ctx.db.patch(table as "subscriptions", row._id as Id<"subscriptions">, changed);
}

/** Notes how far a job has come and gives its next step; null where there is none or another chain has taken over. */
async function beat(ctx: MutationCtx, step: Step, isDone: boolean): Promise<Step | null> {
  const job = await ctx.db.get("erasureJobs", step.jobId);
  if (job?.chain !== step.chain || job.state !== "removing") return null;
  const count = (job.counts[step.table] ?? 0) + step.removed;
  const counts = count > 0 ? { ...job.counts, [step.table]: count } : job.counts;
  const tables = tablesInOrder();
  const table = isDone ? tables[tables.indexOf(step.table) + 1] : step.table;
  await ctx.db.patch("erasureJobs", job._id, { counts, beatAt: Date.now() });
  if (table) return { ...step, table, page: 1, removed: 0, cursor: isDone ? undefined : step.cursor };
  await beginDraining(ctx, job._id, step.chain);
  return null;
}

async function beginDraining(ctx: MutationCtx, jobId: Id<"erasureJobs">, chain: number): Promise<void> {
  await ctx.db.patch("erasureJobs", jobId, { state: "draining" });
  if (await hasOpenDeletes(ctx.db, jobId)) await drainSoon(ctx);
  await ctx.scheduler.runAfter(0, internal.erasure.ending.settle, { jobId, chain, looks: 0 });
}

/** The tables a cascade goes through: those with rows to delete or to change that are not found through other tables. */
function tablesInOrder(): string[] {
  return Object.entries(PERSONAL_TABLES).flatMap(([table, { subject, erasure }]) => {
    const changes = erasure.act === "delete" || erasure.pseudonym !== undefined;
    return changes && subject.by !== "parent" ? [table] : [];
  });
}

/** What finds a person's rows; undefined where they have none. */
function valueOf(subject: PersonalTable["subject"], person: Person): string | undefined {
  switch (subject.by) {
    case "owner":
      return person.ownerId;
    case "workspace":
      return person.workspaceId;
    case "identity":
      return person.identityId;
    case "parent":
      return undefined;
  }
}

/** The rows of a table by its subject. The registry's names are compared with the schema by a test, not by the types. */
function rowsOf(ctx: MutationCtx, table: string, value: string) {
  const { index, field } = (PERSONAL_TABLES[table] as PersonalTable).subject;
  return ctx.db
    .query(table as "messages")
    .withIndex(index as "by_time", (q) => q.eq(field as "workspaceId", value as Id<"workspaces">));
}
