/** How patiently the identity provider is asked: it is asked again for as long as it takes, ever more slowly. */

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** Tries after which whoever runs the service must hear of it. */
export const LOUD_AFTER_TRIES = 10;

/** Silence after which a question counts as lost: longer than a pause and an action together. */
export const LOST_QUESTION_MS = 20 * 60_000;

/** The pause after so many tries that had no answer. Pure. */
export function pauseAfterMs(tries: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
}
