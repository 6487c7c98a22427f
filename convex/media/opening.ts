import { type Bytes, sameBytes } from "../../src/shared/bytes.ts";
import { type ByteRange, sealedRangeOf, segmentsOf } from "../../src/shared/segments.ts";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { openSeal, readKeyring } from "../encryption/vault.ts";
import { getObject, readBucketSettings } from "./bucket.ts";
import type { Grant } from "./grants.ts";
import { commitTo, ObjectBrokenError, type ObjectPlace, type ObjectSecret, openObject } from "./objectSeal.ts";
import { openName, openObjectKey } from "./seals.ts";

/** An object whose key is at hand. */
export interface OpenedObject {
  secret: ObjectSecret;
  place: ObjectPlace;
  seal: ThreadSeal;
}

/** Opens an object's key and compares the commitment, before a byte is fetched. Throws `ObjectBrokenError`. */
export async function openGrant({ object, material }: Pick<Grant, "object" | "material">): Promise<OpenedObject> {
  const ring = readKeyring();
  const seal = await openSeal(ring, material);
  const place = { envId: ring.envId, key: object.key, ownerId: object.ownerId };
  const secret = {
    objectKey: await openObjectKey(seal, object.key, object.sealedKey),
    header: new Uint8Array(object.header),
  };
  const committed = await commitTo(secret, place, object);
  if (!sameBytes(committed, new Uint8Array(object.commitment))) throw new ObjectBrokenError(object.key);
  return { secret, place, seal };
}

/** The content of a range, from just the segments that hold it. Throws `ObjectBrokenError` and `BucketError`. */
export async function* readRange(
  { secret, place }: OpenedObject,
  contentBytes: number,
  range: ByteRange,
): AsyncGenerator<Bytes> {
  const sealed = await getObject(readBucketSettings(), place.key, sealedRangeOf(segmentsOf(range), contentBytes));
  yield* openObject(secret, place, { contentBytes, range, sealed });
}

/** The whole content, in memory: for what is known to be small. */
export async function readWhole(grant: Grant): Promise<Bytes> {
  const { contentBytes } = grant.object;
  const content = new Uint8Array(contentBytes);
  let filled = 0;
  for await (const chunk of readRange(await openGrant(grant), contentBytes, { start: 0, end: contentBytes })) {
    content.set(chunk, filled);
    filled += chunk.length;
  }
  return content;
}

/** The name of a file, or null where it has none. */
export async function nameOf({ seal }: OpenedObject, { recordId, sealedName }: Grant): Promise<string | null> {
  return sealedName ? openName(seal, recordId, sealedName) : null;
}
