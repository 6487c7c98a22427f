import type { Call } from "./call.ts";
import type { StoredObject } from "./catalogue.ts";
import { rangeApplies, readVerdict } from "./conditions.ts";
import { identityHeaders, servedHeaders } from "./objectHeaders.ts";
import { type ByteRange, readRange } from "./ranges.ts";
import { noSuchKey } from "./s3Errors.ts";
import { keyOf } from "./s3Request.ts";

/** A read as it is decided before any byte of the object moves. */
export interface Read {
  status: 200 | 206 | 304;
  headers: Record<string, string>;
  object: StoredObject;
  /** Which bytes are meant. */
  range: ByteRange;
}

/** Decides what a read of an object answers. Throws `NoSuchKey`, `PreconditionFailed` or `InvalidRange`. */
export function readObject({ request, store }: Call): Read {
  const object = store.catalogue.object(keyOf(request));
  if (!object) throw noSuchKey(request.key!);
  const whole = { startByte: 0, endByte: object.sizeBytes };
  if (readVerdict(request, object) === "notModified")
    return { status: 304, headers: identityHeaders(object), object, range: whole };
  const range = rangeApplies(request, object) ? readRange(request.headers.get("range"), object.sizeBytes) : null;
  return { status: range ? 206 : 200, headers: servedHeaders(request, object, range), object, range: range ?? whole };
}
