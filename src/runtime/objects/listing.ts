/** Pages of a listing: keys in the order of their UTF-8 bytes, with what shares a prefix up to a delimiter folded into one. */
import type { StoredObject } from "./catalogue.ts";

/** Where a listing goes on: at a key or behind it. */
export interface Position {
  from: string;
  inclusive: boolean;
}

export interface ListQuery {
  prefix: string;
  /** Null: nothing is folded. */
  delimiter: string | null;
  start: Position;
  most: number;
}

export interface ListPage {
  objects: StoredObject[];
  commonPrefixes: string[];
  /** Where the next page begins; null: this is the last one. */
  next: Position | null;
}

/** Reads objects in order of their keys: from a position, before `endKey` (null: to the end), so many at most. */
export type ReadObjects = (start: Position, endKey: string | null, most: number) => StoredObject[];

/** One page. A folded prefix costs one read, however many keys share it. */
export function listPage(readObjects: ReadObjects, { prefix, delimiter, start, most }: ListQuery): ListPage {
  const endKey = afterPrefix(prefix);
  const page: ListPage = { objects: [], commonPrefixes: [], next: null };
  let position: Position | null = later(start, { from: prefix, inclusive: true });
  while (position) {
    const room = most - page.objects.length - page.commonPrefixes.length;
    const found = readObjects(position, endKey, room + 1);
    const foldAt = delimiter === null ? -1 : found.findIndex(({ key }) => key.includes(delimiter, prefix.length));
    const plain = foldAt < 0 ? found : found.slice(0, foldAt);
    page.objects.push(...plain.slice(0, room));
    const isFull = plain.length > room || (foldAt >= 0 && plain.length === room);
    if (isFull) return { ...page, next: room > 0 ? { from: page.objects.at(-1)!.key, inclusive: false } : position };
    if (foldAt < 0) return page;
    const commonPrefix = foldedPrefix(found[foldAt]!.key, prefix, delimiter!);
    page.commonPrefixes.push(commonPrefix);
    const beyond = afterPrefix(commonPrefix);
    position = beyond === null ? null : { from: beyond, inclusive: true };
  }
  return page;
}

/** The first text that comes after every text beginning with `prefix`; null when there is none. */
export function afterPrefix(prefix: string): string | null {
  const points = [...prefix].map((char) => char.codePointAt(0)!);
  while (points.at(-1) === LAST_CODE_POINT) points.pop();
  const last = points.pop();
  if (last === undefined) return null;
  // Halves of surrogate pairs are not characters of their own.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}

const LAST_CODE_POINT = 0x10ffff;

function foldedPrefix(key: string, prefix: string, delimiter: string): string {
  return key.slice(0, key.indexOf(delimiter, prefix.length) + delimiter.length);
}

function later(a: Position, b: Position): Position {
  if (a.from === b.from) return a.inclusive ? b : a;
  return comesBefore(a.from, b.from) ? b : a;
}

/** SQLite's order of text: by UTF-8 bytes, not by UTF-16 units as in JavaScript. */
function comesBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}
