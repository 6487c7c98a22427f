import { toBase64Url } from "../../src/shared/bytes.ts";

/** A new name in the bucket: 256 random bits, so that none meets another's and none tells anything. For actions only. */
export function newBucketKey(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
}

/** A new row's name in keys and envelopes: 128 random bits. For actions only. */
export function newRecordId(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
}
