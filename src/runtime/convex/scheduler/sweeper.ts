/** Removes what the runtime keeps for a limited time only: finished jobs and answers of session requests. */
import type { Application } from "../application.ts";
import { forgetRecordedAnswers, SESSION_REQUEST_LIFETIME_MS } from "../sessionRequests.ts";
import { readRows } from "../systemRows.ts";
import type { ComponentPath, Transaction } from "../types.ts";
import { JOBS_TABLE, type JobRow } from "./jobRows.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Convex shows finished scheduled functions for 7 days. */
const FINISHED_JOB_LIFETIME_MS = 7 * DAY_MS;
const ROWS_PER_TRANSACTION = 256;

export class Sweeper {
  readonly #application: Application;
  readonly #log: (line: string) => void;
  #cancelWake: () => void = () => {};
  #sweeping: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor({ application, log }: { application: Application; log: (line: string) => void }) {
    this.#application = application;
    this.#log = log;
  }

  /** Once a day, from now on. */
  start(): void {
    const { clock } = this.#application;
    this.#sweeping = this.#sweeping.then(() => this.#sweep());
    this.#cancelWake = clock.at(clock.nowMs() + DAY_MS, () => this.start());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelWake();
    await this.#sweeping;
  }

  /** What fails today is swept tomorrow. */
  async #sweep(): Promise<void> {
    const nowMs = this.#application.clock.nowMs();
    try {
      await this.#repeat((tx) => forgetRecordedAnswers(tx, nowMs - SESSION_REQUEST_LIFETIME_MS, ROWS_PER_TRANSACTION));
      for (const namespace of this.#application.deployment.components)
        await this.#repeat((tx) => removeFinishedJobs(tx, namespace, nowMs - FINISHED_JOB_LIFETIME_MS));
    } catch (error) {
      if (!this.#isStopped) this.#log(`Old rows could not be removed: ${String(error)}`);
    }
  }

  /** Small transactions, so that nobody waits for a sweep. */
  async #repeat(removeSome: (tx: Transaction) => number): Promise<void> {
    let removed = ROWS_PER_TRANSACTION;
    while (removed === ROWS_PER_TRANSACTION && !this.#isStopped) removed = await this.#application.transact(removeSome);
  }
}

function removeFinishedJobs(tx: Transaction, namespace: ComponentPath, beforeMs: number): number {
  const rows = readRows<JobRow>(tx, namespace, {
    indexName: `${JOBS_TABLE}.by_completed_time`,
    // Unfinished jobs have no such field, which sorts below every number.
    range: [
      { type: "Gte", fieldPath: "completedTime", value: 0 },
      { type: "Lte", fieldPath: "completedTime", value: beforeMs },
    ],
    limit: ROWS_PER_TRANSACTION,
  });
  for (const row of rows) tx.remove(namespace, row._id, JOBS_TABLE);
  return rows.length;
}
