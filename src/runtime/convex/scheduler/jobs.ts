/**
 * Runs scheduled functions when their time has come.
 *
 * [Note: Once, at most once]
 * A scheduled mutation and the completion of its row are one commit, so it runs exactly once however often the
 * process dies. An action cannot be part of a commit: its row is marked first, and one found marked after a
 * restart has failed, so it runs at most once.
 */
import { errorMessage } from "../answers.ts";
import type { Application } from "../application.ts";
import { eq, readRows } from "../systemRows.ts";
import type { ComponentPath, FunctionCall, Outcome, ReadSet, Transaction } from "../types.ts";
import { finishJob, JOBS_TABLE, type JobRow, type JobState, jobPath, readJob } from "./jobRows.ts";
import { Runs } from "./runs.ts";

/** Convex's smallest plan runs 8 scheduled functions at once. */
const PARALLELISM = 8;

const INTERRUPTED = "Transient error while executing action";

interface Job {
  namespace: ComponentPath;
  row: JobRow;
}

export class JobScheduler {
  readonly #application: Application;
  readonly #runs: Runs;
  /** What the last look at the table has read: a commit that touches it calls for another look. */
  #seen: ReadSet | null = null;
  #cancelWake: () => void = () => {};
  #stopListening: () => void = () => {};
  #isLookWanted = false;
  #isStopped = true;

  constructor({ application, log }: { application: Application; log: (line: string) => void }) {
    this.#application = application;
    this.#runs = new Runs(log);
  }

  /** Fails the actions that a crash interrupted, then runs what is due, now and from now on. */
  async start(): Promise<void> {
    for (const namespace of this.#application.deployment.components) await this.#failInterrupted(namespace);
    this.#isStopped = false;
    this.#stopListening = this.#application.store.onCommit((commit) => {
      if (this.#seen && commit.touches(this.#seen)) this.lookSoon();
    });
    this.lookSoon();
  }

  /** Starts nothing more and waits for what runs. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopListening();
    this.#cancelWake();
    await this.#runs.stop();
  }

  /** Looks for due jobs at the end of this turn of the event loop. */
  lookSoon(): void {
    if (this.#isLookWanted) return;
    this.#isLookWanted = true;
    setImmediate(() => {
      this.#isLookWanted = false;
      if (!this.#isStopped) this.#look();
    });
  }

  #look(): void {
    const { clock } = this.#application;
    this.#cancelWake();
    for (const job of this.#pendingJobs()) {
      if (this.#runs.has(job.row._id)) continue;
      if (this.#runs.count >= PARALLELISM) return;
      if (job.row.scheduledTime > clock.nowMs()) {
        this.#cancelWake = clock.at(job.row.scheduledTime, () => this.lookSoon());
        return;
      }
      this.#start(job);
    }
  }

  /** The next jobs in order of time. Running mutations are among them until they commit. */
  #pendingJobs(): Job[] {
    const tx = this.#application.store.begin();
    try {
      const jobs = this.#application.deployment.components.flatMap((namespace) =>
        jobsInState(tx, namespace, { kind: "pending", limit: 2 * PARALLELISM }),
      );
      this.#seen = tx.reads;
      return jobs.sort((a, b) => a.row.scheduledTime - b.row.scheduledTime);
    } finally {
      tx.close();
    }
  }

  #start(job: Job): void {
    const { _id: id, name } = job.row;
    const attempt = () => this.#attempt(job);
    this.#runs.start({ id, name: `The scheduled function ${name}`, attempt, onEnd: () => this.lookSoon() });
  }

  #attempt(job: Job): Promise<void> {
    const { namespace, row } = job;
    const path = jobPath(row.name);
    const kind = this.#application.deployment.find(namespace, path)?.kind;
    if (kind === "mutation") return this.#runMutation(job);
    if (kind === "action") return this.#runAction(job);
    const error = `Could not find the mutation or action "${path}" that was scheduled.`;
    return this.#application.transact((tx) => this.#finish(tx, job, { kind: "failed", error }));
  }

  async #runMutation(job: Job): Promise<void> {
    const { namespace, row } = job;
    const call = this.#callOf(job);
    await this.#application.mutateWith(call, {
      before: (tx) => {
        if (readJob(tx, namespace, row._id)?.state.kind !== "pending") return false;
        tx.patch(namespace, row._id, { state: { kind: "inProgress" } }, JOBS_TABLE);
        return true;
      },
      after: (tx, { outcome }) => this.#finish(tx, job, stateAfter(outcome, call)),
    });
  }

  async #runAction(job: Job): Promise<void> {
    const { namespace, row } = job;
    const isClaimed = await this.#application.transact((tx) => {
      if (readJob(tx, namespace, row._id)?.state.kind !== "pending") return false;
      tx.patch(namespace, row._id, { state: { kind: "inProgress" } }, JOBS_TABLE);
      return true;
    });
    if (!isClaimed) return;
    const call = this.#callOf(job);
    const state = await this.#application.action(call, null).then(
      ({ outcome }) => stateAfter(outcome, call),
      (error: unknown): JobState => ({ kind: "failed", error: String(error) }),
    );
    await this.#application.transact((tx) => this.#finish(tx, job, state));
  }

  /** A job that was cancelled while it ran stays cancelled. */
  #finish(tx: Transaction, { namespace, row }: Job, state: JobState): void {
    const now = readJob(tx, namespace, row._id)?.state.kind;
    if (now === "pending" || now === "inProgress")
      finishJob(tx, namespace, row._id, { state, nowMs: this.#application.clock.nowMs() });
  }

  /** Scheduled functions run for nobody. */
  #callOf({ namespace, row }: Job): FunctionCall {
    const request = { requestId: this.#application.newRequestId(), job: { component: namespace, id: row._id } };
    const [args] = row.args;
    return {
      component: namespace,
      path: jobPath(row.name),
      args,
      identity: { kind: "none" },
      visibility: "any",
      request,
    };
  }

  async #failInterrupted(namespace: ComponentPath): Promise<void> {
    await this.#application.transact((tx) => {
      for (const job of jobsInState(tx, namespace, { kind: "inProgress", limit: 1_000 }))
        this.#finish(tx, job, { kind: "failed", error: INTERRUPTED });
    });
  }
}

function jobsInState(
  tx: Transaction,
  namespace: ComponentPath,
  { kind, limit }: { kind: JobState["kind"]; limit: number },
): Job[] {
  const range = [eq("state.kind", kind)];
  const rows = readRows<JobRow>(tx, namespace, {
    indexName: `${JOBS_TABLE}.by_state_and_scheduled_time`,
    range,
    limit,
  });
  return rows.map((row) => ({ namespace, row }));
}

function stateAfter(outcome: Outcome, call: FunctionCall): JobState {
  if (outcome.ok) return { kind: "success" };
  return { kind: "failed", error: errorMessage(outcome.error, call.request?.requestId ?? "") };
}
