/**
 * The embedded Convex runtime as a whole: `startConvex` opens the store, loads `convex/`, serves the API and
 * site ports and runs the scheduler.
 */
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { version } from "convex";
import type { MovableClock } from "../clock.ts";
import { Application } from "./application.ts";
import { Authenticator } from "./auth/identity.ts";
import { TokenVerifier } from "./auth/tokens.ts";
import { Deployer } from "./deploy.ts";
import { FunctionLog, httpActionLine } from "./functionLog.ts";
import { loadRunner, type Runner } from "./functions/runner.ts";
import { apiRoutes } from "./http/api.ts";
import { deployRoutes } from "./http/deploy.ts";
import { logRoutes } from "./http/logs.ts";
import { runtimeRoutes } from "./http/runtime.ts";
import { siteRoutes } from "./http/site.ts";
import { transferRoutes } from "./http/transfer.ts";
import { Metrics } from "./metrics.ts";
import { openPort, type Port } from "./ports.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { openStore, type SqliteStore } from "./store/store.ts";
import { Sockets } from "./sync/sockets.ts";
import { withSystemQueries } from "./system/runner.ts";
import { Exports } from "./transfer/exports.ts";
import { Imports } from "./transfer/imports.ts";
import type { ActionHost, Store } from "./types.ts";
import { Watcher } from "./watcher.ts";

const DATABASE_FILE = "convex.sqlite3";
const INSTANCE_NAME = "noruxa-embedded";

export interface ConvexOptions {
  /** Folder that holds the database; must exist. */
  dataDir: string;
  /** The `convex/` folder. */
  convexDir: string;
  /** Where the bundle of that folder is kept, so that the next start is quicker; none: it is not kept. */
  cacheDir?: string;
  /** What functions see in `process.env`. */
  env: Record<string, string>;
  clock: MovableClock;
  /** Called after `POST /_runtime/clock`, to keep how far the clock is ahead across restarts. */
  onClockMoved?: (aheadMs: number) => void | Promise<void>;
  adminKey: string;
  host: string;
  /** 0: any free port, as for `sitePort`. */
  apiPort: number;
  sitePort: number;
  /** Addresses by which others reach the two ports, when those differ from where they listen. */
  cloudUrl?: string;
  siteUrl?: string;
  log: (line: string) => void;
  /** Folders whose changes deploy again; none: the deployment stays as it is. */
  watch: string[];
  /** Run nothing by the clock: what was scheduled and crons wait for the next start. */
  idle?: boolean | undefined;
}

export interface Convex {
  readonly apiUrl: string;
  readonly siteUrl: string;
  readonly store: Store;
  /** Finishes running mutations, closes sockets with a reason, and lets go of ports and data folder. */
  close(): Promise<void>;
}

/**
 * Starts the runtime. Throws `HomeError` when a port is taken, `DataFolderError` when the data folder cannot be
 * used, and an error naming file and line when `convex/` cannot be deployed; nothing keeps running then.
 */
export async function startConvex(options: ConvexOptions): Promise<Convex> {
  const closing = new AsyncDisposableStack();
  try {
    return await start(options, closing);
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

/** `closing` undoes in reverse order: sockets, ports, scheduler, running mutations, functions, store. */
async function start(options: ConvexOptions, closing: AsyncDisposableStack): Promise<Convex> {
  const { clock, log } = options;
  const path = join(options.dataDir, DATABASE_FILE);
  const store = openStore({ path, clock, onFatal: (error) => log(error.message) });
  closing.defer(() => store.close());

  // Filled in once the ports are known, which is before the first deploy reads it.
  const systemEnv: Record<string, string> = {};
  const { runner, application, deployer, functionLog } = await assemble(options, store, systemEnv);
  closing.defer(() => runner.close());
  closing.defer(() => application.close());
  closing.defer(() => deployer.close());
  const scheduler = new Scheduler({ application, log });
  closing.defer(() => scheduler.stop());

  const { api, site } = await openPorts(options);
  closing.defer(async () => void (await Promise.all([api.close(), site.close()])));
  const urls = { apiUrl: options.cloudUrl ?? api.url, siteUrl: options.siteUrl ?? site.url };
  Object.assign(systemEnv, { CONVEX_CLOUD_URL: urls.apiUrl, CONVEX_SITE_URL: urls.siteUrl });

  await deployer.deployFolder();
  if (!options.idle) {
    await scheduler.start();
    deployer.onChange(() => scheduler.deploymentChanged());
  }
  const { exports, imports } = await openTransfers(options, store, application);
  closing.defer(async () => void (await Promise.all([exports.close(), imports.close()])));
  const sockets = serve(options, { runner, application, deployer, functionLog, exports, imports, api, site, urls });
  closing.defer(() => sockets.closeAll("ServerShutdown"));

  if (options.watch.length > 0) {
    const redeploy = () => deployer.deployFolder();
    const watcher = new Watcher({ folders: options.watch, redeploy, log });
    closing.defer(() => watcher.close());
  }
  return { ...urls, store, close: () => closing.disposeAsync() };
}

async function openTransfers({ dataDir, log }: ConvexOptions, store: SqliteStore, application: Application) {
  const databasePath = join(dataDir, DATABASE_FILE);
  const [exports, imports] = await Promise.all([
    Exports.open({ application, databasePath, dir: join(dataDir, "exports"), log }),
    Imports.open({ application, store, dir: join(dataDir, "imports"), log }),
  ]);
  return { exports, imports };
}

async function openPorts({ host, apiPort, sitePort, log }: ConvexOptions): Promise<{ api: Port; site: Port }> {
  const api = await openPort({ name: "Convex API", host, port: apiPort }, log);
  try {
    return { api, site: await openPort({ name: "HTTP actions", host, port: sitePort }, log) };
  } catch (error) {
    await api.close();
    throw error;
  }
}

/**
 * Runner, application and deployer need one another: actions reach the application through `host`, and the deployer
 * knows the environment.
 */
async function assemble(
  { convexDir, cacheDir, env: baseVariables, clock, log }: ConvexOptions,
  store: Store,
  systemEnv: Record<string, string>,
): Promise<Pick<Served, "runner" | "application" | "deployer" | "functionLog">> {
  const host: ActionHost = {
    query: (call) => application.actionHost.query(call),
    mutation: (call) => application.actionHost.mutation(call),
    action: (call) => application.actionHost.action(call),
    schedule: (component, job) => application.actionHost.schedule(component, job),
    cancel: (component, jobId) => application.actionHost.cancel(component, jobId),
  };
  const { catalog } = store;
  const env = () => deployer.variables();
  const functionLog = new FunctionLog();
  const logHttpAction = (name: string, line: string) => {
    log(`[${name}] ${line}`);
    functionLog.record(httpActionLine(name, line, clock.nowMs()));
  };
  const runner = await loadRunner({ convexDir, cacheDir, env, systemEnv, catalog, clock, host, log, logHttpAction });
  const deployment = () => runner.deployment;
  const cloudUrl = () => systemEnv.CONVEX_CLOUD_URL ?? "";
  const application = new Application({
    store,
    runner: withSystemQueries(runner, { catalog, deployment, baseVariables, cloudUrl }),
    clock,
    metrics: new Metrics(),
    functionLog,
    log,
    newRequestId: () => randomBytes(8).toString("hex"),
    random: Math.random,
  });
  const deployer = new Deployer({ store, runner, application, baseVariables });
  return { runner, application, deployer, functionLog };
}

interface Served {
  runner: Runner;
  application: Application;
  deployer: Deployer;
  functionLog: FunctionLog;
  exports: Exports;
  imports: Imports;
  api: Port;
  site: Port;
  urls: { apiUrl: string; siteUrl: string };
}

function serve(
  { clock, adminKey, log, onClockMoved, convexDir }: ConvexOptions,
  { runner, application, deployer, functionLog, exports, imports, api, site, urls }: Served,
): Sockets {
  const tokens = new TokenVerifier({ providers: () => runner.deployment.authProviders, clock });
  const authenticator = new Authenticator({ tokens, adminKey });
  const sockets = new Sockets({ application, authenticator, log });
  sockets.attach(api.server);
  const gauges = () => ({
    sockets: sockets.count,
    subscriptions: sockets.subscriptionCount,
    liveQueries: application.live.watchedCount,
  });
  const advanceClock = async (byMs: number) => {
    clock.advance(byMs);
    await onClockMoved?.(clock.aheadMs);
    return clock.nowMs();
  };
  api.serve([
    runtimeRoutes({ adminKey, metrics: application.metrics, gauges, advanceClock }),
    siteRoutes({ application, authenticator }, "/http"),
    logRoutes({ authenticator, functionLog }),
    transferRoutes({ authenticator, exports, imports }),
    deployRoutes({
      authenticator,
      deployer,
      catalog: application.store.catalog,
      deployment: () => runner.deployment,
      urls,
      projectDir: dirname(convexDir),
      version,
    }),
    apiRoutes({ application, authenticator, instanceName: INSTANCE_NAME, version }),
  ]);
  site.serve([siteRoutes({ application, authenticator }, "")]);
  return sockets;
}
