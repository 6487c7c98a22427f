/*
 * How long each kind of data is kept. Functions compute with these figures and the privacy page is rendered from them,
 * so that what is said and what is done are the same number.
 */

const MINUTE_MS = 60 * 1000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A month as the law's deadlines are kept here: never shorter than one of the calendar. */
const MONTH_MS = 31 * DAY_MS;

/**
 * How far two clocks may be apart, each up to five minutes wrong: the one that stamped a row and the one that finds it past
 * its period. Sweeps wait that much longer before they delete, since nobody can take that back; what is hidden, and what
 * people are told, goes by the period itself.
 */
export const CLOCK_ERROR_MS = 10 * MINUTE_MS;

/** How long a chat is kept after its last message or its unpinning, whichever is later, unless it is pinned. */
export const UNPINNED_THREAD_MS = 60 * DAY_MS;

/** How long a temporary chat is kept at most, from its beginning. The page deletes it as soon as it is left. */
export const TEMPORARY_THREAD_MS = DAY_MS;

/** How long a chat that was deleted can be brought back by the tab that deleted it. */
export const UNDO_MS = 30_000;

/** How long a file is kept that was uploaded and that no message took up. */
export const LOOSE_UPLOAD_MS = DAY_MS;

/** How long an order for a picture or a video is kept that came to nothing. */
export const FAILED_JOB_MS = 30 * DAY_MS;

/** How long a closed account can be reopened. At the end it is erased. */
export const CLOSURE_GRACE_MS = 30 * DAY_MS;

/** How long a webhook is kept: longer than its sender tries again, and than it can be replayed by hand. */
export const WEBHOOK_MS = 30 * DAY_MS;

/** How long what tickets to media are bound to is kept. */
export const MEDIA_SESSION_MS = DAY_MS;

/** How long an archive can be fetched that somebody asked for. */
export const EXPORT_MS = 7 * DAY_MS;

/** How long the receipt of an erasure is kept. */
export const RECEIPT_MS = 36 * MONTH_MS;

/** How long it is remembered that an identity was erased, so that nothing that comes late brings it back. */
export const TOMBSTONE_MS = 13 * MONTH_MS;

/** How many full years billing records are kept after the end of the year they are from. */
export const BILLING_YEARS = 7;

/** How long copies of deleted rows may lie in backups, unreadable, because their keys are kept apart. */
export const BACKUP_MS = 30 * DAY_MS;

/** How long the ledger of erasures is kept: longer than any backup that it must be replayed on. */
export const LEDGER_MS = BACKUP_MS + 5 * DAY_MS;

/** Until when the billing records of an account are kept that ended at `endedAtMs`. Years are those of UTC. */
export function billingKeptUntil(endedAtMs: number): number {
  return Date.UTC(new Date(endedAtMs).getUTCFullYear() + 1 + BILLING_YEARS, 0, 1);
}
