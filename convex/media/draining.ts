"use node";

import { AbortMultipartUploadCommand, DeleteObjectsCommand, NoSuchUpload } from "@aws-sdk/client-s3";
import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import { internalAction } from "../_generated/server.js";
import { readBucketSettings } from "./bucket.ts";
import { type BucketClient, openBucketClient } from "./parts.ts";

/**
 * Deletes what the outbox holds, page by page, until nothing is due. Believes only what the bucket confirms key by key;
 * what is left comes round again: see [Note: Outbox for bytes].
 */
export const drain = internalAction({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    const client = openBucketClient(readBucketSettings());
    for (;;) {
      const due = await ctx.runMutation(internal.media.deletes.lease, {});
      if (due.length === 0) return null;
      const gone = await deleteObjects(client, due);
      await ctx.runMutation(internal.media.deletes.confirm, {
        ids: due.filter(({ key }) => gone.has(key)).map(({ id }) => id),
      });
    }
  },
});

interface Due {
  key: string;
  uploadId?: string;
}

/** The keys that the bucket has confirmed to be gone, and with them their uploads in parts. */
async function deleteObjects(client: BucketClient, due: Due[]): Promise<Set<string>> {
  const aborted = await Promise.all(due.map((row) => abortParts(client, row)));
  const keys = due.flatMap(({ key }, index) => (aborted[index] ? [key] : []));
  if (keys.length === 0) return new Set();
  const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: false };
  const answer = await client.s3.send(new DeleteObjectsCommand({ Bucket: client.bucket, Delete })).catch(logged);
  return new Set(answer?.Deleted?.flatMap(({ Key }) => Key ?? []));
}

/** Whether no parts are left of a key's upload in parts, if it had one. */
async function abortParts({ s3, bucket }: BucketClient, { key, uploadId }: Due): Promise<boolean> {
  if (!uploadId) return true;
  try {
    await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }));
    return true;
  } catch (error) {
    return error instanceof NoSuchUpload || logged(error) !== null;
  }
}

function logged(error: unknown): null {
  console.error(error);
  return null;
}
