"use node";

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { type Bytes, release } from "../../src/shared/bytes.ts";
import { SEGMENT_BYTES } from "../../src/shared/segments.ts";
import type { BucketSettings } from "./bucket.ts";

/** One part of an upload: R2 wants all but the last alike, and at least 5 MiB, which is what one of them takes. */
const PART_BYTES = 20 * SEGMENT_BYTES;
/** Tries of one request, and how long each may take: all of them together less than `SILENT_MS` of making.ts. */
const ATTEMPTS = 4;
const CONNECT_MS = 10_000;
const ANSWER_MS = 40_000;

/** The bucket through the official client, for what is answered in XML. */
export interface BucketClient {
  s3: S3Client;
  bucket: string;
}

export function openBucketClient({ endpoint, bucket, accessKeyId, secretAccessKey }: BucketSettings): BucketClient {
  const credentials = { accessKeyId, secretAccessKey };
  const requestHandler = { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true };
  const place = { region: "auto", endpoint, forcePathStyle: true };
  return { s3: new S3Client({ ...place, credentials, maxAttempts: ATTEMPTS, requestHandler }), bucket };
}

export interface SealedUpload {
  key: string;
  /** Segments as `sealObject` gives them: all but the last of one length, which divides a part's. */
  sealed: AsyncIterable<Bytes>;
  /** Told the bucket's id of an upload in parts before the first part is sent. */
  onParts: (uploadId: string) => Promise<void>;
}

/** Stores sealed bytes: in one request where they fit one part, else in parts, of which one is in memory at a time. */
export async function putSealed(client: BucketClient, { key, sealed, onParts }: SealedUpload): Promise<void> {
  const parts = inParts(sealed);
  const { value: first } = await parts.next();
  if (!first) throw new Error("A sealed object has at least its header");
  if (first.isLast) return putWhole(client, key, first.bytes);

  const upload = { Bucket: client.bucket, Key: key };
  const { UploadId } = await client.s3.send(new CreateMultipartUploadCommand(upload));
  if (!UploadId) throw new Error("The bucket opened an upload without an id");
  await onParts(UploadId);
  try {
    await putParts(client, { ...upload, UploadId }, chain(first, parts));
  } catch (error) {
    await client.s3.send(new AbortMultipartUploadCommand({ ...upload, UploadId })).catch(() => undefined);
    throw error;
  }
}

async function putWhole({ s3, bucket }: BucketClient, key: string, body: Uint8Array): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
}

async function putParts(
  { s3 }: BucketClient,
  upload: { Bucket: string; Key: string; UploadId: string },
  parts: AsyncIterable<Part>,
): Promise<void> {
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for await (const { bytes: Body } of parts) {
    const PartNumber = Parts.length + 1;
    const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
}

interface Part {
  bytes: Uint8Array;
  isLast: boolean;
}

/**
 * Joins segments to parts. A full part waits until a segment shows whether more follows. All come in the same memory, one
 * after the other: a part is sent before the next one is asked for.
 */
async function* inParts(segments: AsyncIterable<Bytes>): AsyncGenerator<Part> {
  const memory = new Uint8Array(PART_BYTES);
  let filled = 0;
  for await (const segment of segments) {
    if (filled === PART_BYTES) {
      yield { bytes: memory, isLast: false };
      filled = 0;
    }
    memory.set(segment, filled);
    filled += segment.length;
    release(segment);
  }
  if (filled > 0) yield { bytes: memory.subarray(0, filled), isLast: true };
}

async function* chain(first: Part, rest: AsyncIterable<Part>): AsyncGenerator<Part> {
  yield first;
  yield* rest;
}
