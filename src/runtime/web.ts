/** Serves the built web app with the headers promised for every response, and tells it where its services are. */
import path from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { type Listener, listen, type OnNode } from "./listen.ts";
import { KEPT_FOR_EVER, type PageServices, pageHeaders } from "./pageHeaders.ts";

/** What `/config.json` tells the page, so that one build works on any port. */
export interface PageConfig extends PageServices {
  signIn: "embedded" | "clerk";
  operatorName: string;
  /** How to reach the operator: a mail or web address. */
  contact: string;
}

export interface WebOptions {
  host: string;
  port: number;
  /** Folder of the built app. */
  dir: string;
  /** Requests wait until both are there: the home is starting, and a page that waits beats one that fails. */
  config: Promise<PageConfig>;
  built: Promise<void>;
  /** Clerk's Frontend API, where Clerk signs people in. */
  clerkHost: string | null;
}

export function startWeb(options: WebOptions): Promise<Listener> {
  return listen(webApp(options), { ...options, name: "web" });
}

function webApp({ dir, config, built, clerkHost }: WebOptions): Hono<OnNode> {
  const headers = config.then((each) => Object.entries(pageHeaders(each, clerkHost)));
  const files = built.then(() => builtFiles(dir));
  for (const part of [headers, files]) part.catch(() => undefined); // A failure is met by the request that needs it.
  const app = new Hono<OnNode>();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of await headers) c.header(name, value);
  });
  app.use(compress());
  app.get("/config.json", async (c) => {
    c.header("cache-control", "no-store");
    return c.json(await config);
  });
  app.get("*", async (c) => (await files).fetch(c.req.raw, c.env));
  return app;
}

/** The files of the app; any path that names no file is a place inside the app, so it gets the page. */
function builtFiles(dir: string): Hono<OnNode> {
  const app = new Hono<OnNode>();
  app.use(async (c, next) => {
    await next();
    c.header("cache-control", cacheRule(c.req.path, c.res.status));
  });
  app.use(serveStatic({ root: dir }));
  const page = serveStatic({ root: dir, path: "index.html" });
  app.use((c, next) => (path.extname(c.req.path) === "" ? page(c, next) : next()));
  return app;
}

/** Vite names everything under `assets/` by its content, so it never changes; the rest may, with each build. */
function cacheRule(requestPath: string, status: number): string {
  const isNamedByContent = requestPath.startsWith("/assets/") && status === 200;
  return isNamedByContent ? KEPT_FOR_EVER : "no-cache";
}
