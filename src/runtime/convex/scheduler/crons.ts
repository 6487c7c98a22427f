/**
 * Runs the jobs of `crons.ts`. Their rows (`_cron_jobs`) survive restarts and deploys; a job whose schedule
 * did not change keeps its next time. One run at a time each; runs missed meanwhile are skipped. Mutations and
 * actions have the guarantees of [Note: Once, at most once].
 */
import { isDeepStrictEqual } from "node:util";
import { errorMessage } from "../answers.ts";
import type { Application } from "../application.ts";
import { eq, readRows } from "../systemRows.ts";
import type { CronSchedule, DeployedCron, FunctionCall, Json, Outcome, Transaction } from "../types.ts";
import { Runs } from "./runs.ts";
import { firstRunMs, nextRunMs, spreadOf } from "./schedules.ts";

const NAMESPACE = "";
const JOBS = "_cron_jobs";
const LOGS = "_cron_job_logs";
/** Convex keeps the last 5 logs of a job and 1,000 characters of each text. */
const KEPT_LOGS = 5;
const MAX_TEXT_CHARS = 1_000;
const MAX_CRONS = 10_000;
const INTERRUPTED = "Transient error while executing action";

interface CronRow {
  _id: string;
  component: string;
  identifier: string;
  path: string;
  args: Json;
  schedule: CronSchedule;
  /** When it is due, milliseconds since the epoch. */
  nextTime: number;
  /** An action of it has been started. */
  isRunning: boolean;
}

type RunStatus = { kind: "success"; result: string } | { kind: "failed"; error: string } | { kind: "skipped" };

export class CronScheduler {
  readonly #application: Application;
  readonly #runs: Runs;
  #cancelWake: () => void = () => {};
  #isStopped = true;

  constructor({ application, log }: { application: Application; log: (line: string) => void }) {
    this.#application = application;
    this.#runs = new Runs(log);
  }

  /** Ends the runs a crash interrupted, then brings the jobs in line with the deployment. */
  async start(): Promise<void> {
    this.#isStopped = false;
    await this.#application.transact((tx) => {
      for (const row of allCrons(tx)) if (row.isRunning) this.#finish(tx, row, { kind: "failed", error: INTERRUPTED });
    });
    await this.deploy();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelWake();
    await this.#runs.stop();
  }

  /** Adds, changes and removes jobs as `crons.ts` says now. */
  async deploy(): Promise<void> {
    const { crons } = this.#application.deployment;
    await this.#application.transact((tx) => {
      const rows = new Map(allCrons(tx).map((row) => [keyOf(row), row]));
      for (const cron of crons) {
        this.#upsert(tx, cron, rows.get(keyOf(cron)));
        rows.delete(keyOf(cron));
      }
      for (const row of rows.values()) removeCron(tx, row);
    });
    this.#look();
  }

  #upsert(tx: Transaction, cron: DeployedCron, row: CronRow | undefined): void {
    const { component, identifier, path, args, schedule } = cron;
    const isSameSchedule = row && isDeepStrictEqual(row.schedule, { ...schedule });
    const nowMs = this.#application.clock.nowMs();
    const nextTime = isSameSchedule ? row.nextTime : firstRunMs(schedule, nowMs, spreadOf(component, identifier));
    const fields = { component, identifier, path, args, schedule: { ...schedule }, nextTime };
    if (!row) tx.insert(NAMESPACE, JOBS, { ...fields, isRunning: false });
    else if (!isSameSchedule || row.path !== path || !isDeepStrictEqual(row.args, args))
      tx.patch(NAMESPACE, row._id, fields, JOBS);
  }

  #look(): void {
    this.#cancelWake();
    if (this.#isStopped) return;
    const { clock } = this.#application;
    const waiting = this.#rows().filter((row) => !this.#runs.has(row._id));
    for (const row of waiting) if (row.nextTime <= clock.nowMs()) this.#start(row);
    const times = waiting.filter((row) => !this.#runs.has(row._id)).map((row) => row.nextTime);
    if (times.length > 0) this.#cancelWake = clock.at(Math.min(...times), () => this.#look());
  }

  #rows(): CronRow[] {
    const tx = this.#application.store.begin();
    try {
      return allCrons(tx);
    } finally {
      tx.close();
    }
  }

  #start(row: CronRow): void {
    const attempt = () => this.#attempt(row);
    this.#runs.start({ id: row._id, name: `The cron job "${row.identifier}"`, attempt, onEnd: () => this.#look() });
  }

  async #attempt(row: CronRow): Promise<void> {
    const call = this.#callOf(row);
    const kind = this.#application.deployment.find(row.component, row.path)?.kind;
    if (kind === "mutation") return this.#runMutation(row, call);
    if (kind === "action") return this.#runAction(row, call);
    const error = `Could not find the mutation or action "${row.path}".`;
    return this.#application.transact((tx) => this.#finish(tx, row, { kind: "failed", error }));
  }

  async #runMutation(row: CronRow, call: FunctionCall): Promise<void> {
    await this.#application.mutateWith(call, {
      before: (tx) => isStillDue(tx, row),
      after: (tx, { outcome }) => this.#finish(tx, row, statusOf(outcome, call)),
    });
  }

  async #runAction(row: CronRow, call: FunctionCall): Promise<void> {
    const isClaimed = await this.#application.transact((tx) => {
      if (!isStillDue(tx, row)) return false;
      tx.patch(NAMESPACE, row._id, { isRunning: true }, JOBS);
      return true;
    });
    if (!isClaimed) return;
    const status = await this.#application.action(call, null).then(
      ({ outcome }) => statusOf(outcome, call),
      (error: unknown): RunStatus => ({ kind: "failed", error: String(error) }),
    );
    await this.#application.transact((tx) => this.#finish(tx, row, status));
  }

  /** Logs the run and sets the next one, unless the job was removed or given another schedule meanwhile. */
  #finish(tx: Transaction, row: CronRow, status: RunStatus): void {
    const current = readCron(tx, row._id);
    if (!current) return;
    const nowMs = this.#application.clock.nowMs();
    this.#logRun(tx, row, status);
    if (current.nextTime !== row.nextTime) {
      tx.patch(NAMESPACE, row._id, { isRunning: false }, JOBS);
      return;
    }
    const spread = spreadOf(row.component, row.identifier);
    const planned = nextRunMs(row.schedule, { previousMs: row.nextTime, nowMs: row.nextTime, spread });
    const nextTime = nextRunMs(row.schedule, { previousMs: row.nextTime, nowMs, spread });
    if (planned !== nextTime) this.#logRun(tx, row, { kind: "skipped" });
    tx.patch(NAMESPACE, row._id, { isRunning: false, nextTime }, JOBS);
  }

  #logRun(tx: Transaction, row: CronRow, status: RunStatus): void {
    tx.insert(NAMESPACE, LOGS, { cronId: row._id, ts: this.#application.clock.nowMs(), status: { ...status } });
    const logs = logsOf(tx, row._id);
    for (const { _id } of logs.slice(0, -KEPT_LOGS)) tx.remove(NAMESPACE, _id, LOGS);
  }

  #callOf({ component, path, args }: CronRow): FunctionCall {
    const request = { requestId: this.#application.newRequestId() };
    return { component, path, args, identity: { kind: "none" }, visibility: "any", request };
  }
}

function keyOf({ component, identifier }: { component: string; identifier: string }): string {
  return JSON.stringify([component, identifier]);
}

function allCrons(tx: Transaction): CronRow[] {
  return readRows<CronRow>(tx, NAMESPACE, { indexName: `${JOBS}.by_creation_time`, range: [], limit: MAX_CRONS });
}

function readCron(tx: Transaction, cronId: string): CronRow | null {
  const text = tx.get(NAMESPACE, cronId, JOBS);
  return text === null ? null : (JSON.parse(text) as CronRow);
}

function isStillDue(tx: Transaction, row: CronRow): boolean {
  const current = readCron(tx, row._id);
  return current !== null && current.nextTime === row.nextTime && !current.isRunning;
}

function logsOf(tx: Transaction, cronId: string): { _id: string }[] {
  return readRows(tx, NAMESPACE, {
    indexName: `${LOGS}.by_cron_and_ts`,
    range: [eq("cronId", cronId)],
    limit: 2 * KEPT_LOGS,
  });
}

function removeCron(tx: Transaction, row: CronRow): void {
  for (const { _id } of logsOf(tx, row._id)) tx.remove(NAMESPACE, _id, LOGS);
  tx.remove(NAMESPACE, row._id, JOBS);
}

function statusOf(outcome: Outcome, call: FunctionCall): RunStatus {
  if (outcome.ok) return { kind: "success", result: outcome.value.slice(0, MAX_TEXT_CHARS) };
  const error = errorMessage(outcome.error, call.request?.requestId ?? "").slice(0, MAX_TEXT_CHARS);
  return { kind: "failed", error };
}
