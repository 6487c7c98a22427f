"use node";

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { SEGMENT_BYTES } from "../../src/shared/segments.ts";
import type { BucketSettings } from "./bucket.ts";

/** One part of an upload: R2 wants all but the last alike, and at least 5 MiB. */
const PART_BYTES = 32 * SEGMENT_BYTES;
const ATTEMPTS = 4;

/** The bucket through the official client, for what is answered in XML. */
export interface BucketClient {
  s3: S3Client;
  bucket: string;
}

export function openBucketClient({ endpoint, bucket, accessKeyId, secretAccessKey }: BucketSettings): BucketClient {
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ region: "auto", endpoint, credentials, forcePathStyle: true, maxAttempts: ATTEMPTS });
  return { s3, bucket };
}

export interface SealedUpload {
  key: string;
  /** Segments as `sealObject` gives them: all but the last of one length, which divides a part's. */
  sealed: AsyncIterable<Uint8Array>;
  /** Told the bucket's id of an upload in parts before the first part is sent. */
  onParts: (uploadId: string) => Promise<void>;
}

/** Stores sealed bytes: in one request where they fit one part, else in parts, of which one is in memory at a time. */
export async function putSealed(client: BucketClient, { key, sealed, onParts }: SealedUpload): Promise<void> {
  const parts = inParts(sealed);
  const first = await parts.next();
  const second = await parts.next();
  if (first.done) throw new Error("A sealed object has at least its header");
  if (second.done) return putWhole(client, key, first.value);

  const upload = { Bucket: client.bucket, Key: key };
  const { UploadId } = await client.s3.send(new CreateMultipartUploadCommand(upload));
  if (!UploadId) throw new Error("The bucket opened an upload without an id");
  await onParts(UploadId);
  try {
    await putParts(client, { ...upload, UploadId }, chain([first.value, second.value], parts));
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
  parts: AsyncIterable<Uint8Array>,
): Promise<void> {
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for await (const Body of parts) {
    const PartNumber = Parts.length + 1;
    const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
}

/** Joins segments to parts. */
async function* inParts(segments: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let part = new Uint8Array(PART_BYTES);
  let filled = 0;
  for await (const segment of segments) {
    part.set(segment, filled);
    filled += segment.length;
    if (filled < PART_BYTES) continue;
    yield part;
    part = new Uint8Array(PART_BYTES);
    filled = 0;
  }
  if (filled > 0) yield part.subarray(0, filled);
}

async function* chain(first: Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* first;
  yield* rest;
}
