/** A store of its own for each test, on a free port and a folder that is removed after. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import os from "node:os";
import path from "node:path";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { onTestFinished } from "vitest";
import { type ObjectsOptions, startObjects } from "../../../src/runtime/objects/server.ts";
import { ADMIN_KEY, BUCKET, CREDENTIALS } from "./settings.ts";

export { BUCKET, CREDENTIALS };
export const APP_ORIGIN = "http://127.0.0.1:3000";
export const MIB = 1024 * 1024;

export async function tempFolder(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "objects-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export async function startTestObjects(options: Partial<ObjectsOptions> = {}) {
  const dataDir = options.dataDir ?? (await tempFolder());
  const lines: string[] = [];
  const objects = await startObjects({
    dataDir,
    host: "127.0.0.1",
    port: 0,
    bucket: BUCKET,
    ...CREDENTIALS,
    allowedOrigins: [APP_ORIGIN],
    adminKey: ADMIN_KEY,
    log: (line) => lines.push(line),
    ...options,
  });
  let closed = false;
  const close = async () => {
    if (!closed) await objects.close();
    closed = true;
  };
  onTestFinished(close);
  const { url, port } = objects;
  return { url, port, dataDir, lines, close, s3: clientOf(url), control: (plan: object) => control(url, plan) };
}

/** The official client as anybody would make it. */
export function clientOf(url: string, config: S3ClientConfig = {}): S3Client {
  const client = new S3Client({ endpoint: url, region: "auto", credentials: CREDENTIALS, ...config });
  onTestFinished(() => client.destroy());
  return client;
}

/** Makes trouble, and answers the state with its log. */
async function control(url: string, plan: object) {
  const headers = { authorization: `Convex ${ADMIN_KEY}`, "content-type": "application/json" };
  const response = await fetch(`${url}/_control`, { method: "POST", headers, body: JSON.stringify(plan) });
  return (await response.json()) as {
    log: { operation: string | null; key: string | null; status: number | null; sentBytes: number }[];
  };
}

/** Names of all files that hold bytes of objects, parts, or uploads under way. */
export async function filesOnDisk(dataDir: string): Promise<string[]> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("objects.sqlite"))
    .map((entry) => entry.name);
}

/** The code in an error document of the S3 API. */
export async function errorCode(response: Response): Promise<string | undefined> {
  return /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1];
}

/** Sends bytes over a socket and answers all that comes back until the other side closes. */
export function exchange(port: number, parts: (string | Buffer)[], { half = false } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const received: Buffer[] = [];
    socket.on("data", (bytes: Buffer) => received.push(bytes));
    socket.on("error", reject);
    socket.on("close", () => resolve(Buffer.concat(received).toString("latin1")));
    for (const part of parts) socket.write(part);
    if (half) socket.end();
  });
}

/** Bytes that repeat only after 256 · 251, so that a shifted range shows. */
export function patternedBytes(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) bytes[i] = (i % 251) ^ (i >> 8);
  return bytes;
}
