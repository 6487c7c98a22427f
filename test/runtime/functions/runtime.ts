/** A function runner over a real store, with just enough of the rest of the runtime for actions to call back. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { MovableClock } from "../../../src/runtime/clock.ts";
import { loadRunner, type Runner } from "../../../src/runtime/convex/functions/runner.ts";
import { cancelJob, insertJob } from "../../../src/runtime/convex/scheduler/jobRows.ts";
import { openStore, type SqliteStore } from "../../../src/runtime/convex/store/store.ts";
import type {
  ActionHost,
  Execution,
  FunctionCall,
  Json,
  Outcome,
  Transaction,
} from "../../../src/runtime/convex/types.ts";

export const FIXTURE_APP = path.join(import.meta.dirname, "fixtures/app/convex");

type Extra = Partial<FunctionCall> & { journal?: string | null };

export class TestRuntime {
  readonly store: SqliteStore;
  readonly clock: MovableClock;
  readonly env: Record<string, string> = { ISSUER: "https://issuer.test", SECRET: "kept in the app" };
  /** What the runner logged by itself. */
  readonly log: string[] = [];
  runner!: Runner;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.clock = new MovableClock();
    this.store = openStore({ path: path.join(folder, "data.sqlite"), clock: this.clock });
  }

  static async start(convexDir = FIXTURE_APP, env: Record<string, string> = {}): Promise<TestRuntime> {
    const runtime = new TestRuntime(await mkdtemp(path.join(tmpdir(), "noruxa-functions-")));
    Object.assign(runtime.env, env);
    runtime.runner = await loadRunner({
      convexDir,
      env: () => runtime.env,
      systemEnv: { CONVEX_CLOUD_URL: "http://127.0.0.1:1", CONVEX_SITE_URL: "http://127.0.0.1:2" },
      catalog: runtime.store.catalog,
      clock: runtime.clock,
      host: runtime.#host(),
      log: (line) => runtime.log.push(line),
      logHttpAction: (name, line) => runtime.log.push(`[${name}] ${line}`),
    });
    await runtime.deploy();
    return runtime;
  }

  async deploy(): Promise<void> {
    this.runner.activate(await this.runner.prepare());
    const { deployment } = this.runner;
    for (const component of deployment.components) {
      this.store.catalog.applySchema(component, deployment.schemaOf(component));
    }
  }

  query(functionPath: string, args: Json = {}, { journal = null, ...extra }: Extra = {}): Execution {
    const tx = this.store.begin();
    try {
      return this.runner.runQuery(tx, callOf(functionPath, args, extra), journal);
    } finally {
      tx.close();
    }
  }

  /** Runs a mutation and commits it if it succeeded. */
  async mutation(functionPath: string, args: Json = {}, extra: Extra = {}): Promise<Execution> {
    const tx = this.store.begin();
    try {
      const execution = await this.runner.runMutation(tx, callOf(functionPath, args, extra));
      if (execution.outcome.ok) await this.store.commit(tx);
      return execution;
    } finally {
      tx.close();
    }
  }

  action(functionPath: string, args: Json = {}, extra: Extra = {}): Promise<{ outcome: Outcome; logLines: string[] }> {
    return this.runner.runAction(callOf(functionPath, args, extra));
  }

  http(url: string, init?: RequestInit, signal = new AbortController().signal): Promise<Response> {
    return this.runner.runHttpAction(new Request(new URL(url, "http://site.test"), init), { kind: "none" }, signal);
  }

  async close(): Promise<void> {
    await this.runner.close();
    this.store.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #host(): ActionHost {
    return {
      query: async (call) => this.query(call.path, call.args, call).outcome,
      mutation: async (call) => (await this.mutation(call.path, call.args, call)).outcome,
      action: async (call) => (await this.action(call.path, call.args, call)).outcome,
      schedule: (component, job) => this.#transact((tx) => insertJob(tx, component, job)),
      cancel: (component, jobId) => this.#transact((tx) => cancelJob(tx, component, jobId, this.clock.nowMs())),
    };
  }

  async #transact<T>(write: (tx: Transaction) => T): Promise<T> {
    const tx = this.store.begin();
    const result = write(tx);
    await this.store.commit(tx);
    return result;
  }
}

/** The decoded value of a call that must have succeeded. */
export function valueOf({ outcome }: { outcome: Outcome }): Json {
  if (!outcome.ok) throw new Error(outcome.error.message);
  return JSON.parse(outcome.value) as Json;
}

/** The message of a call that must have failed. */
export function messageOf({ outcome }: { outcome: Outcome }): string {
  if (outcome.ok) throw new Error(`It succeeded with ${outcome.value}`);
  return outcome.error.message;
}

function callOf(path: string, args: Json, extra: Extra): FunctionCall {
  return { component: "", path, args, identity: { kind: "none" }, visibility: "any", ...extra };
}
