/** A piece of a text, from the character `at` on. */
export interface Part {
  part: string;
  at: number;
  /** It is what was searched for. */
  marked: boolean;
}

/** Cuts a text where `query` is in it, whatever the case. Pure. */
export function markedParts(text: string, query: string): Part[] {
  const needle = query.trim().replace(/\s+/gu, " ");
  if (needle === "") return [{ part: text, at: 0, marked: false }];
  const found = new RegExp(needle.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "giu");
  const parts: Part[] = [];
  let at = 0;
  for (const { index, 0: match } of text.matchAll(found)) {
    if (index > at) parts.push({ part: text.slice(at, index), at, marked: false });
    parts.push({ part: match, at: index, marked: true });
    at = index + match.length;
  }
  if (at < text.length) parts.push({ part: text.slice(at), at, marked: false });
  return parts;
}

/** A piece of Markdown as it reads: without the signs that only say how it looks. Pure. */
export function withoutSigns(markdown: string): string {
  return markdown.replace(/\*\*|__|~~|`+|(?<=^|\s)#{1,6}\s/g, "");
}
