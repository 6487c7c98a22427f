import type { Infer } from "convex/values";
import type { vMediaJobState } from "./schema.ts";

/*
 * [Note: Media jobs]
 *
 *     queued → running → storing → done
 *        └────────┴─────────┴────→ failed | cancelled → queued (another try)
 *
 * A job waits in `queued` until there is room, is `running` while its provider works, and `storing` while its result is
 * sealed on its way into the bucket. Nobody waits in a function meanwhile: a step orders, or looks once, and schedules
 * the next. Every step carries the number the job had when the step was asked for, and whatever moves the job on changes
 * that number. So a step that was overtaken, by a cancel, by another look or by the watchdog, finds with its next write
 * that the job is no longer its own, and what it holds goes to the outboxes for orders and for bytes.
 *
 * Credits are held when a job is queued and end once, in the transaction that ends the job: `done` is written together
 * with the medium and the charge, `failed` and `cancelled` with the release.
 */

export type JobState = Infer<typeof vMediaJobState>;
/** What happens to a job. */
export type JobEvent = "admit" | "store" | "finish" | "fail" | "cancel" | "retry";

const ARROWS: Record<JobState, Partial<Record<JobEvent, JobState>>> = {
  queued: { admit: "running", fail: "failed", cancel: "cancelled" },
  running: { store: "storing", fail: "failed", cancel: "cancelled" },
  // A look that comes back to a job whose result was being stored stores it again.
  storing: { store: "storing", finish: "done", fail: "failed", cancel: "cancelled" },
  done: {},
  failed: { retry: "queued" },
  cancelled: { retry: "queued" },
};

const FIRST_LOOK_MS = 1_000;
const LONGEST_PAUSE_MS = 20_000;
/** The state an event leads to, or null where it does not apply. */
export function nextState(state: JobState, event: JobEvent): JobState | null {
  return ARROWS[state][event] ?? null;
}

/** Whether a job has ended. */
export function isOver(state: JobState): boolean {
  return nextState(state, "cancel") === null;
}

/** How long to leave a provider alone before the next look, after that many looks. */
export function pauseAfterLooksMs(looks: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.round(FIRST_LOOK_MS * 1.5 ** looks));
}
