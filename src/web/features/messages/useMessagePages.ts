import { useQueries } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { ConvexError } from "convex/values";
import { useMemo, useState } from "react";
import { useLocation } from "react-router";
import { api } from "../../app/api.ts";
import { isRefusal } from "../../app/sentences.ts";
import {
  cutInTwo,
  extend,
  halvesOf,
  livePages,
  newestPage,
  openAt,
  type Page,
  type Pages,
  type Side,
  trim,
} from "./pages.ts";

/** What a chat opens with, however long it is, and how much is added where a person reads on. */
const firstPageSize = 30;
const pageSize = 60;

type Result = FunctionReturnType<typeof api.messages.list>;

interface Reading {
  threadId: string | null;
  /** How often reading began, at the newest message or elsewhere. */
  openings: number;
  pages: Pages;
  /** A page that has become too long, until both of its halves have arrived. */
  cut: { page: Page; splitCursor: string; continueCursor: string } | null;
}

/**
 * The messages of a chat around what is read, live: its newest, or those around the message that the address names. See
 * [Note: Pages of a chat]. Throws what the newest page is refused with.
 */
export function useMessagePages(threadId: string | null) {
  const namedId = useLocation().hash.slice(1) || null;
  const [reading, setReading] = useState<Reading>({ threadId, openings: 0, pages: openAt(namedId), cut: null });
  const { pages, cut, openings } = reading;
  const openAround = (messageId: string | null) =>
    setReading({ threadId, openings: openings + 1, pages: openAt(messageId), cut: null });
  const change = (changes: Partial<Reading>) => setReading((now) => (now === reading ? { ...now, ...changes } : now));
  if (reading.threadId !== threadId) openAround(namedId);

  const results = useQueries(useMemo(() => queriesOf(reading), [reading]));
  const arrived = (page: Page): Result | undefined => {
    const result = results[keyOf(page)];
    return result instanceof Error ? undefined : result;
  };
  const live = livePages(pages);
  const [newest, anchorId] = [newestOf(pages), live[0]?.anchorId ?? null];
  const refused = [newest, ...live].map((page) => results[keyOf(page)]).find((result) => result instanceof Error);
  if (refused && reading.threadId === threadId) {
    // What is named may be gone, and a deployment that changes how lists are read ends the cursors given before.
    const isPlaceGone = isInvalidCursor(refused) || (anchorId !== null && isRefusal(refused, "not_found"));
    if (!isPlaceGone) throw refused;
    openAround(null);
  }

  const long = cut ? undefined : live.find((page) => isTooLong(arrived(page)));
  const { splitCursor, continueCursor = "" } = (long && arrived(long)) ?? {};
  if (long && splitCursor) change({ cut: { page: long, splitCursor, continueCursor } });
  if (cut && halvesOf(cut.page, cut).every(arrived)) change({ pages: cutInTwo(pages, cut.page, cut), cut: null });

  const settled = live.every(arrived);
  const opened = settled || live.some(({ cursor }) => cursor !== null);
  const messages = opened ? live.toReversed().flatMap((page) => oldestFirst(page, arrived(page))) : [];
  const extended = (side: Side) => {
    const wider = settled ? extend(pages, side, arrived) : pages;
    return wider === pages ? undefined : () => change({ pages: wider });
  };
  return {
    /** Those of the live pages, oldest first. */
    messages,
    /** The newest messages of the chat, wherever is read. */
    newest: arrived(newest)?.page ?? [],
    openings,
    anchorId,
    loading: threadId !== null && !opened,
    loadingMore: opened && !settled,
    loadEarlier: extended("earlier"),
    loadLater: extended("later"),
    /** Nothing is later than `messages`. */
    atNewest: pages.first === 0 && (anchorId === null || arrived(pages.all[0] as Page)?.isDone === true),
    /** Lets go of what is far away on that side. */
    trim: (side: Side) => {
      const narrower = settled ? trim(pages, side, arrived) : pages;
      if (narrower !== pages) change({ pages: narrower, cut: null });
    },
    /** Begins to read elsewhere: around a message, or at the newest. */
    openAround,
  };
}

function queriesOf({ threadId, pages, cut }: Reading) {
  if (threadId === null) return {};
  const wanted = [newestOf(pages), ...livePages(pages), ...(cut ? halvesOf(cut.page, cut) : [])];
  return Object.fromEntries(
    wanted.map((page) => [keyOf(page), { query: api.messages.list, args: argsOf(threadId, page) }]),
  );
}

function argsOf(threadId: string, { anchorId, side, cursor, endCursor }: Page) {
  const numItems = cursor === null ? firstPageSize : pageSize;
  return {
    threadId,
    ...(anchorId === null ? {} : { beside: { messageId: anchorId, side } }),
    paginationOpts: { numItems, cursor, ...(endCursor === null ? {} : { endCursor }) },
  };
}

/** What a page is asked for by, so that it is one query wherever it stands. */
function keyOf({ anchorId, side, cursor, endCursor }: Page): string {
  return JSON.stringify([anchorId, side, cursor, endCursor]);
}

/** The page that new messages come to. It is live wherever is read, since it tells whether a reply is being written. */
function newestOf({ all }: Pages): Page {
  const [first = newestPage] = all;
  return first.anchorId === null ? first : newestPage;
}

function oldestFirst({ side }: Page, result: Result | undefined): Result["page"] {
  if (!result) return [];
  return side === "earlier" ? result.page.toReversed() : result.page;
}

function isTooLong(result: Result | undefined): boolean {
  return !!result?.splitCursor && (!!result.pageStatus || result.page.length > 2 * pageSize);
}

function isInvalidCursor(error: Error): boolean {
  const system = error instanceof ConvexError ? (error.data as { paginationError?: string } | null) : null;
  return system?.paginationError === "InvalidCursor" || error.message.includes("InvalidCursor");
}
