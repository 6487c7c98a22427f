/** A running identity stand-in in a folder of its own, and an app that receives its webhooks. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { createClerkClient } from "@clerk/backend";
import { onTestFinished } from "vitest";
import { MovableClock } from "../../../src/runtime/clock.ts";
import { type Identity, startIdentity } from "../../../src/runtime/identity/server.ts";

export const SECRET_KEY = "sk_test_of_these_tests";
export const WEBHOOK_SECRET = `whsec_${Buffer.from("0123456789abcdef01234567").toString("base64")}`;
const ADMIN_KEY = "noruxa|feed";
export const APP_ORIGIN = "http://app.test";

export async function tempFolder(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "noruxa-identity-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export async function startTestIdentity({
  dir,
  clock = new MovableClock(),
}: {
  dir?: string;
  clock?: MovableClock;
} = {}) {
  const identity = await startIdentity({
    dir: dir ?? (await tempFolder()),
    host: "127.0.0.1",
    port: 0,
    clock,
    adminKey: ADMIN_KEY,
    secretKey: SECRET_KEY,
    webhookSecret: WEBHOOK_SECRET,
    appOrigins: [APP_ORIGIN],
  });
  onTestFinished(() => identity.close());
  const clerk = createClerkClient({ secretKey: SECRET_KEY, apiUrl: identity.url, telemetry: { disabled: true } });
  return {
    identity,
    clock,
    clerk,
    post: (route: string, body: unknown, headers = {}) => post(identity, route, body, headers),
  };
}

async function post(identity: Identity, route: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(identity.url + route, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export function control(identity: Identity, body: unknown) {
  return post(identity, "/_control", body, { authorization: `Convex ${ADMIN_KEY}` });
}

export interface Received {
  headers: IncomingHttpHeaders;
  text: string;
}

/** An endpoint that answers `status()` and keeps what it receives. */
export async function startWebhookEndpoint(status: () => number = () => 204) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push({ headers: request.headers, text: Buffer.concat(parts).toString() });
      response.writeHead(status()).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/clerk`, received };
}
