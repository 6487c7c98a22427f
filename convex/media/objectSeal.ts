import { type Bytes, concat, lengthPrefixed, sameBytes } from "../../src/shared/bytes.ts";
import {
  type ByteRange,
  contentOf,
  HEADER_BYTES,
  NONCE_PREFIX_BYTES,
  SALT_BYTES,
  SEGMENT_BYTES,
  sealedRangeOf,
  segmentCount,
  segmentsOf,
} from "../../src/shared/segments.ts";
import { hkdf, hmac, importAesKey, SCHEME } from "../encryption/keys.ts";

/*
 * [Note: Sealed objects]
 * Each object of the bucket has 32 random bytes of its own, drawn in the action that stores it and kept only in its row,
 * sealed. The bytes are laid out as src/shared/segments.ts says, and sealed as Tink does: the segment key is
 * HKDF-SHA-256(object key, salt, info), the nonce of segment i is prefix · i (4, big-endian) · 1 for the last segment
 * and 0 for the others. Hence
 *
 *  - a segment that was moved, or comes from another object, does not open: its nonce or its key is another;
 *  - nothing can be cut off or added: only the true last segment opens as the last;
 *  - `info` names deployment, object and owner, so a row that is given to somebody else does not open either.
 *
 * What a range read cannot see, namely the length and the type in the row, is tied to the key by a commitment,
 * HMAC(object key, object, type, length), compared before anything is opened. It also makes sure that an object opens
 * under one key only, which GCM alone does not. The length is not part of `info`, as it would otherwise have to be known
 * before the first byte is sealed, and providers do not always say it.
 */

const OBJECT_KEY_BYTES = 32;
/** Segments under way at once: hides the latency of WebCrypto's threads, and bounds the memory. */
const SEGMENTS_AT_ONCE = 4;

/** What the bytes of an object are bound to. */
export interface ObjectPlace {
  envId: string;
  /** Name in the bucket. */
  key: string;
  ownerId: string;
}

/** What the row of an object says about its content. */
export interface ObjectContent {
  mime: string;
  contentBytes: number;
}

/** What opens an object. */
export interface ObjectSecret {
  objectKey: Bytes;
  header: Bytes;
}

/** An object did not open: damaged, cut, swapped, or its row was changed. Says which object, never what was in it. */
export class ObjectBrokenError extends Error {
  constructor(key: string, cause?: unknown) {
    super(`The object ${key} does not open`, { cause });
    this.name = "ObjectBrokenError";
  }
}

/** A new object's key and header. Only for actions, whose randomness is fit for keys. */
export function drawObjectSecret(): ObjectSecret {
  const draw = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const header = concat(Uint8Array.of(HEADER_BYTES), draw(SALT_BYTES), draw(NONCE_PREFIX_BYTES));
  return { objectKey: draw(OBJECT_KEY_BYTES), header };
}

/** The commitment to an object's key, type and length. */
export function commitTo({ objectKey }: ObjectSecret, place: ObjectPlace, content: ObjectContent): Promise<Bytes> {
  const { mime, contentBytes } = content;
  return hmac(objectKey, lengthPrefixed(SCHEME, "commit", place.envId, place.key, mime, contentBytes));
}

/**
 * The sealed bytes of an object, segment by segment, from its content in chunks of any size. Holds a few segments at a
 * time, whatever the length.
 */
export async function* sealObject(
  secret: ObjectSecret,
  place: ObjectPlace,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Bytes> {
  const key = await segmentKey(secret, place);
  const seal = async ({ bytes, index, isLast }: Segment) => {
    const iv = segmentNonce(secret.header, index, isLast);
    const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes));
    return index === 0 ? concat(secret.header, sealed) : sealed;
  };
  yield* inOrder(contentSegments(content), seal);
}

/**
 * A range of an object's content, from the sealed bytes of just the segments that hold it: see `segmentsOf` and
 * `sealedRangeOf`. Throws `ObjectBrokenError` before it gives a byte that is not the content's.
 */
export async function* openObject(
  secret: ObjectSecret,
  place: ObjectPlace,
  { contentBytes, range, sealed }: { contentBytes: number; range: ByteRange; sealed: AsyncIterable<Uint8Array> },
): AsyncGenerator<Bytes> {
  const key = await segmentKey(secret, place);
  const lastIndex = segmentCount(contentBytes) - 1;
  const open = async ({ bytes, index }: Omit<Segment, "isLast">) => {
    try {
      const iv = segmentNonce(secret.header, index, index === lastIndex);
      const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, withoutHeader(secret, bytes, index));
      return trim(new Uint8Array(opened), contentOf(index, contentBytes), range);
    } catch (error) {
      throw new ObjectBrokenError(place.key, error);
    }
  };
  yield* inOrder(sealedSegments(place.key, { contentBytes, range, sealed }), open);
}

interface Segment {
  bytes: Bytes;
  index: number;
  isLast: boolean;
}

async function segmentKey({ objectKey, header }: ObjectSecret, place: ObjectPlace): Promise<CryptoKey> {
  const salt = header.slice(1, 1 + SALT_BYTES);
  const info = lengthPrefixed(SCHEME, "object", place.envId, place.key, place.ownerId);
  return importAesKey(await hkdf(objectKey, salt, info, 32));
}

function segmentNonce(header: Bytes, index: number, isLast: boolean): Bytes {
  const nonce = new Uint8Array(12);
  nonce.set(header.subarray(1 + SALT_BYTES));
  const view = new DataView(nonce.buffer);
  view.setUint32(NONCE_PREFIX_BYTES, index);
  view.setUint8(11, isLast ? 1 : 0);
  return nonce;
}

/**
 * Cuts content into what each segment holds. A full segment waits until it is known whether more follows. All come in the
 * same memory, one after the other: WebCrypto takes a copy when it is called, before the next one is asked for.
 */
async function* contentSegments(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Segment> {
  let index = 0;
  const memory = new Uint8Array(SEGMENT_BYTES);
  let filling = memory.subarray(0, capacityOf(index));
  let filled = 0;
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length; ) {
      if (filled === filling.length) {
        yield { bytes: filling, index, isLast: false };
        filling = memory.subarray(0, capacityOf(++index));
        filled = 0;
      }
      const part = chunk.subarray(offset, offset + filling.length - filled);
      filling.set(part, filled);
      filled += part.length;
      offset += part.length;
    }
  }
  yield { bytes: filling.subarray(0, filled), index, isLast: true };
}

function capacityOf(index: number): number {
  const { start, end } = contentOf(index, Number.MAX_SAFE_INTEGER);
  return end - start;
}

/** Cuts sealed bytes at the bounds of their segments, in the same memory; throws where there are fewer or more. */
async function* sealedSegments(
  key: string,
  { contentBytes, range, sealed }: { contentBytes: number; range: ByteRange; sealed: AsyncIterable<Uint8Array> },
): AsyncGenerator<Omit<Segment, "isLast">> {
  const { first, last } = segmentsOf(range);
  const lengthOf = (index: number) => {
    const { start, end } = sealedRangeOf({ first: index, last: index }, contentBytes);
    return end - start;
  };
  let index = first;
  const memory = new Uint8Array(SEGMENT_BYTES);
  let filling = memory.subarray(0, lengthOf(index));
  let filled = 0;
  for await (const chunk of sealed) {
    for (let offset = 0; offset < chunk.length; ) {
      if (index > last) throw new ObjectBrokenError(key, new Error("More bytes than the object has"));
      const part = chunk.subarray(offset, offset + filling.length - filled);
      filling.set(part, filled);
      filled += part.length;
      offset += part.length;
      if (filled < filling.length) continue;
      yield { bytes: filling, index };
      index++;
      filling = memory.subarray(0, index <= last ? lengthOf(index) : 0);
      filled = 0;
    }
  }
  if (index <= last) throw new ObjectBrokenError(key, new Error("Fewer bytes than the object has"));
}

/** The header is not authenticated by the segments, so it is compared with the one that made the key. */
function withoutHeader({ header }: ObjectSecret, bytes: Bytes, index: number): Bytes {
  if (index > 0) return bytes;
  if (!sameBytes(bytes.subarray(0, HEADER_BYTES), header)) throw new Error("The header is another");
  return bytes.subarray(HEADER_BYTES);
}

function trim(bytes: Bytes, at: ByteRange, range: ByteRange): Bytes {
  return bytes.subarray(Math.max(0, range.start - at.start), Math.min(bytes.length, range.end - at.start));
}

/** Works on several items at once and gives the results in the items' order. */
async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  for await (const item of items) {
    const result = work(item);
    // A failure is met in its turn; until then, or where nobody waits for it any more, it must not count as unhandled.
    result.catch(() => undefined);
    underWay.push(result);
    if (underWay.length === SEGMENTS_AT_ONCE) yield await (underWay.shift() as Promise<Result>);
  }
  for (const result of underWay) yield await result;
}
