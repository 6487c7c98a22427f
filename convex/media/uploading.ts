import { type MediaType, UPLOAD_BYTES } from "../../src/shared/media.ts";
import { sealedLength } from "../../src/shared/segments.ts";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import type { ActionCtx } from "../_generated/server.js";
import { openSeal, readKeyring } from "../encryption/vault.ts";
import { refusal } from "../lib/errors.ts";
import { withRetries } from "../lib/retries.ts";
import { putObject, readBucketSettings } from "./bucket.ts";
import { newBucketKey, newRecordId } from "./bucketKeys.ts";
import { refuseFalseName } from "./fileNames.ts";
import { type Found, UnfitFileError } from "./inspection/found.ts";
import { inspectFile } from "./inspection/inspect.ts";
import { commitTo, drawObjectSecret, type ObjectSecret, sealObject } from "./objectSeal.ts";
import type { StoredObject } from "./reservations.ts";
import { sealName, sealObjectKey } from "./seals.ts";

/** A file as it comes over the wire. */
export interface UploadedFile {
  body: ReadableStream<Uint8Array> | null;
  /** What the client announced, where it did. */
  announcedBytes: number | null;
  announcedType: string | null;
  name: string | null;
}

/**
 * Takes a file of the caller's in: reads it within its bound, finds out what it is, leaves out what describes the person,
 * seals what remains and stores it. Throws `invalid` and `limit_exceeded` for what is not taken, and `unavailable` where
 * the bucket fails; whatever is thrown, nothing of the file stays.
 */
export async function receiveFile(ctx: ActionCtx, file: UploadedFile): Promise<Id<"media">> {
  const found = inspected(await readBody(file), file);
  const key = newBucketKey();
  // Files that somebody picked together race for the one row that paces them.
  const { ownerId, material } = await withRetries(() => ctx.runMutation(internal.media.uploads.begin, { key }));
  try {
    const ring = readKeyring();
    const seal = await openSeal(ring, material);
    const secret = drawObjectSecret();
    const place = { envId: ring.envId, key, ownerId };
    const content = { mime: found.mime, contentBytes: lengthOf(found.parts) };
    await putObject(readBucketSettings(), key, await sealWhole(secret, place, found.parts));
    const stored: StoredObject = {
      key,
      sealedKey: await sealObjectKey(seal, key, secret.objectKey),
      header: secret.header.buffer,
      commitment: (await commitTo(secret, place, content)).buffer,
      ...content,
    };
    const recordId = newRecordId();
    const sealedName = file.name ? await sealName(seal, recordId, file.name) : undefined;
    const { width, height } = found;
    const mediaId = await ctx.runMutation(internal.media.uploads.finish, {
      recordId,
      stored,
      sealedName,
      width,
      height,
    });
    if (!mediaId) throw refusal("closing", "This account is being closed.");
    return mediaId;
  } catch (error) {
    await ctx.runMutation(internal.media.reservations.abandon, { key });
    throw error;
  }
}

/** The file, which is as long as it was announced to be and no longer than it may be. */
async function readBody({ body, announcedBytes }: UploadedFile): Promise<Uint8Array> {
  if (announcedBytes !== null && announcedBytes > UPLOAD_BYTES) throw tooLarge();
  let bytes = new Uint8Array(announcedBytes ?? UPLOAD_BYTES + 1);
  let filled = 0;
  for await (const chunk of chunksOf(body)) {
    if (filled + chunk.length > Math.min(bytes.length, UPLOAD_BYTES)) throw tooLarge();
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  if (announcedBytes !== null && filled < announcedBytes) throw cutOff();
  bytes = bytes.subarray(0, filled);
  return bytes;
}

async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (!body) return;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw cutOff();
    });
    if (done) return;
    yield value;
  }
}

function inspected(bytes: Uint8Array, { announcedType, name }: UploadedFile): Found {
  try {
    const found = inspectFile(bytes);
    refuseFalseName(name, found.mime);
    refuseOtherType(announcedType, found.mime);
    return found;
  } catch (error) {
    if (error instanceof UnfitFileError) throw refusal("invalid", error.message);
    throw error;
  }
}

/** What a browser says about a file it picked is mostly a guess from its name; a false one is no accident. */
function refuseOtherType(announced: string | null, mime: MediaType): void {
  const type = announced?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (!/^(image|video)\//.test(type) || type === mime) return;
  if (type === "image/jpg" && mime === "image/jpeg") return;
  throw new UnfitFileError("The file is not of the type it says.");
}

async function sealWhole(
  secret: ObjectSecret,
  place: Parameters<typeof sealObject>[1],
  parts: Uint8Array[],
): Promise<Uint8Array<ArrayBuffer>> {
  const sealed = new Uint8Array(sealedLength(lengthOf(parts)));
  let filled = 0;
  for await (const segment of sealObject(secret, place, parts)) {
    sealed.set(segment, filled);
    filled += segment.length;
  }
  return sealed;
}

function lengthOf(parts: Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function tooLarge() {
  return refusal("limit_exceeded", `A file can have up to ${UPLOAD_BYTES / 1024 / 1024} MB.`);
}

function cutOff() {
  return refusal("invalid", "The file did not arrive whole.");
}
