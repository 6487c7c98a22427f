/** Puts what is in `convex/` into service, at start and whenever it changes. */
import type { Application } from "./application.ts";
import type { ConvexRunner } from "./functions/runner.ts";
import type { CronScheduler } from "./scheduler/crons.ts";
import type { JobScheduler } from "./scheduler/jobs.ts";
import type { Store } from "./types.ts";

export interface DeployerParts {
  store: Store;
  runner: ConvexRunner;
  application: Application;
  jobs: JobScheduler;
  crons: CronScheduler;
}

export class Deployer {
  readonly #parts: DeployerParts;

  constructor(parts: DeployerParts) {
    this.#parts = parts;
  }

  /**
   * Bundles, analyses, applies schemas and switches over in one turn of the event loop. When anything is
   * wrong it throws, naming file and line, and the deployment in service stays.
   */
  async deploy(): Promise<void> {
    const { store, runner, application } = this.#parts;
    const prepared = await runner.prepare();
    const { deployment } = prepared;
    for (const component of deployment.components) store.catalog.applySchema(component, deployment.schemaOf(component));
    runner.activate(prepared);
    application.live.invalidateAll();
  }

  /** As `deploy`, while everything runs: jobs and crons follow the new deployment. */
  async redeploy(): Promise<void> {
    await this.deploy();
    await this.#parts.crons.deploy();
    this.#parts.jobs.lookSoon();
  }
}
