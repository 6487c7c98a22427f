import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cutInTwo,
  extend,
  LIVE_MESSAGES,
  livePages,
  openAt,
  type Page,
  type Pages,
  trim,
} from "../../src/web/features/messages/pages.ts";

const PAGE_SIZE = 40;

/** A chat whose messages are numbers, oldest first, as the server reads it: a cursor is the number that comes next. */
function chatOf(count: number) {
  const read = ({ anchorId, side, cursor, endCursor }: Page) => {
    const step = side === "earlier" ? -1 : 1;
    const anchor = anchorId === null ? count - 1 : Number(anchorId);
    const start = cursor === null ? (side === "earlier" ? anchor : anchor + 1) : Number(cursor);
    const end = endCursor === null ? start + step * PAGE_SIZE : Number(endCursor);
    const page: number[] = [];
    for (let at = start; at !== end && at >= 0 && at < count; at += step) page.push(at);
    const next = start + step * page.length;
    return { page, isDone: next < 0 || next >= count, continueCursor: `${next}` };
  };
  const shown = (pages: Pages) =>
    livePages(pages)
      .toReversed()
      .flatMap((page) => (page.side === "earlier" ? read(page).page.toReversed() : read(page).page));
  return { read, shown };
}

const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

describe("the pages of a chat", () => {
  test("open at the newest message, or around one that is named", () => {
    const { shown } = chatOf(1_000);
    expect(shown(openAt(null))).toEqual(from(960, 40));
    expect(shown(openAt("500"))).toEqual(from(461, 80));
  });

  test("lead to both ends of the chat, one page after the other, and no further", () => {
    const { read, shown } = chatOf(300);
    for (const side of ["earlier", "later"] as const) {
      let pages = openAt("150");
      for (let wider = extend(pages, side, read); wider !== pages; wider = extend(pages, side, read)) pages = wider;
      expect(side === "earlier" ? shown(pages)[0] : shown(pages).at(-1)).toBe(side === "earlier" ? 0 : 299);
    }
    expect(extend(openAt(null), "later", read)).toEqual(openAt(null));
  });

  test("show neighbouring messages, each once, wherever somebody reads, and few more than are near", () => {
    const steps = fc.array(fc.constantFrom("earlier", "later"), { maxLength: 60 });
    const anchors = fc.option(fc.integer({ min: 0, max: 1_999 }).map(String), { nil: null });
    const { read, shown } = chatOf(2_000);
    fc.assert(
      fc.property(anchors, steps, (anchorId, sides) => {
        let pages = openAt(anchorId);
        for (const side of sides) {
          pages = extend(pages, side, read);
          pages = trim(pages, side === "earlier" ? "later" : "earlier", read);
          const messages = shown(pages);
          expect(messages).toEqual(from(messages[0] as number, messages.length));
          expect(messages.length).toBeLessThan(LIVE_MESSAGES + 2 * PAGE_SIZE);
        }
      }),
    );
  });

  test("keep the newest page's query as it is while it is out of reach, since it is followed none the less", () => {
    const { read } = chatOf(2_000);
    let pages = openAt(null);
    for (let page = 0; page < 20; page++) pages = trim(extend(pages, "earlier", read), "later", read);
    expect(pages.first).toBeGreaterThan(0);
    expect(pages.all[0]).toEqual(openAt(null).all[0]);
  });

  test("are cut in two without losing or repeating a message, in either direction", () => {
    const { read, shown } = chatOf(1_000);
    const opened = openAt("500");
    for (const page of opened.all) {
      const { continueCursor, page: messages } = read(page);
      const cut = cutInTwo(opened, page, { splitCursor: `${messages[10]}`, continueCursor });
      expect(livePages(cut)).toHaveLength(3);
      expect(shown(cut)).toEqual(shown(opened));
    }
  });
});
