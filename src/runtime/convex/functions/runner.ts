/** The function runner: bundles and analyses a Convex folder, and runs its functions. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import type {
  ActionHost,
  Catalog,
  Clock,
  ComponentPath,
  Execution,
  FunctionCall,
  FunctionRunner,
  Identity,
  Transaction,
} from "../types.ts";
import { type ActionResult, type ActionScope, runAction } from "./action.ts";
import { analyse } from "./analysis.ts";
import { type Bundle, bundleConvexFolder } from "./bundle.ts";
import { bundleWithCache } from "./bundleCache.ts";
import type { LoadedDeployment } from "./deployment.ts";
import { type ExecutionScope, execute, executeTogether, type FunctionRequest } from "./execution.ts";
import { type HttpActionScope, runHttpAction } from "./httpAction.ts";
import { ImportedModules } from "./importedModules.ts";
import { IsolateFactory } from "./isolate.ts";
import type { CallThreads } from "./threads/callThreads.ts";
import { isolateThreads } from "./threads/isolateThreads.ts";

export interface RunnerOptions {
  /** Absolute path of the `convex/` folder. */
  convexDir: string;
  /** Where bundles are kept from one start to the next; without it every start bundles anew. */
  cacheDir?: string;
  /** The deployment's environment variables, asked for anew with every deployment. */
  env: () => Record<string, string>;
  /** Variables the deployment itself sets: CONVEX_CLOUD_URL, CONVEX_SITE_URL. Components see them too. */
  systemEnv: Record<string, string>;
  catalog: Catalog;
  clock: Clock;
  /** What actions do through the rest of the runtime. */
  host: ActionHost;
  /** What `ctx.meta.getDeploymentMetadata()` calls the deployment. */
  deploymentName?: string;
  /** Where the runner reports what is nobody's result, such as a crashed worker. */
  log: (line: string) => void;
  /** Receives the log lines of HTTP actions, which are nobody's result either. `name`: "GET /path". */
  logHttpAction: (name: string, line: string) => void;
}

/** A deployment that could be activated, and the bundle it was made of. */
export interface PreparedDeployment {
  readonly deployment: LoadedDeployment;
  readonly bundle: Bundle;
}

/** What to prepare instead of the folder as it is now, with the environment as it is now. */
export interface PrepareOptions {
  bundle?: Bundle;
  env?: Record<string, string>;
}

export interface Runner extends FunctionRunner {
  readonly deployment: LoadedDeployment;
  /** Bundles the folder as it is now, and analyses it. Throws `DeploymentError`, and then nothing has changed. */
  prepare(options?: PrepareOptions): Promise<PreparedDeployment>;
  /** Lets go of a deployment that is not going to be activated. */
  discard(prepared: PreparedDeployment): void;
  /** From the next call on, `prepared` is what runs. Executions under way finish on what they began with. */
  activate(prepared: PreparedDeployment): void;
  close(): Promise<void>;
}

/** A runner without a deployment yet: `activate(await prepare())` gives it one. */
export async function loadRunner(options: RunnerOptions): Promise<Runner> {
  // Convex's isolates live in UTC, and V8 has one time zone for all contexts of a process.
  process.env.TZ = "UTC";
  return new LocalRunner(options, await IsolateFactory.create());
}

class LocalRunner implements Runner {
  readonly #options: RunnerOptions;
  readonly #isolates: IsolateFactory;
  #deployment: LoadedDeployment | undefined;
  #modules: ImportedModules | undefined;
  #threads: CallThreads | undefined;
  #variables: ReadonlyMap<ComponentPath, Record<string, string>> = new Map();
  /** Mutations that were asked for at once; they run when everyone has asked. */
  readonly #waiting: { request: FunctionRequest; resolve: (execution: Promise<Execution>) => void }[] = [];
  #lastVersion = 0;

  constructor(options: RunnerOptions, isolates: IsolateFactory) {
    this.#options = options;
    this.#isolates = isolates;
  }

  get deployment(): LoadedDeployment {
    if (!this.#deployment) throw new Error("Nothing is deployed yet.");
    return this.#deployment;
  }

  async prepare(options: PrepareOptions = {}): Promise<PreparedDeployment> {
    const { clock, convexDir, systemEnv } = this.#options;
    const bundle = options.bundle ?? (await this.#bundleFolder());
    this.#lastVersion += 1;
    const deployment = await analyse({
      bundle,
      isolates: this.#isolates,
      root: path.dirname(convexDir),
      version: this.#lastVersion,
      nowMs: Math.floor(clock.nowMs()),
      env: { ...(options.env ?? this.#options.env()) },
      systemEnv,
      log: this.#options.log,
    });
    return { deployment, bundle };
  }

  #bundleFolder(): Promise<Bundle> {
    const { convexDir, cacheDir } = this.#options;
    return cacheDir === undefined ? bundleConvexFolder(convexDir) : bundleWithCache(convexDir, cacheDir);
  }

  discard({ deployment }: PreparedDeployment): void {
    deployment.node?.close();
  }

  activate({ deployment }: PreparedDeployment): void {
    const { clock, log, systemEnv } = this.#options;
    const isolates = this.#isolates;
    const variables = new Map(deployment.components.map((each) => [each, variablesOf(deployment, systemEnv, each)]));
    this.#deployment?.node?.retire();
    this.#threads?.retire();
    this.#modules?.close();
    this.#deployment = deployment;
    this.#variables = variables;
    this.#modules = new ImportedModules({ isolates, deployment, envOf: environmentsOf(variables) });
    const aheadMs = () => clock.nowMs() - Date.now();
    this.#threads = isolateThreads({ deployment, isolates, variables, aheadMs, log });
  }

  runQuery(tx: Transaction, call: FunctionCall, journal: string | null = null): Execution {
    return execute(this.#scope(), { tx, call, kind: "query", journalEndCursor: journal });
  }

  runMutation(tx: Transaction, call: FunctionCall): Promise<Execution> {
    if (this.#waiting.length === 0) process.nextTick(() => this.#runWaiting());
    return new Promise((resolve) => this.#waiting.push({ request: { tx, call, kind: "mutation" }, resolve }));
  }

  #runWaiting(): void {
    const waiting = this.#waiting.splice(0);
    const requests = waiting.map(({ request }) => request);
    const finishing = Promise.try(() => executeTogether(this.#scope(), requests));
    waiting.forEach(({ resolve }, index) => {
      resolve(finishing.then((finishes) => (finishes[index] as () => Execution)()));
    });
  }

  runAction(call: FunctionCall, signal?: AbortSignal): Promise<ActionResult> {
    return runAction(this.#scope(), call, signal);
  }

  runHttpAction(request: Request, identity: Identity, signal: AbortSignal): Promise<Response> {
    const requestId = randomBytes(8).toString("hex");
    const { method, url } = request;
    const log = (line: string) => this.#options.logHttpAction(`${method} ${new URL(url).pathname}`, line);
    return runHttpAction(this.#scope(), { request, identity, requestId, signal, log });
  }

  async close(): Promise<void> {
    this.#modules?.close();
    this.#threads?.close();
    this.#deployment?.node?.close();
  }

  #scope(): ExecutionScope & ActionScope & HttpActionScope {
    const { catalog, clock, host, log, deploymentName = "embedded" } = this.#options;
    const { deployment } = this;
    const modules = this.#modules as ImportedModules;
    const threads = this.#threads as CallThreads;
    const envOf = environmentsOf(this.#variables);
    return { isolates: this.#isolates, modules, threads, deployment, catalog, clock, host, log, deploymentName, envOf };
  }
}

/** What `process.env` answers to the code of a component instance. */
function variablesOf(
  deployment: LoadedDeployment,
  systemEnv: Record<string, string>,
  component: ComponentPath,
): Record<string, string> {
  const { env = deployment.env, mountPath } = deployment.instance(component);
  const { CONVEX_SITE_URL: siteUrl } = systemEnv;
  return { ...env, ...systemEnv, ...(siteUrl !== undefined && { CONVEX_SITE_URL: siteUrl + mountPath }) };
}

function environmentsOf(variables: ReadonlyMap<ComponentPath, Record<string, string>>): ExecutionScope["envOf"] {
  return (component) => {
    const own = variables.get(component) ?? {};
    return (name) => own[name];
  };
}
