import { type Answer, type Call, xmlAnswer } from "../call.ts";
import { type ListPage, listPage, type Position } from "../listing.ts";
import { S3Error } from "../s3Errors.ts";
import { parameter, type S3Request, wholeNumber } from "../s3Request.ts";
import { uriEncode } from "../signature.ts";
import { document } from "../xml.ts";

const LARGEST_PAGE = 1000;
const MOST_ASKED = 2_147_483_647;
const EMPTY_PAGE: ListPage = { objects: [], commonPrefixes: [], next: null };

/** `GET /bucket?list-type=2`: a page of keys, in the order of their UTF-8 bytes. */
export function listObjectsV2({ request, store, plan }: Call): Answer {
  const prefix = parameter(request, "prefix") ?? "";
  const delimiter = parameter(request, "delimiter") || null;
  const asked = wholeNumber(request, "max-keys", { least: 0, most: MOST_ASKED, fallback: LARGEST_PAGE });
  const most = Math.min(asked, plan.largestPage ?? LARGEST_PAGE, LARGEST_PAGE);
  const readObjects = store.catalogue.objectsFrom.bind(store.catalogue);
  const page = most === 0 ? EMPTY_PAGE : listPage(readObjects, { prefix, delimiter, start: startOf(request), most });
  return xmlAnswer(
    document("ListBucketResult", { Name: store.bucket, ...echo(request, asked), ...pageElements(request, page) }),
  );
}

/** What the client asked for, as S3 repeats it. */
function echo(request: S3Request, asked: number) {
  const text = encoder(request);
  const optional = (name: string) =>
    parameter(request, name) === undefined ? undefined : text(parameter(request, name)!);
  return {
    Prefix: text(parameter(request, "prefix") ?? ""),
    Delimiter: optional("delimiter"),
    StartAfter: optional("start-after"),
    ContinuationToken: parameter(request, "continuation-token"),
    EncodingType: parameter(request, "encoding-type"),
    MaxKeys: Math.min(asked, LARGEST_PAGE),
  };
}

function pageElements(request: S3Request, { objects, commonPrefixes, next }: ListPage) {
  const text = encoder(request);
  return {
    KeyCount: objects.length + commonPrefixes.length,
    IsTruncated: next !== null,
    NextContinuationToken: next ? writeToken(next) : undefined,
    Contents: objects.map(({ key, storedAtMs, etag, sizeBytes, checksum }) => ({
      Key: text(key),
      LastModified: new Date(storedAtMs).toISOString(),
      ETag: `"${etag}"`,
      ChecksumAlgorithm: checksum?.name.toUpperCase(),
      Size: sizeBytes,
      StorageClass: "STANDARD",
    })),
    CommonPrefixes: commonPrefixes.map((Prefix) => ({ Prefix: text(Prefix) })),
  };
}

function encoder(request: S3Request): (text: string) => string {
  const type = parameter(request, "encoding-type");
  if (type === undefined) return (text) => text;
  if (type === "url") return (text) => uriEncode(text).replaceAll("%2F", "/");
  throw new S3Error("InvalidArgument", "Invalid Encoding Method specified in Request");
}

function startOf(request: S3Request): Position {
  const token = parameter(request, "continuation-token");
  return token === undefined ? { from: parameter(request, "start-after") ?? "", inclusive: false } : readToken(token);
}

function writeToken({ from, inclusive }: Position): string {
  return Buffer.from(`${inclusive ? "=" : ">"}${from}`).toString("base64url");
}

function readToken(token: string): Position {
  const text = Buffer.from(token, "base64url").toString("utf8");
  const position = { from: text.slice(1), inclusive: text.startsWith("=") };
  if (writeToken(position) === token) return position;
  throw new S3Error("InvalidArgument", "The continuation token provided is incorrect");
}
