import { expect, test } from "vitest";
import { admit } from "../../../src/runtime/objects/gate.ts";
import { readRequest, type WireRequest } from "../../../src/runtime/objects/s3Request.ts";
import {
  CHUNKED_EXAMPLE,
  EXAMPLE_BUCKET,
  EXAMPLE_KEYS,
  HEADER_EXAMPLES,
  PRESIGNED_EXAMPLE,
  SIGNED_AT_MS,
  TRAILER_EXAMPLE,
} from "./signatureVectors.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

function admitted(wire: WireRequest, { nowMs = SIGNED_AT_MS, keys = EXAMPLE_KEYS } = {}) {
  return admit(readRequest(wire, EXAMPLE_BUCKET), keys, nowMs);
}

const ALL_EXAMPLES = [
  ...HEADER_EXAMPLES,
  CHUNKED_EXAMPLE,
  TRAILER_EXAMPLE,
  { name: "a presigned get", wire: PRESIGNED_EXAMPLE },
];

test.each(ALL_EXAMPLES)("Amazon's own example of $name is admitted", ({ wire }) => {
  expect(() => admitted(wire)).not.toThrow();
});

test.each(ALL_EXAMPLES)("$name is refused with another secret, method, path, query or header", ({ wire }) => {
  const otherHeaders = (from: RegExp, to: string) => wire.rawHeaders.map((text) => text.replace(from, to));
  const otherSecret = { ...EXAMPLE_KEYS, secretAccessKey: "another" };
  const refused = expect.objectContaining({ code: "SignatureDoesNotMatch" });
  expect(() => admitted(wire, { keys: otherSecret })).toThrow(refused);
  expect(() => admitted({ ...wire, method: "DELETE" })).toThrow(refused);
  expect(() => admitted({ ...wire, target: wire.target.replace(/^\//, "/x") })).toThrow(refused);
  expect(() => admitted({ ...wire, target: `${wire.target}${wire.target.includes("?") ? "&" : "?"}a=b` })).toThrow(
    refused,
  );
  expect(() => admitted({ ...wire, rawHeaders: otherHeaders(/s3\.amazonaws\.com/, "s3.example.com") })).toThrow(
    refused,
  );
});

test("every byte of a signature counts", () => {
  const wire = HEADER_EXAMPLES[0]!.wire;
  for (let i = 1; i <= 64; i++) {
    const flip = (text: string) =>
      text.replace(/[0-9a-f]{64}$/, (hex) => hex.slice(0, i - 1) + (hex[i - 1] === "0" ? "1" : "0") + hex.slice(i));
    const rawHeaders = wire.rawHeaders.map((text) => (text.startsWith("AWS4") ? flip(text) : text));
    expect(() => admitted({ ...wire, rawHeaders })).toThrow(expect.objectContaining({ code: "SignatureDoesNotMatch" }));
  }
});

test("a signed request is good for fifteen minutes on either side of its time", () => {
  const at = (offsetMs: number) => () => admitted(HEADER_EXAMPLES[0]!.wire, { nowMs: SIGNED_AT_MS + offsetMs });
  const skewed = expect.objectContaining({ code: "RequestTimeTooSkewed", status: 403 });
  expect(at(15 * MINUTE_MS)).not.toThrow();
  expect(at(-15 * MINUTE_MS)).not.toThrow();
  expect(at(15 * MINUTE_MS + 1)).toThrow(skewed);
  expect(at(-15 * MINUTE_MS - 1)).toThrow(skewed);
});

test("a presigned URL is good from its time until it expires, not a millisecond longer", () => {
  const at = (offsetMs: number) => () => admitted(PRESIGNED_EXAMPLE, { nowMs: SIGNED_AT_MS + offsetMs });
  expect(at(DAY_MS - 1)).not.toThrow();
  expect(at(DAY_MS)).toThrow("Request has expired");
  expect(at(-16 * MINUTE_MS)).toThrow("Request is not valid yet");
});

const withTarget = (from: RegExp | string, to: string): WireRequest => ({
  ...PRESIGNED_EXAMPLE,
  target: PRESIGNED_EXAMPLE.target.replace(from, to),
});
const withHeader = (from: RegExp | string, to: string): WireRequest => ({
  ...HEADER_EXAMPLES[0]!.wire,
  rawHeaders: HEADER_EXAMPLES[0]!.wire.rawHeaders.map((text) => text.replace(from, to)),
});

test.each([
  ["no signature at all", { ...PRESIGNED_EXAMPLE, target: "/test.txt" }, "AccessDenied"],
  ["two signatures", { ...withHeader("", ""), target: PRESIGNED_EXAMPLE.target }, "InvalidArgument"],
  ["an unknown access key", withHeader("AKIAIOSFODNN7EXAMPLE", "AKIASOMEBODYELSE"), "InvalidAccessKeyId"],
  ["an unknown access key in a URL", withTarget("AKIAIOSFODNN7EXAMPLE", "AKIASOMEBODYELSE"), "InvalidAccessKeyId"],
  ["another algorithm", withHeader("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "AuthorizationHeaderMalformed"],
  ["basic authentication", withHeader(/^AWS4.*/, "Basic eDp5"), "AuthorizationHeaderMalformed"],
  ["no signed headers", withHeader(/SignedHeaders=[^,]*/, "SignedHeaders="), "AuthorizationHeaderMalformed"],
  ["a host that is not signed", withHeader("SignedHeaders=host;", "SignedHeaders="), "AuthorizationHeaderMalformed"],
  ["another region", withHeader("us-east-1", "eu-west-1"), "AuthorizationHeaderMalformed"],
  ["another service", withHeader("/s3/", "/ec2/"), "AuthorizationHeaderMalformed"],
  ["another day than the request's", withHeader("/20130524/", "/20130525/"), "AuthorizationHeaderMalformed"],
  ["no date", withHeader(/^x-amz-date$/, "x-other"), "AccessDenied"],
  ["a date that is none", withHeader("20130524T000000Z", "20131324T000000Z"), "AccessDenied"],
  ["no payload hash", withHeader(/^x-amz-content-sha256$/, "x-other"), "InvalidRequest"],
  ["a URL without expiry", withTarget("&X-Amz-Expires=86400", ""), "AuthorizationQueryParametersError"],
  ["a URL that expires after eight days", withTarget("=86400", "=691200"), "AuthorizationQueryParametersError"],
  ["a URL that expires before it begins", withTarget("=86400", "=-1"), "AuthorizationQueryParametersError"],
  ["a URL with a longer life than signed", withTarget("=86400", "=86401"), "SignatureDoesNotMatch"],
  ["a URL without signature", withTarget(/&X-Amz-Signature=.*/, ""), "AuthorizationQueryParametersError"],
  ["a URL without algorithm", withTarget("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""), "AuthorizationQueryParametersError"],
  ["a path that is no URI", { ...PRESIGNED_EXAMPLE, target: "/%E0%A4%A" }, "InvalidURI"],
])("%s is refused", (_what, wire, code) => {
  expect(() => admitted(wire)).toThrow(expect.objectContaining({ code }));
});

test("nobody can add settings to a presigned URL: x-amz- headers must be signed", () => {
  const rawHeaders = [...PRESIGNED_EXAMPLE.rawHeaders, "x-amz-meta-owner", "me"];
  expect(() => admitted({ ...PRESIGNED_EXAMPLE, rawHeaders })).toThrow(
    expect.objectContaining({ code: "AccessDenied", details: { HeadersNotSigned: "x-amz-meta-owner" } }),
  );
});

test("a refusal names what was signed, and never the secret", () => {
  const refusal = refusalOf(() => admitted(withTarget("test.txt", "other.txt")));
  expect(refusal).toContain("StringToSign");
  expect(refusal).not.toContain(EXAMPLE_KEYS.secretAccessKey);
});

function refusalOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    return JSON.stringify(error);
  }
  throw new Error("It was admitted.");
}
