/** Headers that an object keeps from its upload, and those it is served with. */
import type { StoredObject } from "./catalogue.ts";
import type { Checksum } from "./checksums.ts";
import type { ByteRange } from "./ranges.ts";
import { S3Error } from "./s3Errors.ts";
import { parameter, type S3Request, setting, settingsUnder } from "./s3Request.ts";

const KEPT = [
  "content-type",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
] as const;

/** R2 keeps at most this much of `x-amz-meta-…` names and values. */
const LARGEST_METADATA_BYTES = 8192;

/** Features of S3 that would be lost in silence if their headers were ignored. */
const UNSUPPORTED = [
  "x-amz-acl",
  "x-amz-copy-source",
  "x-amz-grant-",
  "x-amz-object-lock-",
  "x-amz-server-side-encryption",
  "x-amz-tagging",
  "x-amz-website-redirect-location",
  "x-amz-write-offset-bytes",
];

/** What an upload asks to be served with later. Throws `NotImplemented` or `MetadataTooLarge`. */
export function keptHeaders(request: S3Request): Record<string, string> {
  const unsupported = UNSUPPORTED.find((prefix) => settingsUnder(request, prefix).length > 0);
  if (unsupported)
    throw new S3Error("NotImplemented", `This store does not implement ${unsupported.replace(/-$/, "")}.`);
  const metadata = settingsUnder(request, "x-amz-meta-");
  const sizeBytes = metadata.reduce((sum, [name, value]) => sum + name.length - "x-amz-meta-".length + value.length, 0);
  if (sizeBytes > LARGEST_METADATA_BYTES)
    throw new S3Error("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size.");
  const standard = KEPT.flatMap((name) => {
    const value = keptValue(name, request);
    return value ? [[name, value] as const] : [];
  });
  return sendable([...standard, ...metadata]);
}

/** Headers of an object's answer; `range` says which bytes of it are sent, null that all are. */
export function servedHeaders(
  request: S3Request,
  object: StoredObject,
  range: ByteRange | null,
): Record<string, string> {
  const { startByte, endByte } = range ?? { startByte: 0, endByte: object.sizeBytes };
  const wantsChecksum = setting(request, "x-amz-checksum-mode")?.toUpperCase() === "ENABLED";
  return {
    "content-type": "application/octet-stream",
    ...object.headers,
    ...overrides(request),
    ...identityHeaders(object),
    "accept-ranges": "bytes",
    "content-length": String(endByte - startByte),
    ...(range ? { "content-range": `bytes ${startByte}-${endByte - 1}/${object.sizeBytes}` } : {}),
    ...(wantsChecksum && !range ? checksumHeaders(object.checksum) : {}),
  };
}

/** Headers of an answer to a client that has the object already; part of every other answer too. */
export function identityHeaders({ etag, storedAtMs }: StoredObject): Record<string, string> {
  return { etag: `"${etag}"`, "last-modified": new Date(storedAtMs).toUTCString() };
}

export function checksumHeaders(checksum: Checksum | null): Record<string, string> {
  if (!checksum) return {};
  return { [`x-amz-checksum-${checksum.name}`]: checksum.value, "x-amz-checksum-type": checksumType(checksum) };
}

/** Elements of an XML answer about a checksum. */
export function checksumElements(checksum: Checksum | null): Record<string, string> {
  return checksum
    ? { [`Checksum${checksum.name.toUpperCase()}`]: checksum.value, ChecksumType: checksumType(checksum) }
    : {};
}

function checksumType({ value }: Checksum): "COMPOSITE" | "FULL_OBJECT" {
  return value.includes("-") ? "COMPOSITE" : "FULL_OBJECT";
}

/** `aws-chunked` is how the body travelled, not what the object is. */
function keptValue(name: string, { headers }: S3Request): string | undefined {
  const value = headers.get(name);
  if (name !== "content-encoding") return value;
  return value
    ?.split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "aws-chunked" && coding !== "")
    .join(", ");
}

/** A signed request may choose other headers for one answer: `response-content-type` and its like. */
function overrides(request: S3Request): Record<string, string> {
  const chosen = KEPT.flatMap((name) => {
    const value = parameter(request, `response-${name}`);
    return value === undefined ? [] : [[name, value] as const];
  });
  return sendable(chosen);
}

/** Values that came by URL may hold what no header can. Throws `InvalidArgument`. */
function sendable(headers: (readonly [string, string])[]): Record<string, string> {
  const unfit = headers.find(([, value]) => !/^[\t\x20-\x7e\x80-\xff]*$/.test(value));
  if (unfit) throw new S3Error("InvalidArgument", `${unfit[0]} holds characters that a header cannot carry.`);
  return Object.fromEntries(headers);
}
