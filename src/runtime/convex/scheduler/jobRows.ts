/**
 * Rows of `_scheduled_functions`, as `ctx.db.system` shows them. Every namespace has that table; a row lives
 * in the namespace of the function it runs.
 */
import type { ComponentPath, Json, ScheduledCall, Transaction } from "../types.ts";

export const JOBS_TABLE = "_scheduled_functions";

export type JobState = { kind: "pending" | "inProgress" | "success" | "canceled" } | { kind: "failed"; error: string };

export interface JobRow {
  _id: string;
  _creationTime: number;
  /** "dir/module.js:export", the form Convex shows. */
  name: string;
  args: [Json];
  scheduledTime: number;
  completedTime?: number;
  state: JobState;
}

/** "dir/module:export" → "dir/module.js:export". */
export function jobName(path: string): string {
  const [module, name] = path.split(":");
  return `${module}.js:${name ?? "default"}`;
}

/** The inverse of `jobName`. */
export function jobPath(name: string): string {
  return name.replace(/\.js:/, ":");
}

/** What a cancelled job still schedules, while it runs to its end, is cancelled from the start. */
export function insertJob(tx: Transaction, namespace: ComponentPath, job: ScheduledCall): string {
  const { path, args, tsMs, parent } = job;
  const row = { name: jobName(path), args: [args], scheduledTime: tsMs };
  const isParentCanceled = parent && readJob(tx, parent.component, parent.id)?.state.kind === "canceled";
  if (!isParentCanceled) return tx.insert(namespace, JOBS_TABLE, { ...row, state: { kind: "pending" } });
  return tx.insert(namespace, JOBS_TABLE, { ...row, state: { kind: "canceled" }, completedTime: beganAtMs(tx) });
}

function beganAtMs({ beginTs }: Transaction): number {
  return Number(beginTs / 1_000_000n);
}

export function readJob(tx: Transaction, namespace: ComponentPath, jobId: string): JobRow | null {
  const text = tx.get(namespace, jobId, JOBS_TABLE);
  return text === null ? null : (JSON.parse(text) as JobRow);
}

/** A job that has ended stays as it is. */
export function cancelJob(tx: Transaction, namespace: ComponentPath, jobId: string, nowMs: number): void {
  const job = readJob(tx, namespace, jobId);
  if (job && (job.state.kind === "pending" || job.state.kind === "inProgress"))
    finishJob(tx, namespace, jobId, { state: { kind: "canceled" }, nowMs });
}

export function finishJob(
  tx: Transaction,
  namespace: ComponentPath,
  jobId: string,
  { state, nowMs }: { state: JobState; nowMs: number },
): void {
  tx.patch(namespace, jobId, { state: { ...state }, completedTime: nowMs }, JOBS_TABLE);
}
