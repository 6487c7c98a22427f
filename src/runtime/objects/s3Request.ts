/** What a request to the S3 API says, before anybody believes it. */
import { S3Error } from "./s3Errors.ts";
import { fitsXml } from "./xml.ts";

/** S3 and R2 allow keys of this many bytes of UTF-8. */
const LONGEST_KEY_BYTES = 1024;

/** One request as it came over the wire: what it addresses, and every name and value its signature may cover. */
export interface S3Request {
  method: string;
  /** Decoded path, with its leading slash. */
  path: string;
  /** Null: the service itself. */
  bucket: string | null;
  /** Null: the bucket itself. */
  key: string | null;
  /** Decoded names and values in the order they came. */
  query: readonly (readonly [string, string])[];
  /** Lower-case names; values of a repeated header are joined with commas. */
  headers: ReadonlyMap<string, string>;
}

export interface WireRequest {
  method: string;
  /** Path and query exactly as sent. */
  target: string;
  /** Names and values in turn, as Node's `rawHeaders`. */
  rawHeaders: readonly string[];
}

/** Reads a request for the bucket's own host (`bucket.host`) or in path style (`/bucket/key`). Throws `InvalidURI`. */
export function readRequest({ method, target, rawHeaders }: WireRequest, bucketName: string): S3Request {
  const [rawPath, ...rest] = target.split("?");
  const headers = joinHeaders(rawHeaders);
  const path = decode(rawPath!);
  const isBucketHost = (headers.get("host") ?? "").startsWith(`${bucketName}.`);
  const [bucket, key] = isBucketHost ? [bucketName, path.slice(1)] : splitPath(path);
  return { method, path, bucket: bucket || null, key: key || null, query: readQuery(rest.join("?")), headers };
}

/** A query parameter, or undefined. */
export function parameter(request: S3Request, name: string): string | undefined {
  return request.query.find(([given]) => given === name)?.[1];
}

/**
 * An `x-amz-…` setting: a header, or in a presigned URL a parameter of the same name in any case. The SDK moves
 * checksums there too, and S3 and R2 hold an upload to them: a URL that was presigned without knowing the body
 * carries the checksum of no bytes, and takes no others, unless the client was told `WHEN_REQUIRED`.
 */
export function setting(request: S3Request, name: string): string | undefined {
  return request.headers.get(name) ?? request.query.find(([given]) => given.toLowerCase() === name)?.[1];
}

/** All `x-amz-…` settings whose names begin with `prefix`, by their full lower-case names. */
export function settingsUnder(request: S3Request, prefix: string): [string, string][] {
  const parameters = request.query.map(([name, value]) => [name.toLowerCase(), value] as const);
  const all = new Map([...parameters, ...request.headers]);
  return [...all].filter(([name]) => name.startsWith(prefix));
}

/** The key of a request that its route says has one; throws when no object may have it. */
export function keyOf(request: S3Request): string {
  const key = request.key!;
  if (Buffer.byteLength(key) > LONGEST_KEY_BYTES) throw new S3Error("KeyTooLongError", "Your key is too long.");
  if (!fitsXml(key)) throw new S3Error("InvalidURI", "Keys hold no characters that an XML listing could not carry.");
  return key;
}

/** A whole number among the query parameters, or `fallback`; throws `InvalidArgument` outside `least`…`most`. */
export function wholeNumber(
  request: S3Request,
  name: string,
  limits: { least: number; most: number; fallback?: number },
): number {
  const text = parameter(request, name) ?? limits.fallback?.toString() ?? "";
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= limits.least && value <= limits.most) return value;
  throw new S3Error("InvalidArgument", `${name} must be an integer between ${limits.least} and ${limits.most}.`, {
    ArgumentName: name,
    ArgumentValue: text,
  });
}

function splitPath(path: string): [string, string] {
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  return [bucket, key];
}

function readQuery(text: string): [string, string][] {
  return text
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [name, ...value] = pair.split("=");
      return [decode(name!), decode(value.join("="))];
    });
}

function joinHeaders(raw: readonly string[]): Map<string, string> {
  const joined = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const before = joined.get(name);
    joined.set(name, before === undefined ? raw[i + 1]! : `${before},${raw[i + 1]}`);
  }
  return joined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error("InvalidURI", "Couldn't parse the specified URI.");
  }
}
