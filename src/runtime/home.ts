/**
 * The embedded home: everything Noruxa needs, in one process and one data folder. This file is its table of
 * contents; each part is a folder or file beside it.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { MovableClock } from "./clock.ts";
import type { HomeConfig } from "./config.ts";
import { clerkHostOf } from "./contentPolicy.ts";
import { startConvex } from "./convex/server.ts";
import { openDataFolder, readIfThere, writePrivately } from "./dataFolder.ts";
import { BUCKET, functionEnv, operatorEmails, pageConfig } from "./environment.ts";
import { startIdentity } from "./identity/server.ts";
import { withLocalhost } from "./listen.ts";
import { refuseMissingMasterKeys } from "./masterKeys.ts";
import { startModels } from "./models/server.ts";
import { startObjects } from "./objects/server.ts";
import { loadSecrets } from "./secrets.ts";
import { type PageConfig, startWeb } from "./web.ts";
import { ensureWebBuild } from "./webBuild.ts";

/** Where functions and what they import live. */
const FUNCTION_SOURCES = ["convex", "src/shared", "src/policy"];

export interface HomeOptions extends HomeConfig {
  /** The project's root: `convex/` and the sources of the web app are below it. */
  projectDir: string;
  /** Load `convex/` again when a file in it changes. */
  watch: boolean;
  /** Run nothing by the clock: what was scheduled and crons wait for the next start. */
  idle?: boolean;
  log: (line: string) => void;
}

export interface Home {
  webUrl: string;
  apiUrl: string;
  siteUrl: string;
  identityUrl: string;
  modelsUrl: string;
  objectsUrl: string;
  adminKey: string;
  /** Stops everything, in the reverse order of starting. */
  close(): Promise<void>;
}

/** Starts a home, or throws and leaves nothing behind: `HomeError` and `DataFolderError` carry the one sentence to show. */
export async function startHome(options: HomeOptions): Promise<Home> {
  const { host, ports, env, projectDir, log } = options;
  const closing = new AsyncDisposableStack();
  try {
    const folder = openDataFolder(options.dataDir);
    closing.defer(folder.release);
    const databaseDir = path.join(folder.dir, "convex");
    const secrets = loadSecrets(folder.dir, databaseDir, env);
    const { adminKey } = secrets;
    const clock = openClock(folder.dir);

    const page = Promise.withResolvers<PageConfig>();
    const building = new AbortController();
    closing.defer(() => building.abort());
    const built = ensureWebBuild({ projectDir, env, log, signal: building.signal });
    built.catch(() => undefined); // Its failure is met where it is awaited, once the rest has started.
    const webDir = path.join(projectDir, "dist", "web");
    const clerkHost = clerkHostOf(env["VITE_CLERK_PUBLISHABLE_KEY"]);
    const web = await startWeb({ host, port: ports.web, dir: webDir, config: page.promise, built, clerkHost });
    closing.defer(web.close);
    const webOrigins = withLocalhost(web.url);

    const identity = await startIdentity({
      dir: path.join(folder.dir, "identity"),
      host,
      port: ports.identity,
      clock,
      adminKey,
      secretKey: secrets.identitySecretKey,
      webhookSecret: secrets.webhookSecret,
      appOrigins: webOrigins,
    });
    closing.defer(identity.close);

    const models = await startModels({
      host,
      port: ports.models,
      apiKey: secrets.modelsApiKey,
      adminKey,
      webhookSecret: secrets.modelsWebhookSecret,
    });
    closing.defer(models.close);

    const objects = await startObjects({
      dataDir: path.join(folder.dir, "objects"),
      host,
      port: ports.objects,
      bucket: BUCKET,
      ...secrets.objects,
      allowedOrigins: webOrigins,
      adminKey,
      log,
    });
    closing.defer(objects.close);

    mkdirSync(databaseDir, { recursive: true, mode: 0o700 });
    const urls = { identity: identity.url, models: models.url, objects: objects.url, webOrigins };
    const convex = await startConvex({
      dataDir: databaseDir,
      convexDir: path.join(projectDir, "convex"),
      cacheDir: path.join(projectDir, "node_modules", ".cache", "noruxa"),
      env: functionEnv(env, secrets, urls, identity.idsOf(operatorEmails(env))),
      clock,
      onClockMoved: (aheadMs) => writePrivately(clockFile(folder.dir), JSON.stringify({ aheadMs })),
      adminKey,
      host,
      apiPort: ports.api,
      sitePort: ports.site,
      log,
      idle: options.idle,
      watch: options.watch ? FUNCTION_SOURCES.map((source) => path.join(projectDir, source)) : [],
    });
    closing.defer(convex.close);

    identity.deliverWebhooksTo(`${convex.siteUrl}/webhooks/clerk`);
    models.deliverWebhooksTo(`${convex.siteUrl}/webhooks/media/openai`);
    page.resolve(pageConfig(env, convex, identity.url));
    await Promise.all([built, refuseMissingMasterKeys(convex.apiUrl, adminKey)]);
    return {
      webUrl: web.url,
      apiUrl: convex.apiUrl,
      siteUrl: convex.siteUrl,
      identityUrl: identity.url,
      modelsUrl: models.url,
      objectsUrl: objects.url,
      adminKey,
      close: () => closing.disposeAsync(),
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

/** The shared clock, as far ahead as it was when the folder was last used. */
function openClock(dir: string): MovableClock {
  const kept = JSON.parse(readIfThere(clockFile(dir)) ?? `{"aheadMs":0}`) as { aheadMs: number };
  return new MovableClock(kept.aheadMs);
}

function clockFile(dir: string): string {
  return path.join(dir, "clock.json");
}
