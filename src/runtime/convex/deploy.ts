/**
 * Puts code into service: what is in the `convex/` folder, at start and whenever it changes, or what the official
 * CLI pushes; and the same code again when its environment changes.
 *
 * [Note: Folder and pushes]
 * The folder and a push give the same `Bundle`, so the same functions. What was pushed stays in service until the
 * folder changes or the process starts again, since then the folder is deployed.
 */
import { randomUUID } from "node:crypto";
import type { Application } from "./application.ts";
import { changeVariables, type VariableChange, type Variables, variablesIn } from "./environmentVariables.ts";
import { badRequest } from "./errors.ts";
import type { Bundle } from "./functions/bundle.ts";
import type { LoadedDeployment } from "./functions/deployment.ts";
import type { PreparedDeployment, Runner } from "./functions/runner.ts";
import type { Store } from "./types.ts";

export interface DeployerParts {
  store: Store;
  runner: Runner;
  application: Application;
  /** What the process was started with. */
  baseVariables: Variables;
}

/** A push that was analysed and waits to be put into service. */
export interface PendingPush {
  readonly id: string;
  readonly deployment: LoadedDeployment;
  /** The environment it was analysed with. */
  readonly env: Variables;
}

export class Deployer {
  readonly #parts: DeployerParts;
  /** One at a time: what was prepared last is what ends up in service. */
  #queue: Promise<unknown> = Promise.resolve();
  #inService: PreparedDeployment | undefined;
  #pending: (PendingPush & { prepared: PreparedDeployment }) | undefined;
  #onChange: () => Promise<void> = async () => undefined;

  constructor(parts: DeployerParts) {
    this.#parts = parts;
  }

  /** Calls `listener` after every change of what is in service. */
  onChange(listener: () => Promise<void>): void {
    this.#onChange = listener;
  }

  /**
   * Bundles the folder, analyses, applies schemas, and switches over in one turn of the event loop. When anything is
   * wrong it throws, naming file and line, and the deployment in service stays.
   */
  deployFolder(): Promise<void> {
    return this.#inTurn(async () => this.#serve(await this.#parts.runner.prepare()));
  }

  /** Analyses a pushed bundle, without consequences yet. It takes the place of a push that was not finished. */
  startPush(bundle: Bundle): Promise<PendingPush> {
    return this.#inTurn(async () => {
      const env = this.variables();
      const prepared = await this.#parts.runner.prepare({ bundle, env });
      this.#discardPending();
      this.#pending = { id: randomUUID(), deployment: prepared.deployment, env, prepared };
      return this.#pending;
    });
  }

  /** Null when it was overtaken by another push. */
  pendingPush(id: string): PendingPush | null {
    return this.#pending?.id === id ? this.#pending : null;
  }

  /** Throws `SchemaError` when documents do not fit, and `RequestError` when something else came in between. */
  finishPush(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const pending = this.#pending;
      if (pending?.id !== id || JSON.stringify(pending.env) !== JSON.stringify(this.variables())) throw raceDetected();
      this.#pending = undefined;
      await this.#serve(pending.prepared);
    });
  }

  /** Lets go of a push that is not going to be finished, unless it was overtaken already. */
  abandonPush(id: string): void {
    if (this.#pending?.id === id) this.#discardPending();
  }

  /** Waits for what is under way, and lets go of what waits to be finished. */
  async close(): Promise<void> {
    await this.#queue;
    this.#discardPending();
  }

  /** Changes the environment, unless the code in service cannot do with it; then it throws, and nothing has changed. */
  changeVariables(changes: VariableChange[]): Promise<void> {
    const { runner, application, baseVariables } = this.#parts;
    return this.#inTurn(async () => {
      const env = this.#variablesAfter(changes);
      const prepared = await runner.prepare({ bundle: this.#inService?.bundle, env });
      try {
        await application.transact((tx) => changeVariables(tx, baseVariables, changes));
      } catch (error) {
        runner.discard(prepared);
        throw error;
      }
      await this.#serve(prepared);
    });
  }

  /** What functions see, as it is now. */
  variables(): Variables {
    return this.#variablesAfter([]);
  }

  #variablesAfter(changes: VariableChange[]): Variables {
    const { store, baseVariables } = this.#parts;
    const tx = store.begin();
    try {
      changeVariables(tx, baseVariables, changes);
      return variablesIn(tx, baseVariables);
    } finally {
      tx.close();
    }
  }

  async #serve(prepared: PreparedDeployment): Promise<void> {
    const { store, runner, application } = this.#parts;
    const { deployment } = prepared;
    try {
      for (const each of deployment.components) store.catalog.applySchema(each, deployment.schemaOf(each));
    } catch (error) {
      runner.discard(prepared);
      throw error;
    }
    runner.activate(prepared);
    application.live.invalidateAll();
    this.#inService = prepared;
    await this.#onChange();
  }

  #discardPending(): void {
    if (this.#pending) this.#parts.runner.discard(this.#pending.prepared);
    this.#pending = undefined;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

function raceDetected() {
  return badRequest("RaceDetected", "Another push or a changed environment variable came in between. Push again.");
}
