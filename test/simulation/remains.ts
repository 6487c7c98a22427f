import schema from "../../convex/schema.ts";
import type { Chat, Person } from "./people.ts";
import type { Told } from "./post.ts";
import type { World } from "./world.ts";

export type Row = Record<string, unknown> & { _id: string };

/** Somebody at the end of a run. */
export interface PersonLeft {
  name: string;
  identityId: string;
  /** Ids that name them, as far as they ever had any. */
  ids: string[];
  isAtProvider: boolean;
  /** Since when they have had an account, as they know. */
  signedInAtMs: number;
  isErased: boolean;
  /** Whether they are long past the time in which a closed account can be reopened. */
  isPastGrace: boolean;
  /** Whether they ever asked to be erased, or were long enough gone. */
  mayBeGone: boolean;
  chats: ChatLeft[];
}

/** A chat at the end, beside what its owner is shown of it: null where they are shown nothing. */
export interface ChatLeft extends Pick<Chat, "id" | "texts" | "isPlain"> {
  /** Whether it must be there, be there without being shown, not be there, or ends about now. */
  should: "be" | "be kept" | "be gone" | "be either";
  shown: string[] | null;
}

/** All that is left when everything has come to rest. */
export interface Remains {
  tables: Record<string, Row[]>;
  /** Rows of components that name people. */
  components: Row[];
  scheduled: Row[];
  objects: Map<string, Uint8Array>;
  openUploads: number;
  /** Films that their provider still has and that were asked for. */
  films: number;
  said: string[];
  people: PersonLeft[];
  /** What there was of somebody who did nothing, before all began and now: rows and objects, as text. */
  bystander: { before: string[]; after: string[] };
  largestTransaction: { name: string; share: number };
  reusedNonces: number;
  /** What the identity provider told and was taken in. */
  told: Told[];
  /** The master key that is in use. */
  activeKid: string;
}

export type TableName = keyof typeof schema.tables;

const SCHEDULED_PER_PAGE = 10_000;

const ALL_TABLES = Object.keys(schema.tables) as TableName[];

/** All rows of the database, or those of some tables, by table. */
export function readTables({ backend }: World, names = ALL_TABLES): Promise<Record<string, Row[]>> {
  return backend.run(async (ctx) => {
    const rows = await Promise.all(names.map((name) => ctx.db.query(name).collect()));
    return Object.fromEntries(names.map((name, index) => [name, rows[index] as Row[]]));
  });
}

/** The functions that were ever scheduled. In months without crons they may be more than one transaction reads. */
export async function readScheduled({ backend }: World): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const after = (rows.at(-1)?._creationTime as number | undefined) ?? 0;
    const page = await backend.run((ctx) =>
      ctx.db.system
        .query("_scheduled_functions")
        .withIndex("by_creation_time", (q) => q.gt("_creationTime", after))
        .take(SCHEDULED_PER_PAGE),
    );
    rows.push(...(page as unknown as Row[]));
    if (page.length < SCHEDULED_PER_PAGE) return rows;
  }
}

/** A row as text in which plaintext would show. */
export function asText(row: unknown): string {
  return JSON.stringify(row, (_name, value) =>
    value instanceof ArrayBuffer ? Buffer.from(value).toString("latin1") : value,
  );
}

/** Tables whose rows change or end without their person's doing: by age, and when master keys are rotated. */
const PASSING_TABLES = new Set(["webhookInbox", "mediaSessions", "userKeys"]);

/** The rows and objects of somebody, as text. */
export function ownedBy(
  { userId, identityId }: Pick<Person, "userId" | "identityId">,
  tables: Record<string, Row[]>,
  objects: World["objects"],
): string[] {
  const owner = tables.users?.find(({ _id }) => _id === userId);
  const ids = [userId, identityId, owner?.workspaceId].map((id) => JSON.stringify(id));
  const rows = Object.entries(tables).flatMap(([table, all]) =>
    PASSING_TABLES.has(table)
      ? []
      : all.map((row) => `${table} ${asText(row)}`).filter((text) => ids.some((id) => text.includes(id))),
  );
  const keys = [...(tables.objects ?? [])].filter(({ ownerId }) => ownerId === userId).map(({ key }) => key as string);
  return [
    ...rows,
    ...keys.map((key) => `${key} ${Buffer.from(objects.contents.get(key) ?? []).toString("base64")}`),
  ].sort();
}
