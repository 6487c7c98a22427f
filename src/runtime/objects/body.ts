/** The body of a request, unpacked and checked against everything the client said about it. */
import { createHash } from "node:crypto";
import { type Checksum, type ChecksumName, isChecksumName, startChecksum } from "./checksums.ts";
import { decodeChunked } from "./chunkedBody.ts";
import type { Payload } from "./gate.ts";
import { S3Error } from "./s3Errors.ts";
import { type S3Request, setting, settingsUnder } from "./s3Request.ts";

/** One put, or one part, holds at most this much on S3 and R2. */
const LARGEST_PUT_BYTES = 5 * 1024 ** 3;

/** Room for a multi-delete of 1,000 long keys, or for a list of 10,000 parts. */
const LARGEST_DOCUMENT_BYTES = 4 * 1024 * 1024;

const PREFIX = "x-amz-checksum-";

/** What is known of a body once it has been read to its end. */
export interface Digests {
  sizeBytes: number;
  /** Hex. */
  md5: string;
  checksum: Checksum | null;
}

export interface BodySource {
  request: S3Request;
  payload: Payload;
  /** The bytes as they come over the wire. */
  wire: AsyncIterable<Buffer>;
}

export interface BodyOptions {
  /** A checksum to compute even if the client sends none; one of another kind is refused. */
  checksumName?: ChecksumName | null;
  largestBytes?: number;
}

/**
 * Opens the body. `chunks` yields its bytes and throws the `S3Error` of whatever does not hold: too short, too
 * long, another SHA-256, MD5 or checksum than claimed, a wrongly signed chunk. So the bytes count only when
 * `chunks` ends without an error, and only then does `digests` answer.
 */
export function openBody(
  source: BodySource,
  options: BodyOptions = {},
): { chunks: AsyncIterable<Buffer>; digests(): Digests } {
  let result: Digests | null = null;
  const claims = readClaims(source, options);
  async function* chunks(): AsyncGenerator<Buffer> {
    result = yield* checked(source, claims);
  }
  return {
    chunks: chunks(),
    digests: () => {
      if (!result) throw new Error("A body was asked for its digests before its end.");
      return result;
    },
  };
}

/** A small body as text. Throws `S3Error`. */
export async function readText(source: BodySource): Promise<string> {
  const { chunks } = openBody(source, { largestBytes: LARGEST_DOCUMENT_BYTES });
  const pieces: Buffer[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces).toString("utf8");
}

/** The checksum a request states in its headers (or in a presigned URL), or null. Throws when it states several. */
export function statedChecksum(request: S3Request): Checksum | null {
  const stated = settingsUnder(request, PREFIX)
    .map(([name, value]) => ({ name: name.slice(PREFIX.length), value }))
    .filter((claim): claim is Checksum => isChecksumName(claim.name));
  if (stated.length > 1) throw new S3Error("InvalidRequest", "Expecting a single x-amz-checksum- header");
  return stated[0] ?? null;
}

interface Claims {
  sizeBytes: number;
  /** Hex. */
  sha256: string | null;
  /** Base64. */
  md5: string | undefined;
  checksumName: ChecksumName | null;
  checksum: Checksum | null;
}

function readClaims(
  { request, payload }: BodySource,
  { checksumName, largestBytes = LARGEST_PUT_BYTES }: BodyOptions,
): Claims {
  const sizeBytes = statedSize(request, payload);
  if (sizeBytes > largestBytes)
    throw new S3Error("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", {
      MaxSizeAllowed: String(largestBytes),
    });
  const checksum = statedChecksum(request);
  const given = checksum?.name ?? trailerChecksum(request, payload);
  if (given && checksumName && given !== checksumName)
    throw new S3Error("InvalidRequest", `Checksum type mismatch occurred, expected checksum type: ${checksumName}.`);
  const sha256 = payload.kind === "plain" ? payload.sha256 : null;
  return {
    sizeBytes,
    sha256,
    md5: request.headers.get("content-md5"),
    checksumName: given ?? checksumName ?? null,
    checksum,
  };
}

function statedSize({ headers }: S3Request, payload: Payload): number {
  const text = headers.get(payload.kind === "plain" ? "content-length" : "x-amz-decoded-content-length") ?? "";
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new S3Error("MissingContentLength", "You must provide the Content-Length HTTP header.");
}

function trailerChecksum(request: S3Request, payload: Payload): ChecksumName | null {
  if (payload.kind === "plain" || !payload.hasTrailers) return null;
  const name = (setting(request, "x-amz-trailer") ?? "").trim().toLowerCase().replace(PREFIX, "");
  if (isChecksumName(name)) return name;
  throw new S3Error("InvalidRequest", "x-amz-trailer must name one x-amz-checksum- header.");
}

async function* checked({ request, payload, wire }: BodySource, claims: Claims): AsyncGenerator<Buffer, Digests> {
  const body = payload.kind === "plain" ? withoutTrailers(wire) : decodeChunked(wire, payload);
  const md5 = createHash("md5");
  const sha256 = claims.sha256 === null ? null : createHash("sha256");
  const running = claims.checksumName && startChecksum(claims.checksumName);
  let sizeBytes = 0;
  let step = await body.next();
  for (; !step.done; step = await body.next()) {
    const bytes = step.value;
    sizeBytes += bytes.length;
    if (sizeBytes > claims.sizeBytes) throw wrongSize();
    md5.update(bytes);
    sha256?.update(bytes);
    running?.update(bytes);
    yield bytes;
  }
  if (sizeBytes !== claims.sizeBytes) throw wrongSize();
  if (sha256 && sha256.digest("hex") !== claims.sha256)
    throw new S3Error(
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  const checksum = running && { name: claims.checksumName!, value: await running.end() };
  const stated = claims.checksum ?? trailingChecksum(step.value, request, payload);
  refuseWrongChecksum(checksum, stated);
  const digest = md5.digest();
  refuseWrongMd5(digest, claims.md5);
  return { sizeBytes, md5: digest.toString("hex"), checksum };
}

async function* withoutTrailers(wire: AsyncIterable<Buffer>): AsyncGenerator<Buffer, Map<string, string>> {
  yield* wire;
  return new Map();
}

function trailingChecksum(trailers: Map<string, string>, request: S3Request, payload: Payload): Checksum | null {
  const name = trailerChecksum(request, payload);
  if (!name) return null;
  const value = trailers.get(`${PREFIX}${name}`);
  if (value === undefined)
    throw new S3Error("MalformedTrailerError", "The trailer that the request announced did not come.");
  return { name, value };
}

function refuseWrongChecksum(computed: Checksum | null, stated: Checksum | null): void {
  if (!stated || stated.value === computed?.value) return;
  throw new S3Error(
    "BadDigest",
    `The ${stated.name.toUpperCase()} you specified did not match the calculated checksum.`,
  );
}

function refuseWrongMd5(computed: Buffer, stated: string | undefined): void {
  if (stated === undefined) return;
  const bytes = Buffer.from(stated, "base64");
  if (bytes.length !== computed.length || bytes.toString("base64") !== stated)
    throw new S3Error("InvalidDigest", "The Content-MD5 you specified is not valid.");
  if (!bytes.equals(computed))
    throw new S3Error("BadDigest", "The Content-MD5 you specified did not match what we received.");
}

function wrongSize(): S3Error {
  return new S3Error("IncompleteBody", "The request body does not have the length that its headers announce.");
}
