/*
 * [Note: Pages of a chat] A chat is read in pages that lie side by side. It opens at its newest message, or around one
 * that is named, and grows from there in both directions; each page goes on at the cursor where its neighbour ended. Only
 * neighbouring pages around what is read are live. One that was left behind is asked for again, between the cursors that
 * were noted, by whoever comes back to it: nothing is missing and nothing is shown twice, however far somebody reads.
 */

/** Which way a page is read: towards the first message, newest first, or towards the newest, oldest first. */
export type Side = "earlier" | "later";

export interface Page {
  /** The message that reading began at; null for the newest. */
  anchorId: string | null;
  side: Side;
  /** Where it begins; null at the place that reading began at. */
  cursor: string | null;
  /** Where it has to end, if that was found out before it was asked for. */
  endCursor: string | null;
}

/** What a page is known to hold once it has arrived. */
export interface Arrived {
  page: readonly unknown[];
  isDone: boolean;
  continueCursor: string;
}

type Lookup = (page: Page) => Arrived | undefined;

/** The pages that are known, newest first; those from `first` up to but not including `end` are live. */
export interface Pages {
  all: readonly Page[];
  first: number;
  end: number;
}

/** So many messages stay live around what is read: more than anybody scrolls through before others have arrived. */
export const LIVE_MESSAGES = 300;

/** The page of the newest messages. */
export const newestPage: Page = { anchorId: null, side: "earlier", cursor: null, endCursor: null };

/** The pages a chat opens with: its newest, or those on both sides of a message. */
export function openAt(anchorId: string | null): Pages {
  const earlier = { ...newestPage, anchorId };
  const all: Page[] = anchorId === null ? [newestPage] : [{ ...earlier, side: "later" }, earlier];
  return { all, first: 0, end: all.length };
}

/** The live pages, newest first. */
export function livePages({ all, first, end }: Pages): readonly Page[] {
  return all.slice(first, end);
}

/** Makes one more page live on that side: one that was left before, or the next. Gives the same where there is none. */
export function extend(pages: Pages, side: Side, arrived: Lookup): Pages {
  const { all, first, end } = pages;
  if (side === "earlier" && end < all.length) return { ...pages, end: end + 1 };
  if (side === "later" && first > 0) return { ...pages, first: first - 1 };
  const edge = all[side === "earlier" ? end - 1 : first] as Page;
  const { isDone = true, continueCursor = null } = arrived(edge) ?? {};
  // Nothing is later than the page of the newest messages, which is read the other way.
  if (isDone || edge.side !== side) return pages;
  const next: Page = { ...edge, cursor: continueCursor, endCursor: null };
  return { ...pages, all: side === "earlier" ? [...all, next] : [next, ...all], end: end + 1 };
}

/** Lets go of the pages that are furthest on that side, as far as enough messages stay. */
export function trim(pages: Pages, side: Side, arrived: Lookup): Pages {
  const live = livePages(pages);
  const rest = side === "later" ? live.slice(1) : live.slice(0, -1);
  const remaining = rest.reduce((count, page) => count + (arrived(page)?.page.length ?? 0), 0);
  return remaining < LIVE_MESSAGES ? pages : trim(withoutFurthest(pages, side, arrived), side, arrived);
}

function withoutFurthest({ all, first, end }: Pages, side: Side, arrived: Lookup): Pages {
  const index = side === "later" ? first : end - 1;
  const left = all[index] as Page;
  const endCursor = left.endCursor ?? arrived(left)?.continueCursor ?? null;
  // The newest page is followed all the time, and so goes on ending where it does.
  const noted = index === 0 && left.anchorId === null ? all : all.with(index, { ...left, endCursor });
  return side === "later" ? { all: noted, first: first + 1, end } : { all: noted, first, end: end - 1 };
}

interface Cut {
  splitCursor: string;
  continueCursor: string;
}

/** The two pages that hold what `page` does, in the order in which they are read. */
export function halvesOf(page: Page, { splitCursor, continueCursor }: Cut): [Page, Page] {
  return [
    { ...page, endCursor: splitCursor },
    { ...page, cursor: splitCursor, endCursor: continueCursor },
  ];
}

/** With a live page that has become too long for one query cut in two. */
export function cutInTwo(pages: Pages, page: Page, cut: Cut): Pages {
  const halves = halvesOf(page, cut);
  const all = pages.all.toSpliced(
    pages.all.indexOf(page),
    1,
    ...(page.side === "earlier" ? halves : halves.toReversed()),
  );
  return { ...pages, all, end: pages.end + 1 };
}
