/**
 * Who may pass: a request signed with the one key pair, by header or in its URL. Everything else is refused
 * with the code S3 itself answers. Pure: keys and time come in.
 */
import { sameSecret } from "../sameSecret.ts";
import { S3Error } from "./s3Errors.ts";
import { parameter, type S3Request } from "./s3Request.ts";
import {
  ALGORITHM,
  ChunkSignatures,
  canonicalRequest,
  type Scope,
  type Signer,
  sign,
  stringToSign,
  timestampMs,
} from "./signature.ts";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** How the body of an admitted request comes, and what will prove it. */
export type Payload =
  /** As it is; `sha256` in hex was signed, unless the client left the body out of the signature. */
  | { kind: "plain"; sha256: string | null }
  /** In chunks of the `aws-chunked` encoding, each signed or none, with trailing headers or without. */
  | { kind: "chunked"; signatures: ChunkSignatures | null; hasTrailers: boolean };

/** R2 knows one region, "auto", and takes "us-east-1" as another name for it. */
const REGIONS = ["auto", "us-east-1"];

/** S3 refuses clocks that differ by more. */
const LARGEST_SKEW_MS = 15 * 60 * 1000;

/** The longest life of a presigned URL: seven days. */
const LONGEST_EXPIRY_S = 604_800;

const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

/** Lets a request in and says how to read its body, or throws the `S3Error` that refuses it. */
export function admit(request: S3Request, credentials: Credentials, nowMs: number): Payload {
  const authorization = request.headers.get("authorization");
  const isPresigned =
    parameter(request, "X-Amz-Algorithm") !== undefined || parameter(request, "X-Amz-Signature") !== undefined;
  if (authorization !== undefined && isPresigned)
    throw new S3Error(
      "InvalidArgument",
      "Only one auth mechanism allowed; either the URL or the Authorization header.",
    );
  if (authorization === undefined && !isPresigned) throw new S3Error("AccessDenied", "Access Denied");

  const claim = isPresigned ? presignedClaim(request) : headerClaim(request, authorization!);
  const signer = signerOf(claim, credentials);
  if (isPresigned) refuseOutsideLife(request, claim, nowMs);
  else refuseSkew(claim, nowMs);
  refuseUnsignedHeaders(request, claim.signedHeaders);
  refuseWrongSignature(request, claim, signer);
  return payloadOf(claim, signer);
}

/** What a request says about its own signature. */
interface Claim {
  accessKeyId: string;
  scope: Scope;
  timestamp: string;
  signedAtMs: number;
  signedHeaders: string[];
  signature: string;
  payloadHash: string;
}

function headerClaim(request: S3Request, authorization: string): Claim {
  const malformed = (why: string) =>
    new S3Error("AuthorizationHeaderMalformed", `The authorization header that you provided is not valid: ${why}.`);
  const [algorithm, ...rest] = authorization.split(" ");
  if (algorithm !== ALGORITHM) throw malformed(`the algorithm must be ${ALGORITHM}`);
  const fields = new Map(
    rest
      .join(" ")
      .split(",")
      .map((field) => splitOnce(field.trim(), "=")),
  );
  const credential = fields.get("Credential");
  const signedHeaders = fields.get("SignedHeaders");
  const signature = fields.get("Signature");
  if (!credential || !signedHeaders || !signature)
    throw malformed("Credential, SignedHeaders and Signature must be given");

  const timestamp = request.headers.get("x-amz-date") ?? "";
  const signedAtMs = timestampMs(timestamp);
  if (signedAtMs === null) throw new S3Error("AccessDenied", "AWS authentication requires a valid x-amz-date header.");
  const payloadHash = request.headers.get("x-amz-content-sha256");
  if (payloadHash === undefined)
    throw new S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
  const parts = { credential, timestamp, signedAtMs, signedHeaders, signature, payloadHash };
  return claimFrom(parts, malformed);
}

function presignedClaim(request: S3Request): Claim {
  const malformed = (why: string) =>
    new S3Error("AuthorizationQueryParametersError", `The signature in the URL is not valid: ${why}.`);
  const given = (name: string) => {
    const value = parameter(request, name);
    if (!value) throw malformed(`${name} must be given`);
    return value;
  };
  if (given("X-Amz-Algorithm") !== ALGORITHM) throw malformed(`X-Amz-Algorithm must be ${ALGORITHM}`);
  const timestamp = given("X-Amz-Date");
  const signedAtMs = timestampMs(timestamp);
  if (signedAtMs === null) throw malformed("X-Amz-Date must be in the form YYYYMMDDTHHMMSSZ");
  const payloadHash =
    request.headers.get("x-amz-content-sha256") ?? parameter(request, "X-Amz-Content-Sha256") ?? UNSIGNED_PAYLOAD;
  const parts = {
    credential: given("X-Amz-Credential"),
    signedHeaders: given("X-Amz-SignedHeaders"),
    signature: given("X-Amz-Signature"),
  };
  return claimFrom({ ...parts, timestamp, signedAtMs, payloadHash }, malformed);
}

interface ClaimParts extends Omit<Claim, "accessKeyId" | "scope" | "signedHeaders"> {
  credential: string;
  signedHeaders: string;
}

function claimFrom({ credential, ...parts }: ClaimParts, malformed: (why: string) => S3Error): Claim {
  const [, accessKeyId, date, region, service, end] =
    /^(.+)\/(\d{8})\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(credential) ?? [];
  if (!accessKeyId || service !== "s3" || end !== "aws4_request")
    throw malformed('the Credential must be "<access key id>/<YYYYMMDD>/<region>/s3/aws4_request"');
  if (!REGIONS.includes(region!)) throw malformed(`the region '${region}' is wrong; expecting 'auto'`);
  if (!parts.timestamp.startsWith(date!)) throw malformed("the dates of Credential and request differ");
  const signedHeaders = parts.signedHeaders.split(";");
  if (!signedHeaders.includes("host")) throw malformed("the host must be signed");
  return { ...parts, accessKeyId, scope: { date: date!, region: region! }, signedHeaders };
}

function signerOf({ accessKeyId, scope, timestamp }: Claim, credentials: Credentials): Signer {
  if (!sameSecret(accessKeyId, credentials.accessKeyId))
    throw new S3Error("InvalidAccessKeyId", "The access key ID that you provided does not exist in our records.", {
      AWSAccessKeyId: accessKeyId,
    });
  return { secretAccessKey: credentials.secretAccessKey, scope, timestamp };
}

function refuseSkew({ signedAtMs, timestamp }: Claim, nowMs: number): void {
  if (Math.abs(nowMs - signedAtMs) <= LARGEST_SKEW_MS) return;
  throw new S3Error(
    "RequestTimeTooSkewed",
    "The difference between the request time and the server's time is too large.",
    {
      RequestTime: timestamp,
      ServerTime: new Date(nowMs).toISOString(),
      MaxAllowedSkewMilliseconds: String(LARGEST_SKEW_MS),
    },
  );
}

function refuseOutsideLife(request: S3Request, { signedAtMs }: Claim, nowMs: number): void {
  const text = parameter(request, "X-Amz-Expires") ?? "";
  const expiresInS = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (expiresInS < 1 || expiresInS > LONGEST_EXPIRY_S)
    throw new S3Error(
      "AuthorizationQueryParametersError",
      `X-Amz-Expires must be from 1 to ${LONGEST_EXPIRY_S} seconds.`,
    );
  if (signedAtMs - nowMs > LARGEST_SKEW_MS) throw new S3Error("AccessDenied", "Request is not valid yet");
  const expiresAtMs = signedAtMs + expiresInS * 1000;
  if (nowMs < expiresAtMs) return;
  throw new S3Error("AccessDenied", "Request has expired", {
    "X-Amz-Expires": text,
    Expires: new Date(expiresAtMs).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  });
}

/** Every `x-amz-…` header must be signed: otherwise who finds a presigned URL could add metadata to it. */
function refuseUnsignedHeaders({ headers }: S3Request, signedHeaders: string[]): void {
  const unsigned = [...headers.keys()].filter((name) => name.startsWith("x-amz-") && !signedHeaders.includes(name));
  if (unsigned.length === 0) return;
  throw new S3Error("AccessDenied", "There were headers present in the request which were not signed", {
    HeadersNotSigned: unsigned.join(", "),
  });
}

function refuseWrongSignature(request: S3Request, claim: Claim, signer: Signer): void {
  const canonical = canonicalRequest({ ...claim, request });
  const text = stringToSign(signer, canonical);
  if (sameSecret(claim.signature, sign(signer, text))) return;
  throw new S3Error(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    {
      AWSAccessKeyId: claim.accessKeyId,
      SignatureProvided: claim.signature,
      StringToSign: text,
      CanonicalRequest: canonical,
    },
  );
}

function payloadOf({ payloadHash, signature }: Claim, signer: Signer): Payload {
  if (payloadHash === UNSIGNED_PAYLOAD) return { kind: "plain", sha256: null };
  if (/^[0-9a-f]{64}$/.test(payloadHash)) return { kind: "plain", sha256: payloadHash };
  const signatures = () => new ChunkSignatures(signer, signature);
  switch (payloadHash) {
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
      return { kind: "chunked", signatures: signatures(), hasTrailers: false };
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
      return { kind: "chunked", signatures: signatures(), hasTrailers: true };
    case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
      return { kind: "chunked", signatures: null, hasTrailers: true };
    default:
      throw new S3Error(
        "InvalidArgument",
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, one of the STREAMING- values, or a valid SHA-256 in hex.",
      );
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
