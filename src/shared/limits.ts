/** Longest message a person can send, in characters (Unicode code points). */
export const MESSAGE_TEXT_CHARACTERS = 32_000;
/** Longest title of a chat, in characters. */
export const TITLE_CHARACTERS = 200;
/** Longest name of a person, in characters. */
export const NAME_CHARACTERS = 100;
/** Longest search, in characters. */
export const SEARCH_CHARACTERS = 200;
/** Longest request id. A UUID has 36 characters. */
export const REQUEST_ID_CHARACTERS = 128;
/** Rows in one page of `messages:deltas`. */
export const DELTAS_PER_PAGE = 16;
/** Most rows one page of a list may ask for: opening each costs about a millisecond, and a query has one second. */
export const PAGE_ROWS = 100;
/** Most bytes one page of a list reads, a quarter of what a query may: long replies make shorter pages. */
export const PAGE_BYTES = 4 * 1024 * 1024;
/** Most branches one chat may have. It bounds the walk from a branch to the trunk and the siblings at a fork. */
export const BRANCHES_PER_THREAD = 200;

/** Characters as people count them: code points, so that an emoji outside the basic plane is one. */
export function characterCount(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
