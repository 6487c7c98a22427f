/*
 * [Note: What a streamed reply costs]
 * Each flush is one mutation and, for each tab that follows, one run of `messages:deltas`, which reads up to sixteen
 * small rows again. So the pace below is the price of a reply. For 1,000 tokens in 200 chunks over 20 seconds and one
 * tab, in calls and kilobytes of database reads and writes:
 *
 *     send, claim, context, both actions      5 calls      8 KB
 *     append, one a flush                    20           16
 *     deltas, one a flush, page and end      23           69
 *     finish                                  1           21
 *     lists and account, once each change     5           12
 *
 * A further tab runs the queries once more: 28 calls, 81 KB. What keeps it there: appends touch no row that a list
 * reads, pieces and leases are small, and a page that is full stays as it is.
 */

/** Pauses between the first flushes: quick at the start, where a person waits for the first words. */
const FIRST_PAUSES_MS = [0, 100, 150, 250, 400, 600, 800, 1_000] as const;
/**
 * Longer pauses once a reply has gone on for a while, which keep a long reply to hundreds of pieces. None is longer than
 * lets a stop be noticed within two seconds, with the call that notices it.
 */
const LATER_PAUSES = [
  { afterMs: 60_000, pauseMs: 1_800 },
  { afterMs: 8_000, pauseMs: 1_500 },
] as const;
const STEADY_PAUSE_MS = 1_000;
/** Waiting text that is worth a flush before its time, and the pause that is kept even then. */
const LARGE_CHARACTERS = 2_048;
const SHORTEST_PAUSE_MS = 100;

/** How often a lease is looked at while there is nothing to flush, for the same reason. */
const CHECK_EVERY_MS = 1_800;
/** How often an action shows that it is alive. The watchdog waits for four of these. */
const BEAT_EVERY_MS = 15_000;
/** How long a model may be silent before its reply is ended. */
const SILENCE_MS = 45_000;

/** Where the relaying of a reply stands. All times in milliseconds of one clock. */
export interface Progress {
  startedAtMs: number;
  /** When the model last sent anything. */
  lastPartAtMs: number;
  lastFlushAtMs: number;
  /** When the lease was last looked at, by whatever call. */
  lastContactAtMs: number;
  lastBeatAtMs: number;
  flushes: number;
  waitingCharacters: number;
}

/** What to do next. `beat` says that the call should also note that the action is alive. */
export type Step =
  | { kind: "flush"; beat: boolean }
  | { kind: "check"; beat: boolean }
  | { kind: "giveUp" }
  | { kind: "wait"; ms: number };

/** Decides what the relay of a reply does at `nowMs`. Pure; asked again after each step and whenever text arrives. */
export function nextStep(progress: Progress, nowMs: number): Step {
  const beat = nowMs - progress.lastBeatAtMs >= BEAT_EVERY_MS;
  if (progress.waitingCharacters > 0) {
    const dueAtMs = progress.lastFlushAtMs + pauseMs(progress, nowMs);
    return nowMs >= dueAtMs ? { kind: "flush", beat } : { kind: "wait", ms: dueAtMs - nowMs };
  }
  const silentUntilMs = progress.lastPartAtMs + SILENCE_MS;
  if (nowMs >= silentUntilMs) return { kind: "giveUp" };
  const checkAtMs = progress.lastContactAtMs + CHECK_EVERY_MS;
  if (nowMs >= checkAtMs) return { kind: "check", beat };
  return { kind: "wait", ms: Math.min(checkAtMs, silentUntilMs) - nowMs };
}

function pauseMs({ flushes, waitingCharacters, startedAtMs }: Progress, nowMs: number): number {
  if (flushes === 0) return 0;
  const usual = FIRST_PAUSES_MS[flushes] ?? laterPauseMs(nowMs - startedAtMs);
  return waitingCharacters >= LARGE_CHARACTERS ? Math.min(usual, SHORTEST_PAUSE_MS) : usual;
}

function laterPauseMs(elapsedMs: number): number {
  return LATER_PAUSES.find(({ afterMs }) => elapsedMs >= afterMs)?.pauseMs ?? STEADY_PAUSE_MS;
}
