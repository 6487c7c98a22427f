import { EXEMPT_TABLES, PERSONAL_TABLES } from "../../src/policy/registry.ts";
import type { Doc, TableNames } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import schema from "../schema.ts";

/** The fields by which rows name a person. */
const NAMING_FIELDS = ["ownerId", "userId", "workspaceId", "identityId"] as const;

type NamingField = (typeof NAMING_FIELDS)[number];

/**
 * The tables in which rows of a person are left. It asks the schema where rows could be, by every index that begins with
 * a field naming a person, and not the registry by which they were deleted: a table that the registry forgot is found.
 */
export async function leftovers(db: QueryCtx["db"], job: Doc<"erasureJobs">): Promise<string[]> {
  const values: Record<NamingField, string | undefined> = {
    ownerId: job.ownerId,
    userId: job.ownerId,
    workspaceId: job.workspaceId,
    identityId: job.identityId,
  };
  const found = new Set<string>();
  for (const { table, index, field } of namingIndexes()) {
    const value = values[field];
    if (value !== undefined && (await hasRow(db, { table, index, field }, value))) found.add(table);
  }
  if (job.ownerId && (await db.get("users", job.ownerId))) found.add("users");
  return [...found];
}

interface NamingIndex {
  table: string;
  index: string;
  field: NamingField;
}

function namingIndexes(): NamingIndex[] {
  return Object.entries(schema.tables).flatMap(([table, definition]) => {
    if (table in EXEMPT_TABLES || isKeptAsItIs(table)) return [];
    return definition[" indexes"]().flatMap(({ indexDescriptor: index, fields: [first] }) => {
      const field = NAMING_FIELDS.find((name) => name === first);
      return field ? [{ table, index, field }] : [];
    });
  });
}

/** Whether a table's rows stay as they are when their person goes. */
function isKeptAsItIs(table: string): boolean {
  const erasure = PERSONAL_TABLES[table]?.erasure;
  return erasure?.act === "keep" && erasure.pseudonym === undefined;
}

async function hasRow(db: QueryCtx["db"], { table, index, field }: NamingIndex, value: string): Promise<boolean> {
  const row = await db
    .query(table as TableNames & "subscriptions")
    .withIndex(index as "by_identity", (q) => q.eq(field as "identityId", value))
    .first();
  return row !== null;
}
