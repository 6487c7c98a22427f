/**
 * The arithmetic of AWS Signature Version 4 as S3 uses it. Pure: everything it depends on comes in.
 * Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html,
 * sigv4-streaming.html and sigv4-streaming-trailers.html beside it.
 */
import { createHash, createHmac } from "node:crypto";
import type { S3Request } from "./s3Request.ts";

export const ALGORITHM = "AWS4-HMAC-SHA256";
export const EMPTY_SHA256 = createHash("sha256").digest("hex");

/** What a signature is good for: one day, one region, this service. */
export interface Scope {
  /** `YYYYMMDD` */
  date: string;
  region: string;
}

/** Who signs what, when. */
export interface Signer {
  secretAccessKey: string;
  scope: Scope;
  /** `YYYYMMDDTHHMMSSZ` */
  timestamp: string;
}

export interface Signed {
  request: S3Request;
  /** Lower-case names, in the order the signature lists them. */
  signedHeaders: readonly string[];
  /** What stands for the body: its SHA-256 in hex, or one of S3's words for "not in here". */
  payloadHash: string;
}

function sha256Hex(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The request in the one form that both sides can agree on. The signature itself is never part of it. */
export function canonicalRequest({ request, signedHeaders, payloadHash }: Signed): string {
  const headers = signedHeaders.map((name) => `${name}:${canonicalValue(request.headers.get(name) ?? "")}\n`);
  return [
    request.method,
    uriEncode(request.path).replaceAll("%2F", "/"),
    canonicalQuery(request),
    headers.join(""),
    signedHeaders.join(";"),
    payloadHash,
  ].join("\n");
}

export function stringToSign(signer: Signer, canonical: string): string {
  return [ALGORITHM, signer.timestamp, scopeText(signer.scope), sha256Hex(canonical)].join("\n");
}

/** Signature of a text, in hex. */
export function sign(signer: Signer, text: string): string {
  return createHmac("sha256", signingKey(signer)).update(text).digest("hex");
}

/**
 * Signatures of the chunks of one streamed body. Each covers the one before it, so that chunks can be
 * neither swapped nor left out; the first follows the signature of the request.
 */
export class ChunkSignatures {
  readonly #signer: Signer;
  #previous: string;

  constructor(signer: Signer, seedSignature: string) {
    this.#signer = signer;
    this.#previous = seedSignature;
  }

  ofChunk(sha256: string): string {
    return this.#next("AWS4-HMAC-SHA256-PAYLOAD", [EMPTY_SHA256, sha256]);
  }

  /** `trailers`: each as `name:value` and a line feed. */
  ofTrailers(trailers: string): string {
    return this.#next("AWS4-HMAC-SHA256-TRAILER", [sha256Hex(trailers)]);
  }

  #next(algorithm: string, hashes: string[]): string {
    const { timestamp, scope } = this.#signer;
    this.#previous = sign(this.#signer, [algorithm, timestamp, scopeText(scope), this.#previous, ...hashes].join("\n"));
    return this.#previous;
  }
}

/** Percent-encodes everything but A–Z, a–z, 0–9 and `-._~`. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Milliseconds since epoch of `YYYYMMDDTHHMMSSZ`, or null. */
export function timestampMs(timestamp: string): number | null {
  const parts = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(timestamp);
  if (!parts) return null;
  const [, year, month, day, hour, minute, second] = parts;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? null : ms;
}

function canonicalQuery({ query }: S3Request): string {
  return query
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function canonicalValue(value: string): string {
  return value.trim().replace(/ +/g, " ");
}

function scopeText({ date, region }: Scope): string {
  return `${date}/${region}/s3/aws4_request`;
}

function signingKey({ secretAccessKey, scope }: Signer): Buffer {
  const steps = [scope.date, scope.region, "s3", "aws4_request"];
  return steps.reduce<Buffer>(
    (key, step) => createHmac("sha256", key).update(step).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
}
