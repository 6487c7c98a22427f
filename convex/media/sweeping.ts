"use node";

import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import { internalAction } from "../_generated/server.js";
import { readBucketSettings } from "./bucket.ts";
import { type BucketClient, openBucketClient } from "./parts.ts";

/** Keys of one list, and keys that one mutation looks up. */
const KEYS_PER_PAGE = 1000;
const KEYS_PER_LOOK = 200;

/**
 * One page of a pass over the bucket, which schedules the next; the last page aborts what is left of uploads in parts.
 * Objects that no row names are deleted once two passes have seen them: see `strays.ts`. A list that fails ends the pass,
 * and the next night begins another.
 */
export const sweepPage = internalAction({
  args: { passStartedAt: v.number(), after: v.optional(v.string()) },
  returns: v.null(),
  handler: async (ctx, { passStartedAt, after }): Promise<null> => {
    const client = openBucketClient(readBucketSettings());
    const list = new ListObjectsV2Command({ Bucket: client.bucket, MaxKeys: KEYS_PER_PAGE, StartAfter: after });
    const { Contents = [], IsTruncated } = await client.s3.send(list);
    const keys = Contents.flatMap(({ Key }) => Key ?? []);
    for (let at = 0; at < keys.length; at += KEYS_PER_LOOK) {
      const some = keys.slice(at, at + KEYS_PER_LOOK);
      await ctx.runMutation(internal.media.strays.look, { keys: some, passStartedAt });
    }
    const last = keys.at(-1);
    if (IsTruncated && last) {
      await ctx.scheduler.runAfter(0, internal.media.sweeping.sweepPage, { passStartedAt, after: last });
      return null;
    }
    await ctx.runMutation(internal.media.strays.endPass, { passStartedAt });
    for (const upload of await leftovers(client)) {
      const isWanted = await ctx.runQuery(internal.media.strays.isReserved, { key: upload.Key });
      if (!isWanted) await client.s3.send(new AbortMultipartUploadCommand({ Bucket: client.bucket, ...upload }));
    }
    return null;
  },
});

/** The uploads in parts that the bucket still keeps open. */
async function leftovers({ s3, bucket }: BucketClient): Promise<{ Key: string; UploadId: string }[]> {
  const open: { Key: string; UploadId: string }[] = [];
  let from: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const page = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, ...from }));
    for (const { Key, UploadId } of page.Uploads ?? []) if (Key && UploadId) open.push({ Key, UploadId });
    if (!page.IsTruncated || !page.NextKeyMarker) return open;
    from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
