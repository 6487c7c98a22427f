/** A runtime of its own for a test, on free ports and in a temporary folder, with its clients. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { type ApiFromModules, anyApi } from "convex/server";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";
import { MovableClock } from "../../../src/runtime/clock.ts";
import type { RuntimeMetrics } from "../../../src/runtime/convex/metrics.ts";
import { type Convex, type ConvexOptions, startConvex } from "../../../src/runtime/convex/server.ts";
import type * as accounts from "./fixtures/convex/accounts.ts";
import type * as actions from "./fixtures/convex/actions.ts";
import type * as counters from "./fixtures/convex/counters.ts";
import type * as jobs from "./fixtures/convex/jobs.ts";
import type * as messages from "./fixtures/convex/messages.ts";
import type * as values from "./fixtures/convex/values.ts";

/** The functions of `fixtures/convex`. */
export const api = anyApi as unknown as ApiFromModules<{
  accounts: typeof accounts;
  actions: typeof actions;
  counters: typeof counters;
  jobs: typeof jobs;
  messages: typeof messages;
  values: typeof values;
}>;

export const FIXTURES = path.join(import.meta.dirname, "fixtures");
export const ADMIN_KEY = "test|0123456789abcdef";

export interface TestRuntime extends Convex {
  clock: MovableClock;
  dataDir: string;
  logs: string[];
  /** Clients that are closed with the runtime. */
  client(): ConvexClient;
  http(token?: string): ConvexHttpClient;
  /** The counters; `reset` starts them anew after they were read. */
  metrics(options?: {
    reset: boolean;
  }): Promise<RuntimeMetrics & { sockets: number; subscriptions: number; liveQueries: number }>;
  /** Closes it and starts it again on the same data folder, at the same ports. */
  restart(): Promise<TestRuntime>;
}

export async function startRuntime(options: Partial<ConvexOptions> = {}): Promise<TestRuntime> {
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(tmpdir(), "noruxa-serving-")));
  const clock = options.clock ?? new MovableClock();
  const logs: string[] = [];
  const convex = await startConvex({
    convexDir: path.join(FIXTURES, "convex"),
    env: { TEST_ISSUER: "https://issuer.test" },
    adminKey: ADMIN_KEY,
    host: "127.0.0.1",
    apiPort: 0,
    sitePort: 0,
    log: (line) => logs.push(line),
    watch: [],
    ...options,
    dataDir,
    clock,
  });
  const clients: ConvexClient[] = [];
  const close = async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await convex.close();
  };
  return {
    ...convex,
    clock,
    dataDir,
    logs,
    client() {
      const client = new ConvexClient(convex.apiUrl, { logger: false });
      clients.push(client);
      return client;
    },
    http: (token) => new ConvexHttpClient(convex.apiUrl, { logger: false, ...(token && { auth: token }) }),
    async metrics({ reset } = { reset: false }) {
      const headers = { authorization: `Convex ${ADMIN_KEY}` };
      return (await fetch(`${convex.apiUrl}/_runtime/metrics${reset ? "?reset=1" : ""}`, { headers })).json();
    },
    async restart() {
      await close();
      const port = (url: string) => Number(new URL(url).port);
      return startRuntime({ ...options, dataDir, clock, apiPort: port(convex.apiUrl), sitePort: port(convex.siteUrl) });
    },
    async close() {
      await close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export interface TestIssuer {
  url: string;
  token(subject: string, options?: { expiresInSeconds?: number; nowMs?: number; key?: CryptoKey }): Promise<string>;
  close(): Promise<void>;
}

/** An OpenID Connect issuer with one RSA key, whose tokens are meant for the application "convex". */
export async function startIssuer(): Promise<TestIssuer> {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256" };
  const server = createServer((request, response) => {
    const isDiscovery = request.url?.endsWith("openid-configuration");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(isDiscovery ? { issuer: url, jwks_uri: `${url}/jwks` } : { keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token(subject, { expiresInSeconds = 3600, nowMs = Date.now(), key = privateKey } = {}) {
      const nowSeconds = Math.floor(nowMs / 1000);
      const claims = { iss: url, sub: subject, aud: "convex", iat: nowSeconds, exp: nowSeconds + expiresInSeconds };
      return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "k1" }).sign(key);
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Waits until `check` holds; fails with what it last saw. */
export async function until<Value>(
  read: () => Value | Promise<Value>,
  check: (value: Value) => boolean,
): Promise<Value> {
  const deadlineMs = performance.now() + 10_000;
  for (;;) {
    const value = await read();
    if (check(value)) return value;
    if (performance.now() > deadlineMs) throw new Error(`It never came: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
