/** Characters shown around a match. */
const SNIPPET_CHARACTERS = 120;

/** A search as it is compared: case, width and composition of characters make no difference. */
export function foldText(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/**
 * A piece of `text` around the first place that matches the folded `needle`, or null where none does. Line breaks and
 * runs of spaces become one space.
 */
export function snippetAround(text: string, needle: string): string | null {
  const line = text.replace(/\s+/gu, " ").trim();
  const at = foldText(line).indexOf(needle);
  if (at < 0) return null;
  // Folding can change lengths, so the place is a good guess in the original text and exact in nearly all scripts.
  const room = Math.max(0, SNIPPET_CHARACTERS - needle.length);
  const start = Math.max(0, Math.min(at - Math.floor(room / 2), line.length - SNIPPET_CHARACTERS));
  const piece = line
    .slice(start, start + SNIPPET_CHARACTERS)
    .toWellFormed()
    .replaceAll("\u{fffd}", "");
  return `${start > 0 ? "…" : ""}${piece}${start + SNIPPET_CHARACTERS < line.length ? "…" : ""}`;
}
