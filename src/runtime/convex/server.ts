/**
 * The embedded Convex runtime as a whole: `startConvex` opens the store, loads `convex/`, serves the API and
 * site ports and runs the scheduler.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { version } from "convex";
import { Hono } from "hono";
import type { MovableClock } from "../clock.ts";
import { type Listener, listen, type OnNode } from "../listen.ts";
import { Application } from "./application.ts";
import { Authenticator } from "./auth/identity.ts";
import { TokenVerifier } from "./auth/tokens.ts";
import { Deployer } from "./deployer.ts";
import { loadRunner } from "./functions/runner.ts";
import { apiRoutes } from "./http/api.ts";
import { errorResponse } from "./http/errors.ts";
import { runtimeRoutes } from "./http/runtime.ts";
import { siteRoutes } from "./http/site.ts";
import { Metrics } from "./metrics.ts";
import { CronScheduler } from "./scheduler/crons.ts";
import { JobScheduler } from "./scheduler/jobs.ts";
import { Sweeper } from "./scheduler/sweeper.ts";
import { openStore } from "./store/store.ts";
import { Sockets } from "./sync/sockets.ts";
import type { Store } from "./types.ts";
import { Watcher } from "./watcher.ts";

const DATABASE_FILE = "convex.sqlite3";
const INSTANCE_NAME = "noruxa-embedded";
/** How long scheduled functions may still run once the runtime closes; actions found running later have failed. */
const CLOSE_GRACE_MS = 2_000;

export interface ConvexOptions {
  /** Folder that holds the database; must exist. */
  dataDir: string;
  /** The `convex/` folder. */
  convexDir: string;
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
  const cleanups: (() => void | Promise<void>)[] = [];
  const close = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    return await start(options, cleanups, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** `cleanups` run in reverse order. */
async function start(
  options: ConvexOptions,
  cleanups: (() => void | Promise<void>)[],
  close: () => Promise<void>,
): Promise<Convex> {
  const { clock, adminKey, log } = options;
  const metrics = new Metrics();
  const store = openStore({ path: join(options.dataDir, DATABASE_FILE), clock });
  cleanups.push(() => store.close());

  // The ports come first: functions may read their addresses while they are loaded.
  const api = new Port();
  const site = new Port();
  const apiListener = await api.open({ name: "Convex API", host: options.host, port: options.apiPort });
  cleanups.push(() => apiListener.close());
  const siteListener = await site.open({ name: "HTTP actions", host: options.host, port: options.sitePort });
  cleanups.push(() => siteListener.close());
  const apiUrl = options.cloudUrl ?? apiListener.url;
  const siteUrl = options.siteUrl ?? siteListener.url;

  const runner = loadRunner({
    convexDir: options.convexDir,
    env: () => options.env,
    systemEnv: { CONVEX_CLOUD_URL: apiUrl, CONVEX_SITE_URL: siteUrl },
    clock,
    host: {
      query: (call) => application.actionHost.query(call),
      mutation: (call) => application.actionHost.mutation(call),
      action: (call) => application.actionHost.action(call),
      schedule: (component, job) => application.actionHost.schedule(component, job),
      cancel: (component, jobId) => application.actionHost.cancel(component, jobId),
    },
    log,
  });
  cleanups.push(() => runner.close());
  const application = new Application({
    store,
    runner,
    clock,
    metrics,
    log,
    newRequestId: () => randomBytes(8).toString("hex"),
    random: Math.random,
  });
  cleanups.push(() => application.close());

  const jobs = new JobScheduler({ application, log });
  const crons = new CronScheduler({ application, log });
  const sweeper = new Sweeper({ application, log });
  const deployer = new Deployer({ store, runner, application, jobs, crons });
  await deployer.deploy();
  await jobs.start();
  await crons.start();
  sweeper.start();
  cleanups.push(() => withinMs(CLOSE_GRACE_MS, Promise.all([jobs.stop(), crons.stop(), sweeper.stop()])));

  const authenticator = new Authenticator({
    tokens: new TokenVerifier({ providers: () => runner.deployment.authProviders, clock }),
    adminKey,
  });
  const sockets = new Sockets({ application, authenticator, log });
  sockets.attach(apiListener.server);
  cleanups.push(() => sockets.closeAll("ServerShutdown"));

  const gauges = () => ({
    sockets: sockets.count,
    subscriptions: sockets.subscriptionCount,
    liveQueries: application.live.watchedCount,
  });
  const advanceClock = async (byMs: number) => {
    clock.advance(byMs);
    await options.onClockMoved?.(clock.aheadMs);
    return clock.nowMs();
  };
  api.serve(
    [
      runtimeRoutes({ adminKey, metrics, gauges, advanceClock }),
      siteRoutes({ application, authenticator, log }, "/http"),
      apiRoutes({ application, authenticator, instanceName: INSTANCE_NAME, version }),
    ],
    log,
  );
  site.serve([siteRoutes({ application, authenticator, log }, "")], log);

  if (options.watch.length > 0) {
    const watcher = new Watcher({ folders: options.watch, redeploy: () => deployer.redeploy(), log });
    cleanups.push(() => watcher.close());
  }
  return { apiUrl, siteUrl, store, close };
}

/** A port that is open before there is anything to serve on it: requests wait until there is. */
class Port {
  #serve: (routes: Hono<OnNode>) => void = () => {};
  readonly #routes = new Promise<Hono<OnNode>>((resolve) => {
    this.#serve = resolve;
  });

  open(options: { name: string; host: string; port: number }): Promise<Listener> {
    const app = new Hono<OnNode>();
    app.all("*", async (context) => (await this.#routes).fetch(context.req.raw, context.env));
    return listen(app, options);
  }

  serve(parts: Hono<OnNode>[], log: (line: string) => void): void {
    const routes = new Hono<OnNode>();
    for (const part of parts) routes.route("/", part);
    routes.onError((error) => errorResponse(error, log));
    this.#serve(routes);
  }
}

async function withinMs(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
