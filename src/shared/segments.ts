/*
 * Where the bytes of a sealed object are. The layout is Tink's AES256-GCM-HKDF streaming one, with ciphertext segments
 * of 256 KiB (https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming):
 *
 *     header (40) = its length (1) · salt (32) · nonce prefix (7)
 *     segment 0   = header · ciphertext · tag (16)      each segment but the last has SEGMENT_BYTES in all
 *     segment i   = ciphertext · tag (16)
 *
 * So any range of the content is found in the sealed bytes by arithmetic alone. Pure.
 */

/** Sealed bytes of every segment but the last, header and tag included. */
export const SEGMENT_BYTES = 262_144;
export const SALT_BYTES = 32;
export const NONCE_PREFIX_BYTES = 7;
export const HEADER_BYTES = 1 + SALT_BYTES + NONCE_PREFIX_BYTES;
export const TAG_BYTES = 16;

/** Bytes a segment has besides its tag. */
const PAYLOAD_BYTES = SEGMENT_BYTES - TAG_BYTES;

/** A range of bytes; `end` is the first byte after it. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Segments of an object, `last` included. */
export interface SegmentRange {
  first: number;
  last: number;
}

/** How many segments content of this length has; empty content has one. */
export function segmentCount(contentBytes: number): number {
  return Math.max(1, Math.ceil((contentBytes + HEADER_BYTES) / PAYLOAD_BYTES));
}

/** Length of the sealed object. */
export function sealedLength(contentBytes: number): number {
  return contentBytes + HEADER_BYTES + TAG_BYTES * segmentCount(contentBytes);
}

/** The part of the content that is in one segment. */
export function contentOf(index: number, contentBytes: number): ByteRange {
  return {
    start: Math.max(0, index * PAYLOAD_BYTES - HEADER_BYTES),
    end: Math.min(contentBytes, (index + 1) * PAYLOAD_BYTES - HEADER_BYTES),
  };
}

/** The segments that hold a range of the content, which must not be empty unless the content is. */
export function segmentsOf({ start, end }: ByteRange): SegmentRange {
  const at = (position: number) => Math.floor((position + HEADER_BYTES) / PAYLOAD_BYTES);
  return { first: at(start), last: at(Math.max(start, end - 1)) };
}

/** Where these segments are in the sealed object. */
export function sealedRangeOf({ first, last }: SegmentRange, contentBytes: number): ByteRange {
  return { start: first * SEGMENT_BYTES, end: Math.min((last + 1) * SEGMENT_BYTES, sealedLength(contentBytes)) };
}
