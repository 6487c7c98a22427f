/**
 * [Note: Smoothing] Text arrives in flushes, up to a second apart, and is shown at an even pace between them. Each
 * flush sets the pace so that what has arrived is shown by the time the next flush is due. The first words are shown
 * in the very frame they arrive, and nothing is ever held back for longer than `longestGapMs`.
 */
export interface Reveal {
  /** How much is shown, in UTF-16 units; a fraction carries the pace over to the next frame. */
  shownLength: number;
  /** Units per millisecond until the next arrival. */
  pace: number;
  /** When the last text arrived, or null before the first. */
  arrivedAtMs: number | null;
}

/** Flushes come at most this far apart while a model writes steadily, and no text waits longer than this. */
const longestGapMs = 1_000;
const shortestGapMs = 60;
/** Flushes grow further apart at the start of a reply, so the next gap is expected to be longer than the last. */
const gapGrowth = 1.2;
/** The end of a reply is shown in this time. */
const lastGapMs = 240;
/** A word longer than this is shown in parts. */
const longestWord = 24;

/** Nothing shown yet. */
export const hidden: Reveal = { shownLength: 0, pace: 0, arrivedAtMs: null };

/** Shows all of a text at once: on arrival of its first words, and for people who prefer less motion. */
export function revealAll(length: number, nowMs: number): Reveal {
  return { shownLength: length, pace: 0, arrivedAtMs: nowMs };
}

/** More text has arrived, `length` units in all. `last` says that no more will. */
export function textArrived(
  reveal: Reveal,
  { length, nowMs, last }: { length: number; nowMs: number; last: boolean },
): Reveal {
  if (reveal.arrivedAtMs === null || reveal.shownLength === 0) return revealAll(length, nowMs);
  const backlog = Math.max(0, length - reveal.shownLength);
  const gapMs = last ? lastGapMs : expectedGapMs(nowMs - reveal.arrivedAtMs);
  return { shownLength: Math.min(reveal.shownLength, length), pace: backlog / gapMs, arrivedAtMs: nowMs };
}

/** Time has passed: shows what is due, never past the end of the text. */
export function timePassed(reveal: Reveal, { length, elapsedMs }: { length: number; elapsedMs: number }): Reveal {
  return { ...reveal, shownLength: Math.min(length, reveal.shownLength + reveal.pace * elapsedMs) };
}

/** The part of a text that is shown: whole words where possible, and never half of a surrogate pair. */
export function shownPart(text: string, shownLength: number): string {
  const end = Math.floor(shownLength);
  if (end >= text.length) return text;
  const wordStart = Math.max(text.lastIndexOf(" ", end), text.lastIndexOf("\n", end)) + 1;
  if (end - wordStart < longestWord) return text.slice(0, wordStart);
  return text.slice(0, isLowSurrogate(text, end) ? end - 1 : end);
}

function expectedGapMs(sinceLastMs: number): number {
  return Math.min(longestGapMs, Math.max(shortestGapMs, sinceLastMs * gapGrowth));
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
