import { type Infer, v } from "convex/values";
import { DATA_CLASSES, type DataClass, LEGAL_BASES } from "../../src/policy/dataClasses.ts";
import { PERSONAL_TABLES, type PersonalTable } from "../../src/policy/registry.ts";
import { CONSENTS, type ConsentPurpose, OBJECTIONS, type ObjectionPurpose } from "../../src/policy/rights.ts";
import { periodInWords } from "../../src/policy/words.ts";
import { internal } from "../_generated/api.js";
import { type ActionCtx, internalQuery } from "../_generated/server.js";
import { vAccountState, vSettings } from "../account/schema.ts";
import { viewerInternalQuery } from "../lib/functions.ts";
import { findObjection, newestConsent } from "./choices.ts";
import { vConsentPurpose, vObjectionPurpose } from "./schema.ts";

/*
 * [Note: Overview]
 * What is held about a person is told from the registry and the data classes by which it is also erased, so nothing is
 * kept that the overview leaves out. It says how many rows there are of each kind, and shows what is small; what is large
 * is in the app and in the export, which has all of it.
 */

/** Rows of one look, and the bytes it may read for them: a quarter of Convex's limits. */
const ROWS_PER_PAGE = 2_000;
const BYTES_PER_PAGE = 4 * 1024 * 1024;
/** Looks at one table: of more rows than that, the overview says "at least". */
const PAGES_PER_TABLE = 5;

const vPerson = v.object({
  /** The id by which the sign-in provider knows the person. */
  identityId: v.string(),
  name: v.string(),
  state: vAccountState,
  settings: vSettings,
  since: v.number(),
});

const vConsent = v.object({
  purpose: vConsentPurpose,
  text: v.string(),
  textVersion: v.number(),
  /** Whether consent to this text holds. */
  given: v.boolean(),
  /** When it was last given or withdrawn; null where it never was. */
  changedAt: v.union(v.number(), v.null()),
});

const vObjection = v.object({
  purpose: vObjectionPurpose,
  text: v.string(),
  /** Since when the person objects; null where they do not. */
  since: v.union(v.number(), v.null()),
});

const vCategory = v.object({
  /** Names the data class in `src/policy/dataClasses.ts`. */
  id: v.string(),
  label: v.string(),
  description: v.string(),
  /** Why it may be kept, by the General Data Protection Regulation, and what for where that does not follow. */
  basis: v.string(),
  purpose: v.union(v.string(), v.null()),
  /** The category of California's Consumer Privacy Act. */
  california: v.string(),
  periods: v.array(v.object({ what: v.string(), period: v.string(), from: v.string(), end: v.string() })),
  /** Rows of the caller, by table. */
  tables: v.array(v.object({ table: v.string(), rows: v.number(), isAtLeast: v.boolean(), isExported: v.boolean() })),
});

export const vOverview = v.object({
  person: vPerson,
  categories: v.array(vCategory),
  /** The same as California asks for it: what was collected, by its categories. Nothing is sold or shared. */
  california: v.array(v.object({ category: v.string(), holds: v.array(v.string()), isCollected: v.boolean() })),
  consents: v.array(vConsent),
  objections: v.array(vObjection),
});

/** What finds the caller's rows, with what is small enough to be shown as it is. */
export const own = viewerInternalQuery({
  args: {},
  returns: v.object({
    finds: v.object({ owner: v.string(), workspace: v.string(), identity: v.string() }),
    person: vPerson,
    consents: v.array(vConsent),
    objections: v.array(vObjection),
  }),
  handler: async (ctx) => {
    const { user, userId, workspaceId } = ctx.viewer;
    const { identityId, name, state, settings, _creationTime: since } = user;
    const consents = (Object.keys(CONSENTS) as ConsentPurpose[]).map(async (purpose) => {
      const { text, version } = CONSENTS[purpose];
      const last = await newestConsent(ctx.db, userId, purpose);
      const given = last !== null && last.given && last.textVersion === version;
      return { purpose, text, textVersion: version, given, changedAt: last?.at ?? null };
    });
    const objections = (Object.keys(OBJECTIONS) as ObjectionPurpose[]).map(async (purpose) => {
      const objection = await findObjection(ctx.db, userId, purpose);
      return { purpose, text: OBJECTIONS[purpose].text, since: objection?.at ?? null };
    });
    return {
      finds: { owner: userId, workspace: workspaceId, identity: identityId },
      person: { identityId, name, state, settings, since },
      consents: await Promise.all(consents),
      objections: await Promise.all(objections),
    };
  },
});

/** Counts a page of the rows of a table that its subject finds. */
export const countPage = internalQuery({
  args: { table: v.string(), value: v.string(), cursor: v.union(v.string(), v.null()) },
  returns: v.object({ rows: v.number(), next: v.union(v.string(), v.null()) }),
  handler: async (ctx, { table, value, cursor }) => {
    const { index, field } = (PERSONAL_TABLES[table] as PersonalTable).subject;
    // The registry's names are compared with the schema by a test, not by the types.
    const { page, isDone, continueCursor } = await ctx.db
      .query(table as "consents")
      .withIndex(index as "by_owner", (q) => q.eq(field as "ownerId", value as never))
      .paginate({ numItems: ROWS_PER_PAGE, cursor, maximumBytesRead: BYTES_PER_PAGE });
    return { rows: page.length, next: isDone ? null : continueCursor };
  },
});

/** All that is held about the caller, by category. */
export async function loadOverview(ctx: ActionCtx): Promise<Infer<typeof vOverview>> {
  const { finds, ...shown } = await ctx.runQuery(internal.privacy.holdings.own, {});
  const counted = await Promise.all(
    Object.entries(PERSONAL_TABLES).flatMap(([table, { subject, holds, exported: isExported }]) => {
      if (subject.by === "parent") return [];
      const value = finds[subject.by];
      return [countRows(ctx, table, value).then((count) => ({ holds, table, isExported, ...count }))];
    }),
  );
  const categories = Object.entries(DATA_CLASSES as Record<string, DataClass>).map(([id, dataClass]) => ({
    id,
    ...describe(dataClass),
    tables: counted.flatMap(({ holds, ...table }) => (holds === id ? [table] : [])),
  }));
  return { ...shown, categories, california: byCaliforniaCategory(categories) };
}

async function countRows(ctx: ActionCtx, table: string, value: string): Promise<{ rows: number; isAtLeast: boolean }> {
  let rows = 0;
  let cursor: string | null = null;
  for (let pages = 0; pages < PAGES_PER_TABLE; pages++) {
    const counted: { rows: number; next: string | null } = await ctx.runQuery(internal.privacy.holdings.countPage, {
      table,
      value,
      cursor,
    });
    rows += counted.rows;
    cursor = counted.next;
    if (cursor === null) return { rows, isAtLeast: false };
  }
  return { rows, isAtLeast: true };
}

function describe({ label, description, basis, purpose, california, rules }: DataClass) {
  const periods = rules.map(({ what, period, from, atEnd: end }) => ({
    what,
    period: periodInWords(period),
    from,
    end,
  }));
  return { label, description, basis: LEGAL_BASES[basis], purpose: purpose ?? null, california, periods };
}

function byCaliforniaCategory(categories: Infer<typeof vCategory>[]): Infer<typeof vOverview>["california"] {
  const names = [...new Set(categories.map(({ california }) => california))];
  return names.map((category) => {
    const within = categories.filter(({ california }) => california === category);
    const isCollected = within.some(({ tables }) => tables.some(({ rows }) => rows > 0));
    return { category, holds: within.map(({ label }) => label), isCollected };
  });
}
