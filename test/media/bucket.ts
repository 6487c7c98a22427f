/** A bucket on loopback, set as that of the functions under test. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DeleteObjectCommand, PutObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { vi } from "vitest";
import { readBucketSettings } from "../../convex/media/bucket.ts";
import { openBucketClient } from "../../convex/media/parts.ts";
import { startObjects } from "../../src/runtime/objects/server.ts";

const ADMIN_KEY = "noruxa|bucket";
const BUCKET = { bucket: "media", accessKeyId: "media-key", secretAccessKey: "media-secret" };

export interface BucketLog {
  log: { operation: string | null; key: string | null; status: number | null; sentBytes: number }[];
}

export interface TestBucket {
  /** Makes it the bucket of the functions under test, until `vi.unstubAllEnvs`. */
  stubEnvironment(): void;
  /** Makes trouble on purpose, or none; answers with the requests so far. See src/runtime/objects/trouble.ts. */
  control(plan: object): Promise<BucketLog>;
  /** Removes every object and all trouble. */
  empty(): Promise<void>;
  /** Names of all objects. */
  keys(): Promise<string[]>;
  put(key: string, body: Uint8Array): Promise<void>;
  /** Uses the official client, for what a test does to the bucket behind the product's back. */
  withClient<Result>(use: (s3: S3Client, bucket: string) => Promise<Result>): Promise<Result>;
  /** Everything on disk. */
  bytesOnDisk(): Promise<Buffer>;
  close(): Promise<void>;
}

export async function startBucket(): Promise<TestBucket> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "noruxa-bucket-"));
  const options = { dataDir, host: "127.0.0.1", port: 0, allowedOrigins: [], adminKey: ADMIN_KEY, log: () => {} };
  const objects = await startObjects({ ...options, ...BUCKET });
  return {
    stubEnvironment: () => {
      vi.stubEnv("R2_ENDPOINT", objects.url);
      vi.stubEnv("R2_BUCKET", BUCKET.bucket);
      vi.stubEnv("R2_ACCESS_KEY_ID", BUCKET.accessKeyId);
      vi.stubEnv("R2_SECRET_ACCESS_KEY", BUCKET.secretAccessKey);
    },
    control: (plan) => control(objects.url, plan),
    empty: async () => {
      await control(objects.url, { reset: true });
      const all = await keys();
      await withClient((s3, Bucket) =>
        Promise.all(all.map((Key) => s3.send(new DeleteObjectCommand({ Bucket, Key })))),
      );
    },
    keys,
    put: (Key, Body) =>
      withClient(async (s3, Bucket) => void (await s3.send(new PutObjectCommand({ Bucket, Key, Body })))),
    withClient,
    bytesOnDisk: async () => {
      const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => path.join(parentPath, name));
      return Buffer.concat(await Promise.all(files.map((file) => readFile(file))));
    },
    close: async () => {
      await objects.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** However small the pages are that the bucket was told to give. */
function keys(): Promise<string[]> {
  return withClient(async (s3, Bucket) => {
    const all: string[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
      all.push(...Contents.flatMap(({ Key }) => Key ?? []));
    }
    return all;
  });
}

async function withClient<Result>(use: (s3: S3Client, bucket: string) => Promise<Result>): Promise<Result> {
  const { s3, bucket } = openBucketClient(readBucketSettings());
  try {
    return await use(s3, bucket);
  } finally {
    s3.destroy();
  }
}

async function control(url: string, plan: object): Promise<BucketLog> {
  const headers = { "content-type": "application/json", authorization: `Convex ${ADMIN_KEY}` };
  const response = await fetch(`${url}/_control`, { method: "POST", headers, body: JSON.stringify(plan) });
  if (!response.ok) throw new Error(`/_control answers ${response.status}: ${await response.text()}`);
  return (await response.json()) as BucketLog;
}
