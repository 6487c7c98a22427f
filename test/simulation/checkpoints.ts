/*
 * What must hold at any time, and not only at the end: looked at now and then while a run goes on.
 */
import { CLOSURE_GRACE_MS } from "../../src/policy/periods.ts";
import { unnamedObjects } from "./oracles.ts";
import { type Chat, endsAtMs, type Person } from "./people.ts";
import { asText, type Row, readTables, type TableName } from "./remains.ts";
import { CANARY, type World } from "./world.ts";

const LOOKED_AT: TableName[] = [
  "objects",
  "uploads",
  "exportPieces",
  "objectDeletes",
  "threads",
  "threadKeys",
  "messages",
  "media",
  "userKeys",
  "users",
  "legalHolds",
];

type Tables = Record<string, Row[]>;

/** Notes what is wrong now. */
export async function check(world: World, people: readonly Person[]): Promise<void> {
  const tables = await readTables(world, LOOKED_AT);
  const lost = people.flatMap((person) =>
    [goneTooEarly, notRestricted, lostTooEarly].flatMap((judge) => judge(person, tables)),
  );
  const bytes = [...unnamedObjects(tables, world.objects), ...objectsLost(tables, world.objects)];
  world.wrong.push(...inClear(tables), ...bytes, ...lost, ...heldIsThere(world, tables));
}

/** I1: nothing that people wrote is in clear, even for a while. */
function inClear(tables: Tables): string[] {
  const places = Object.entries(tables).filter(([, rows]) => rows.some((row) => asText(row).includes(CANARY)));
  return places.map(([table]) => `I1 A text is in clear in the table ${table}`);
}

/** I8: what a row names is in the bucket, since the row is written after it and goes before it. */
function objectsLost({ objects = [], exportPieces = [] }: Tables, { contents }: World["objects"]): string[] {
  const lost = [...objects, ...exportPieces].filter(({ key }) => !contents.has(String(key)));
  return lost.length > 0 ? [`I8 ${lost.length} rows name objects that are gone`] : [];
}

/** I9: an account is there until its person wants it to go, or until its time of grace is over, by the true time. */
function goneTooEarly(person: Person, { users = [], userKeys = [] }: Tables): string[] {
  const { userId, askedToBeErased, closedAtMs, world } = person;
  const endsAtMs = closedAtMs === null ? Infinity : closedAtMs + CLOSURE_GRACE_MS;
  if (userId === null || askedToBeErased || endsAtMs <= world.timeline.nowMs) return [];
  const isThere = users.some(({ _id }) => _id === userId) && userKeys.some(({ ownerId }) => ownerId === userId);
  return isThere ? [] : [`I9 ${person.name}'s account went before its time`];
}

/** An account is restricted as long as its person wants it to be, though it was closed meanwhile. */
function notRestricted({ name, userId, restrictedSinceMs, closedAtMs }: Person, { users = [] }: Tables): string[] {
  if (restrictedSinceMs === null || closedAtMs !== null) return [];
  const isLive = users.some(({ _id, state }) => _id === userId && state === "live");
  return isLive ? [`${name}'s account is not restricted any more`] : [];
}

/** I9: a chat ends when its period does, by the true time, or when its owner wants it to, and not before. */
function lostTooEarly(person: Person, { threads = [], threadKeys = [] }: Tables): string[] {
  if (person.askedToBeErased || person.closedAtMs !== null) return [];
  const there = new Set(threads.map(({ _id }) => _id));
  const opened = new Set(threadKeys.map(({ threadId }) => threadId));
  return person.chats
    .filter((chat) => isToBeThere(person, chat) && !(there.has(chat.id) && opened.has(chat.id)))
    .map(() => `I9 A chat of ${person.name}'s went before its time`);
}

/** Whether a chat must be there: its time has not come, or had not when its owner's data came to be only stored. */
export function isToBeThere({ world, restrictedSinceMs }: Person, chat: Chat): boolean {
  const byMs = restrictedSinceMs ?? world.timeline.nowMs;
  return !chat.isRemoved && endsAtMs(chat) > byMs;
}

/** I9: as long as a hold stands, what was there when it was placed is there. */
function heldIsThere({ held }: World, tables: Tables): string[] {
  return (tables.legalHolds ?? []).flatMap(({ _id }) =>
    (held.get(_id) ?? [])
      .filter(([table, id]) => !tables[table]?.some((row) => row._id === id))
      .map(([table]) => `I9 A row of ${table} is gone that the law wants kept`),
  );
}

/** The rows that a hold on an account or on one of its chats keeps: whatever can be opened, with what opens it. */
export async function readHeld(world: World, ownerId: string, threadId?: string): Promise<[string, string][]> {
  const tables = await readTables(world, LOOKED_AT);
  const opened = new Set((tables.threadKeys ?? []).map((key) => key.threadId));
  const isHeld = (row: Row) =>
    row.ownerId === ownerId && opened.has(row._id) && [undefined, row._id].includes(threadId);
  const chats = new Set((tables.threads ?? []).filter(isHeld).map(({ _id }) => _id));
  const keys = (tables.userKeys ?? []).filter((key) => key.ownerId === ownerId);
  if (keys.length === 0) return [];
  const inChats = (["threadKeys", "messages", "media"] as const).flatMap((table) =>
    (tables[table] ?? []).flatMap((row): [string, string][] =>
      chats.has(row.threadId as string) ? [[table, row._id]] : [],
    ),
  );
  return [
    ...named(
      "userKeys",
      keys.map(({ _id }) => _id),
    ),
    ...named("threads", [...chats]),
    ...inChats,
  ];
}

function named(table: string, ids: string[]): [string, string][] {
  return ids.map((id) => [table, id]);
}
