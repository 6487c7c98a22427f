/** Conditional requests: RFC 9110 §13 for reads, and S3's conditional writes. */
import type { StoredObject, WriteCondition } from "./catalogue.ts";
import { S3Error } from "./s3Errors.ts";
import type { S3Request } from "./s3Request.ts";

export type ReadVerdict = "serve" | "notModified";

/** Whether a read with these conditions is served; throws `PreconditionFailed`. */
export function readVerdict({ headers }: S3Request, { etag, storedAtMs }: StoredObject): ReadVerdict {
  const ifMatch = headers.get("if-match");
  const ifUnmodifiedSinceMs = dateMs(headers.get("if-unmodified-since"));
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, etag)) throw preconditionFailed("If-Match");
  } else if (ifUnmodifiedSinceMs !== null && wholeSeconds(storedAtMs) > ifUnmodifiedSinceMs) {
    throw preconditionFailed("If-Unmodified-Since");
  }
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== undefined) return lists(ifNoneMatch, etag) ? "notModified" : "serve";
  const ifModifiedSinceMs = dateMs(headers.get("if-modified-since"));
  return ifModifiedSinceMs !== null && wholeSeconds(storedAtMs) <= ifModifiedSinceMs ? "notModified" : "serve";
}

/** Whether a `Range` header still means the object there is: `If-Range` names its ETag, or is missing. */
export function rangeApplies({ headers }: S3Request, { etag }: StoredObject): boolean {
  const ifRange = headers.get("if-range");
  return ifRange === undefined || ifRange === `"${etag}"`;
}

/** The condition a write sets with `If-None-Match: *` or `If-Match`. Throws `NotImplemented` for others. */
export function writeCondition({ headers }: S3Request): WriteCondition {
  const ifMatch = headers.get("if-match");
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*")
    throw new S3Error("NotImplemented", "Writes take If-None-Match with * only.");
  return (current) => {
    if (ifNoneMatch === "*" && current) throw preconditionFailed("If-None-Match");
    if (ifMatch === undefined) return;
    if (!current) throw new S3Error("NoSuchKey", "The specified key does not exist.");
    if (!lists(ifMatch, current.etag)) throw preconditionFailed("If-Match");
  };
}

function preconditionFailed(condition: string): S3Error {
  return new S3Error("PreconditionFailed", "At least one of the preconditions you specified did not hold.", {
    Condition: condition,
  });
}

function lists(header: string, etag: string): boolean {
  const tags = header.split(",").map((tag) => tag.trim().replace(/^W\//, "").replaceAll('"', ""));
  return tags.includes("*") || tags.includes(etag);
}

function dateMs(header: string | undefined): number | null {
  const ms = Date.parse(header ?? "");
  return Number.isNaN(ms) ? null : ms;
}

/** HTTP dates have no milliseconds. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
