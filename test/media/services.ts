/** What media jobs need around the backend: stand-in models and a bucket on loopback, set as its environment. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DeleteObjectsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { vi } from "vitest";
import { readBucketSettings } from "../../convex/media/bucket.ts";
import { openBucketClient } from "../../convex/media/parts.ts";
import { IMAGE_MODEL, IMAGE_SIZES, VIDEO_MODEL } from "../../src/runtime/models/mediaPlans.ts";
import type { Plan } from "../../src/runtime/models/plans.ts";
import type { LoggedRequest } from "../../src/runtime/models/requestLog.ts";
import { startModels } from "../../src/runtime/models/server.ts";
import { startObjects } from "../../src/runtime/objects/server.ts";

const API_KEY = "sk-standin-media";
const ADMIN_KEY = "noruxa|media";
export const WEBHOOK_SECRET = `whsec_${btoa("a secret for media jobs!")}`;
const BUCKET = { bucket: "media", accessKeyId: "media-key", secretAccessKey: "media-secret" };

export const IMAGE_CREDITS = 40;
export const VIDEO_CREDITS_PER_SECOND = 20;

export interface Services {
  modelsUrl: string;
  /** Sets plans of the stand-in models, or forgets them all. */
  plan(plan: Plan & { reset?: boolean }): Promise<ModelsState>;
  models(): Promise<ModelsState>;
  /** Makes the bucket fail on purpose: see src/runtime/objects/trouble.ts. */
  troubleBucket(trouble: object): Promise<void>;
  /** Names of all objects in the bucket. */
  bucketKeys(): Promise<string[]>;
  emptyBucket(): Promise<void>;
  deliverWebhooksTo(endpoint: string): void;
  /** Makes them the services of the functions under test, until `vi.unstubAllEnvs`. */
  stubEnvironment(): void;
  close(): Promise<void>;
}

export interface ModelsState {
  requests: LoggedRequest[];
  /** Orders for videos that the provider still has. */
  videos: string[];
}

export async function startServices(): Promise<Services> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "noruxa-media-"));
  const host = "127.0.0.1";
  const models = await startModels({
    host,
    port: 0,
    apiKey: API_KEY,
    adminKey: ADMIN_KEY,
    webhookSecret: WEBHOOK_SECRET,
  });
  const objects = await startObjects({
    dataDir,
    host,
    port: 0,
    ...BUCKET,
    allowedOrigins: [],
    adminKey: ADMIN_KEY,
    log: () => {},
  });
  const control = async <Answer>(url: string, body?: object): Promise<Answer> => {
    const init = body && { method: "POST", body: JSON.stringify(body) };
    const headers = { "content-type": "application/json", authorization: `Convex ${ADMIN_KEY}` };
    const response = await fetch(`${url}/_control`, { ...init, headers });
    if (!response.ok) throw new Error(`/_control answers ${response.status}: ${await response.text()}`);
    return (await response.json()) as Answer;
  };
  return {
    modelsUrl: models.url,
    plan: (plan) => control(models.url, plan),
    models: () => control(models.url),
    troubleBucket: async (trouble) => void (await control(objects.url, trouble)),
    bucketKeys,
    emptyBucket,
    deliverWebhooksTo: models.deliverWebhooksTo,
    close: async () => {
      await Promise.all([models.close(), objects.close()]);
      await rm(dataDir, { recursive: true, force: true });
    },
    stubEnvironment: () => stubEnvironment(models.url, objects.url),
  };
}

async function bucketKeys(): Promise<string[]> {
  const { s3, bucket } = openBucketClient(readBucketSettings());
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  s3.destroy();
  return Contents.flatMap(({ Key }) => Key ?? []);
}

async function emptyBucket(): Promise<void> {
  const keys = await bucketKeys();
  const { s3, bucket } = openBucketClient(readBucketSettings());
  const Objects = keys.map((Key) => ({ Key }));
  if (keys.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  s3.destroy();
}

function stubEnvironment(modelsUrl: string, objectsUrl: string): void {
  const sizes = Object.fromEntries(IMAGE_SIZES.map((size) => [size, IMAGE_CREDITS]));
  const models = {
    IMAGE: [{ id: IMAGE_MODEL.id, label: IMAGE_MODEL.label, seed: true, prices: [{ sizes }] }],
    VIDEO: [{ id: VIDEO_MODEL.id, label: VIDEO_MODEL.label, prices: [{ perSecond: VIDEO_CREDITS_PER_SECOND }] }],
  };
  for (const kind of ["IMAGE", "VIDEO"] as const) {
    vi.stubEnv(`${kind}_PROVIDER`, "openai");
    vi.stubEnv(`${kind}_BASE_URL`, `${modelsUrl}/v1`);
    vi.stubEnv(`${kind}_API_KEY`, API_KEY);
    vi.stubEnv(`${kind}_WEBHOOK_SECRET`, WEBHOOK_SECRET);
    vi.stubEnv(`${kind}_MODELS`, JSON.stringify(models[kind]));
  }
  vi.stubEnv("R2_ENDPOINT", objectsUrl);
  vi.stubEnv("R2_BUCKET", BUCKET.bucket);
  vi.stubEnv("R2_ACCESS_KEY_ID", BUCKET.accessKeyId);
  vi.stubEnv("R2_SECRET_ACCESS_KEY", BUCKET.secretAccessKey);
}

/** The most requests that were under way at one moment. */
export function mostAtOnce(requests: LoggedRequest[]): number {
  const edges = requests.flatMap(({ receivedAtMs, endedAtMs }) => [
    { atMs: receivedAtMs, change: 1 },
    { atMs: endedAtMs ?? Number.POSITIVE_INFINITY, change: -1 },
  ]);
  // What ends at the very moment at which something else begins has ended before it.
  edges.sort((a, b) => a.atMs - b.atMs || a.change - b.change);
  let current = 0;
  return Math.max(...edges.map(({ change }) => (current += change)));
}
