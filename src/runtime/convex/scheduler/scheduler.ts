/** Everything that happens by the clock: scheduled functions, cron jobs, and sweeping up after both. */
import type { Application } from "../application.ts";
import { CronScheduler } from "./crons.ts";
import { JobScheduler } from "./jobs.ts";
import { Sweeper } from "./sweeper.ts";

/** How long running functions may take once the scheduler stops; actions that take longer have failed. */
const STOP_GRACE_MS = 2_000;

export class Scheduler {
  readonly #jobs: JobScheduler;
  readonly #crons: CronScheduler;
  readonly #sweeper: Sweeper;

  constructor(parts: { application: Application; log: (line: string) => void }) {
    this.#jobs = new JobScheduler(parts);
    this.#crons = new CronScheduler(parts);
    this.#sweeper = new Sweeper(parts);
  }

  async start(): Promise<void> {
    await this.#jobs.start();
    await this.#crons.start();
    this.#sweeper.start();
  }

  /** Follows a new deployment. */
  async deploymentChanged(): Promise<void> {
    await this.#crons.deploy();
    this.#jobs.lookSoon();
  }

  async stop(): Promise<void> {
    const stopped = Promise.all([this.#jobs.stop(), this.#crons.stop(), this.#sweeper.stop()]);
    const { promise: graceOver, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, STOP_GRACE_MS);
    await Promise.race([stopped, graceOver]);
    clearTimeout(timer);
  }
}
