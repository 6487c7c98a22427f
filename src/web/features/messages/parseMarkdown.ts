import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { mathFromMarkdown } from "mdast-util-math";
import { gfm } from "micromark-extension-gfm";
import { math } from "micromark-extension-math";

const extensions = {
  // One dollar is far more often money than mathematics; `mathInDollars` tells them apart.
  extensions: [gfm(), math({ singleDollarTextMath: false })],
  mdastExtensions: [gfmFromMarkdown(), mathFromMarkdown()],
};

/** Markdown as GitHub writes it, with mathematics between double dollars, as a syntax tree. */
export function parseMarkdown(source: string): ReturnType<typeof fromMarkdown> {
  return fromMarkdown(source, extensions);
}

/** Code, which stays as it is; then `\( … \)`, `\[ … \]` and `$ … $`. */
const codeOrMath =
  /(^ {0,3}(`{3,}|~{3,})[^]*?(?:^ {0,3}\2|$(?![^]))|`[^`\n]*`)|\\\((.+?)\\\)|\\\[([^]+?)\\\]|(?<![\\$\w])\$(?![\s$])([^$\n]*?[^\s$\\])\$(?![\d$])/gm;

/**
 * Writes the other ways in which models mark mathematics with double dollars. A single dollar opens a formula where no
 * space follows it, and closes one where none stands before it and no digit comes after: "$5 and $10" is money.
 */
export function mathInDollars(source: string): string {
  if (!/[\\$]/.test(source)) return source;
  return source.replace(codeOrMath, (whole, code, _fence, round, square, dollars) => {
    if (code !== undefined) return whole;
    if (square !== undefined) return `\n$$\n${square.trim()}\n$$\n`;
    return `$$${round ?? dollars}$$`;
  });
}
