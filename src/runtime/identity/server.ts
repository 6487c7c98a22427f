/**
 * Stands in for Clerk where no account is wanted: an OpenID issuer with discovery and key set, the part of
 * the Backend API that the product calls, demo sign-in, and Svix-signed webhooks. It never sees a password.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Hono } from "hono";

import { secureHeaders } from "hono/secure-headers";
import { z } from "zod";
import type { Clock } from "../convex/types.ts";
import { limitBody } from "../limitBody.ts";
import { type Listener, listen, type OnNode, withLocalhost } from "../listen.ts";
import { backendApi } from "./backendApi.ts";
import { Billing } from "./billing.ts";
import { billingForScripts, billingPages } from "./billingRoutes.ts";
import { answerError } from "./clerkErrors.ts";
import { control } from "./control.ts";
import { demoRoutes, findOrCreateUser, openSession } from "./demo.ts";
import { Directory } from "./directory.ts";
import { PAGE_POLICY, signInPage, tokenPage } from "./page.ts";
import { loadSigningKey, TokenIssuer } from "./tokens.ts";
import { fullName } from "./users.ts";
import { WebhookOutbox } from "./webhooks.ts";

/** Bodies are small records; anything larger is a mistake. */
const LARGEST_BODY_BYTES = 256 * 1024;
const PAGE_TOKEN_LIFETIME_S = 3600;

const pageForm = z.object({ email: z.email().max(254), name: z.string().trim().max(100) });

export interface IdentityOptions {
  /** Folder of its own, made when missing. */
  dir: string;
  host: string;
  port: number;
  clock: Clock;
  adminKey: string;
  secretKey: string;
  webhookSecret: string;
  /** Where the app's pages are; they may sign people in. The first is linked to. */
  appOrigins: readonly [string, ...string[]];
}

export interface Identity extends Pick<Listener, "url" | "close"> {
  /** Sends webhooks there from now on; until then they wait. */
  deliverWebhooksTo(endpoint: string): void;
  /** The ids of the people with these mail addresses, registering those who are not known yet. */
  idsOf(emails: string[]): string[];
}

export async function startIdentity(options: IdentityOptions): Promise<Identity> {
  const { dir, clock, webhookSecret: secret } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const key = await loadSigningKey(dir);
  const closing = new AsyncDisposableStack();
  const db = openDatabase(path.join(dir, "identity.sqlite"));
  closing.defer(() => db.close());
  try {
    const webhooks = new WebhookOutbox({ db, clock, secret, instanceId: key.kid });
    closing.defer(() => webhooks.close());
    const directory = new Directory(db, clock, (event, data) => webhooks.add(event, data));
    const billing = new Billing({ db, clock, directory, tell: (event, data) => webhooks.add(event, data) });
    closing.defer(() => billing.close());
    const tokens = new TokenIssuer(key, clock, () => listener.url);
    const app = identityApp({ ...options, directory, billing, tokens, webhooks, ownUrl: () => listener.url });
    const listener = await listen(app, { ...options, name: "identity" });
    closing.defer(listener.close);
    return {
      url: listener.url,
      deliverWebhooksTo: (endpoint) => webhooks.deliverTo(endpoint),
      idsOf: (emails) => emails.map((email) => findOrCreateUser(directory, { email }).id),
      close: () => closing.disposeAsync(),
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

interface Parts {
  directory: Directory;
  billing: Billing;
  tokens: TokenIssuer;
  webhooks: WebhookOutbox;
  ownUrl: () => string;
}

function identityApp({
  directory,
  billing,
  tokens,
  webhooks,
  ownUrl,
  ...options
}: IdentityOptions & Parts): Hono<OnNode> {
  const app = new Hono<OnNode>();
  const { routes: controlRoutes, makeTrouble } = control(options.adminKey, webhooks);
  app.onError(answerError);
  app.use(secureHeaders({ crossOriginResourcePolicy: "cross-origin", referrerPolicy: "same-origin" }));
  app.use(limitBody(LARGEST_BODY_BYTES));
  app.route("/_control", controlRoutes);
  app.use(makeTrouble);
  app.get("/.well-known/openid-configuration", (c) => c.json(tokens.discovery()));
  app.get("/.well-known/jwks.json", (c) => c.json(tokens.keySet()));
  app.route("/v1", backendApi({ directory, tokens, clock: options.clock, secretKey: options.secretKey }));
  const demo = { directory, billing, allowedOrigins: options.appOrigins };
  app.route("/dev/billing", billingForScripts(demo));
  app.route("/dev", demoRoutes({ directory, tokens, allowedOrigins: options.appOrigins }));
  app.route("/billing", billingPages({ ...demo, ownUrl }));
  app.route("/", pages({ directory, tokens, ownUrl, appUrl: options.appOrigins[0] }));
  return app;
}

type PagesDeps = Pick<Parts, "directory" | "tokens" | "ownUrl"> & { appUrl: string };

function pages({ directory, tokens, ownUrl, appUrl }: PagesDeps): Hono {
  const routes = new Hono();
  routes.use("/", async (c, next) => {
    await next();
    c.header("content-security-policy", PAGE_POLICY);
  });
  routes.get("/", (c) => c.html(signInPage(appUrl)));
  routes.post("/", async (c) => {
    const origin = c.req.header("origin") ?? ownUrl();
    if (!withLocalhost(ownUrl()).includes(origin))
      return c.html(signInPage(appUrl, "That form came from another page."), 403);
    const form = pageForm.safeParse(await c.req.parseBody());
    if (!form.success) return c.html(signInPage(appUrl, "Please type a whole mail address."), 400);
    const { user, session } = openSession(directory, form.data);
    const lifetimeS = PAGE_TOKEN_LIFETIME_S;
    const { token } = await tokens.issue({ user, session, template: "convex", lifetimeS });
    return c.html(tokenPage({ name: fullName(user), token, minutes: lifetimeS / 60 }));
  });
  return routes;
}

function openDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  return db;
}
