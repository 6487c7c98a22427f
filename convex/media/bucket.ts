import { AwsClient } from "aws4fetch";
import type { ByteRange } from "../../src/shared/segments.ts";

/*
 * The bucket, as far as Convex's runtime can speak to it: presigned requests whose answers are a status and bytes. What
 * S3 answers in XML is for the Node actions, since this runtime has no parser of XML.
 */

/** Tries of one request, and the pause before the second; each further pause is twice as long. */
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 150;
/** Until the bucket begins to answer, and between one piece of an object and the next. */
const SILENCE_MS = 20_000;
/** Signatures hold for a while around the bucket's time; a clock that is further off is put right by what it says. */
const LARGEST_SKEW_MS = 60_000;
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

  constructor(what: string, status: number) {
    super(`The bucket failed to ${what} (${status || "no answer"})`);
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

/**
 * The bytes of a range of an object. Throws `BucketError`, with status 404 where there is no such object; so does reading
 * them, where the bucket falls silent. Whoever stops reading early ends the request.
 */
export async function getObject(
  settings: BucketSettings,
  key: string,
  range: ByteRange,
): Promise<AsyncGenerator<Uint8Array>> {
  const headers = { Range: `bytes=${range.start}-${range.end - 1}` };
  const response = await ask(settings, { what: "read an object", method: "GET", key, headers });
  if (response.status === 206 && response.body) return chunksOf(response.body);
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
  let skewMs = 0;
  for (let attempt = 1; ; attempt++) {
    const response = await askOnce(settings, asked, Date.now() + skewMs);
    if (response?.ok) return response;
    const status = response?.status ?? 0;
    await response?.body?.cancel();
    const foundSkewMs = status === 403 ? skewOf(response) : 0;
    const isPassing = status === 0 || status >= 500 || Math.abs(foundSkewMs - skewMs) > LARGEST_SKEW_MS;
    if (!isPassing || attempt === ATTEMPTS) throw new BucketError(asked.what, status);
    skewMs = foundSkewMs || skewMs;
    await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
  }
}

/** How far the bucket's clock is ahead of ours, as its answer says. */
function skewOf(response: Response | null): number {
  const serverMs = Date.parse(response?.headers.get("Date") ?? "");
  return Number.isNaN(serverMs) ? 0 : serverMs - Date.now();
}

/** The bucket's answer, or null where none came in time. */
async function askOnce(settings: BucketSettings, asked: Asked, nowMs: number): Promise<Response | null> {
  const { method, key, headers, body } = asked;
  const url = await presign(settings, { method, key, nowMs });
  const abort = new AbortController();
  const late = setTimeout(() => abort.abort(), SILENCE_MS);
  try {
    return await fetch(url, { method, headers, body, signal: abort.signal });
  } catch (error) {
    console.warn("The bucket does not answer:", error instanceof Error ? error.message : error);
    return null;
  } finally {
    clearTimeout(late);
  }
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await unlessSilent(reader.read()); !next.done; next = await unlessSilent(reader.read())) {
      yield next.value;
    }
  } finally {
    await reader.cancel();
  }
}

async function unlessSilent<Value>(reading: Promise<Value>): Promise<Value> {
  let late: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new BucketError("send the rest of an object", 0)), SILENCE_MS);
  });
  try {
    return await Promise.race([reading, silence]);
  } finally {
    clearTimeout(late);
  }
}

/** An address that takes the bytes of one object, for whoever has it within two minutes of `nowMs`. */
export function presignPut(settings: BucketSettings, key: string, nowMs: number): Promise<string> {
  return presign(settings, { method: "PUT", key, nowMs });
}

async function presign(
  { endpoint, bucket, ...keys }: BucketSettings,
  { method, key, nowMs }: { method: string; key: string; nowMs: number },
): Promise<string> {
  const client = new AwsClient({ ...keys, service: "s3", region: "auto" });
  const url = `${endpoint}/${bucket}/${key}?X-Amz-Expires=${URL_SECONDS}`;
  const datetime = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const request = await client.sign(url, { method, aws: { signQuery: true, datetime } });
  return request.url;
}

function required(name: string, value: string | undefined): string {
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
