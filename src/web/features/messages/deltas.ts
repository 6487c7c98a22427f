import { DELTAS_PER_PAGE } from "../../../shared/limits.ts";

/** How far a tab has followed a reply in progress. */
export interface Following {
  /** The page to subscribe to, counted from 0. Its arguments stay constant until it is full. */
  page: number;
  /** Text of all the pages before `page`. */
  settledText: string;
  /** Text of `page` so far. */
  pageText: string;
  /** Whether everything the server had when this tab began to follow has been read. */
  caughtUp: boolean;
}

export interface DeltasPage {
  deltas: readonly { seq: number; text: string }[];
  done: boolean;
}

export const notFollowing: Following = { page: 0, settledText: "", pageText: "", caughtUp: false };

/** The text read so far. */
export function followedText({ settledText, pageText }: Following): string {
  return settledText + pageText;
}

/**
 * Takes in what the server says of the current page. A full page is settled and the next one is followed, so that each
 * flush re-runs one small query per tab. A finished reply has no deltas any more; what was read of it stays.
 */
export function follow(following: Following, { deltas, done }: DeltasPage): Following {
  if (done && deltas.length === 0) return following.caughtUp ? following : { ...following, caughtUp: true };
  const pageText = deltas.map(({ text }) => text).join("");
  if (deltas.length < DELTAS_PER_PAGE) return { ...following, pageText, caughtUp: true };
  return { ...following, page: following.page + 1, settledText: following.settledText + pageText, pageText: "" };
}
