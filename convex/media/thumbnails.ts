"use node";

import { v } from "convex/values";
import sharp, { type Sharp } from "sharp";
import { PICTURE_PIXELS, THUMBNAIL_PIXELS } from "../../src/shared/media.ts";
import { internal } from "../_generated/api.js";
import { internalAction } from "../_generated/server.js";
import type { Grant } from "./grants.ts";
import { openGrant, readRange } from "./opening.ts";
import { firstFrame } from "./posters.ts";
import { storeObject } from "./storing.ts";

/** What of an object is read to picture it: all of a picture, the beginning of a long video. */
const SOURCE_BYTES = 32 * 1024 * 1024;
const THUMBNAIL_BYTES = 1024 * 1024;
const QUALITY = 78;

/**
 * Makes the small picture of a medium, sealed like the medium itself. Does nothing where it has one or is gone; what
 * cannot be pictured is noted and not tried again, while trouble with the bucket is left to the next run of `retryDue`.
 */
export const make = internalAction({
  args: { mediaId: v.id("media") },
  returns: v.null(),
  handler: async (ctx, { mediaId }): Promise<null> => {
    const source = await ctx.runQuery(internal.media.thumbnailing.source, { mediaId });
    if (!source) return null;
    const picture = await pictureOf(source.grant);
    if (!picture) {
      await ctx.runMutation(internal.media.thumbnailing.giveUp, { mediaId });
      return null;
    }
    const { home } = source;
    const { thumbnail, width, height } = picture;
    const stored = await storeObject(ctx, {
      home,
      mime: "image/webp",
      content: [thumbnail],
      mostBytes: THUMBNAIL_BYTES,
    });
    if (stored) await ctx.runMutation(internal.media.thumbnailing.keep, { mediaId, stored, home, width, height });
    return null;
  },
});

interface Picture {
  thumbnail: Uint8Array;
  /** Size of the original, upright. */
  width: number;
  height: number;
}

async function pictureOf(grant: Grant): Promise<Picture | null> {
  const { mime, contentBytes } = grant.object;
  const source = await readBeginning(grant, Math.min(contentBytes, SOURCE_BYTES));
  return mime.startsWith("video/") ? pictureOfVideo(source, mime) : pictureOfImage(source);
}

async function readBeginning(grant: Grant, bytes: number): Promise<Uint8Array> {
  const beginning = new Uint8Array(bytes);
  let filled = 0;
  for await (const chunk of readRange(await openGrant(grant), grant.object.contentBytes, { start: 0, end: bytes })) {
    beginning.set(chunk, filled);
    filled += chunk.length;
  }
  return beginning;
}

async function pictureOfVideo(video: Uint8Array, mime: string): Promise<Picture | null> {
  const frame = await firstFrame(video, mime);
  if (!frame) return null;
  const { rgba, width, height, rotation } = frame;
  return reduce(sharp(rgba, { raw: { width, height, channels: 4 } }).rotate(rotation), { width, height });
}

async function pictureOfImage(image: Uint8Array): Promise<Picture | null> {
  try {
    const source = sharp(image, { limitInputPixels: PICTURE_PIXELS });
    const { autoOrient } = await source.metadata();
    return await reduce(source.autoOrient(), autoOrient);
  } catch (error) {
    console.warn("No thumbnail for a picture:", error instanceof Error ? error.message : error);
    return null;
  }
}

async function reduce(source: Sharp, size: { width: number; height: number }): Promise<Picture> {
  const fit = { width: THUMBNAIL_PIXELS, height: THUMBNAIL_PIXELS, fit: "inside", withoutEnlargement: true } as const;
  return { thumbnail: await source.resize(fit).webp({ quality: QUALITY }).toBuffer(), ...size };
}
