import { parseMarkdown } from "./parseMarkdown.ts";

/*
 * [Note: Blocks] A reply grows at its end, and all of its Markdown but the end stays what it is. So a text is cut into
 * blocks, each is rendered once, and what arrives costs the rendering of the last block alone, however long the reply.
 */
export interface Blocks {
  /** Blocks that nothing further can change, in order. */
  settled: readonly string[];
  /** All of their text. */
  settledText: string;
  /** What may still change. */
  last: string;
}

export const noBlocks: Blocks = { settled: [], settledText: "", last: "" };

/**
 * Its first characters may yet make a block part of the one before: "2" may come to be "2. and". Past this many they
 * cannot.
 */
const decidedCharacters = 16;

/** Footnotes and link targets, which a text defines in one block and uses in another. */
const definition = /^ {0,3}\[[^\]\n]+\]:/m;

/** The blocks of `text`, which usually is the text of `earlier` with more at its end. */
export function growBlocks(earlier: Blocks, text: string): Blocks {
  if (definition.test(text)) return { ...noBlocks, last: text };
  const known = text.startsWith(earlier.settledText) ? earlier : noBlocks;
  const tail = text.slice(known.settledText.length);
  const cuts = settledCuts(tail);
  const end = cuts.at(-1);
  if (end === undefined) return { ...known, last: tail };
  const more = cuts.map((cut, index) => tail.slice(cuts[index - 1] ?? 0, cut));
  return {
    settled: [...known.settled, ...more],
    settledText: known.settledText + tail.slice(0, end),
    last: tail.slice(end),
  };
}

/** Where blocks of `tail` end that are settled: a blank line parts them from a next one that is decided. */
function settledCuts(tail: string): number[] {
  const starts = parseMarkdown(tail).children.map(({ position }) => position?.start.offset ?? 0);
  return starts.filter(
    (start) => start > 0 && tail.length - start >= decidedCharacters && /\n[ \t]*\n[ \t]*$/.test(tail.slice(0, start)),
  );
}
