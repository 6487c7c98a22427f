import { AwsClient } from "aws4fetch";
import type { ByteRange } from "../../src/shared/segments.ts";

/*
 * The bucket, as far as Convex's runtime can speak to it: presigned requests whose answers are a status and bytes. What
 * S3 answers in XML is for the Node actions, since this runtime has no parser of XML.
 */

/** Tries of one request, and the pause before the second; each further pause is twice as long. */
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 150;
/** Until the bucket begins to answer. */
const ANSWER_MS = 20_000;
/** How long a presigned URL holds. */
const URL_SECONDS = 120;

/** Where the bucket is and what opens it: see .env.example. */
export interface BucketSettings {
  endpoint: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** The bucket did not do what was asked. `status` is its answer, 0 where there was none. */
export class BucketError extends Error {
  readonly status: number;

  constructor(what: string, status: number, cause?: unknown) {
    super(`The bucket failed to ${what} (${status || "no answer"})`, { cause });
    this.name = "BucketError";
    this.status = status;
  }
}

/** The settings of this deployment's bucket. Throws an Error that names the variable at fault. */
export function readBucketSettings(): BucketSettings {
  return {
    endpoint: required("R2_ENDPOINT", process.env.R2_ENDPOINT).replace(/\/+$/, ""),
    bucket: required("R2_BUCKET", process.env.R2_BUCKET),
    accessKeyId: required("R2_ACCESS_KEY_ID", process.env.R2_ACCESS_KEY_ID),
    secretAccessKey: required("R2_SECRET_ACCESS_KEY", process.env.R2_SECRET_ACCESS_KEY),
  };
}

/** Stores an object under a key that has none yet. Repeating it with the same bytes is harmless. */
export async function putObject(settings: BucketSettings, key: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await ask(settings, { what: "store an object", method: "PUT", key, body });
  await response.body?.cancel();
}

/** The bytes of an object, or of a range of it. Throws `BucketError`, with status 404 where there is no such object. */
export async function getObject(
  settings: BucketSettings,
  key: string,
  range: ByteRange,
): Promise<ReadableStream<Uint8Array>> {
  const headers = { Range: `bytes=${range.start}-${range.end - 1}` };
  const response = await ask(settings, { what: "read an object", method: "GET", key, headers });
  if (response.status === 206 && response.body) return response.body;
  await response.body?.cancel();
  throw new BucketError("read a range of an object", response.status);
}

/** Whether the bucket has an object under a key. Throws `BucketError` where it does not say. */
export async function hasObject(settings: BucketSettings, key: string): Promise<boolean> {
  try {
    await ask(settings, { what: "look for an object", method: "HEAD", key });
    return true;
  } catch (error) {
    if (error instanceof BucketError && error.status === 404) return false;
    throw error;
  }
}

interface Asked {
  what: string;
  method: "GET" | "HEAD" | "PUT";
  key: string;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer>;
}

/** Sends a request until it succeeds, is refused for good, or was tried often enough. */
async function ask(settings: BucketSettings, asked: Asked): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOnce(settings, asked);
    } catch (error) {
      const isPassing = error instanceof BucketError && (error.status === 0 || error.status >= 500);
      if (!isPassing || attempt === ATTEMPTS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
  }
}

async function askOnce(settings: BucketSettings, { what, method, key, headers, body }: Asked): Promise<Response> {
  const url = await presign(settings, method, key);
  const abort = new AbortController();
  const late = setTimeout(() => abort.abort(), ANSWER_MS);
  let response: Response;
  try {
    response = await fetch(url, { method, headers, body, signal: abort.signal });
  } catch (error) {
    throw new BucketError(what, 0, error);
  } finally {
    clearTimeout(late);
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw new BucketError(what, response.status);
}

async function presign({ endpoint, bucket, ...keys }: BucketSettings, method: string, key: string): Promise<string> {
  const client = new AwsClient({ ...keys, service: "s3", region: "auto" });
  const url = `${endpoint}/${bucket}/${key}?X-Amz-Expires=${URL_SECONDS}`;
  const request = await client.sign(url, { method, aws: { signQuery: true } });
  return request.url;
}

function required(name: string, value: string | undefined): string {
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
