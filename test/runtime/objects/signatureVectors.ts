/**
 * The worked examples of Amazon's documentation of Signature Version 4 for S3: requests with the signatures that
 * Amazon computed. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html,
 * sigv4-query-string-auth.html, sigv4-streaming.html and sigv4-streaming-trailers.html beside it.
 */
import type { WireRequest } from "../../../src/runtime/objects/s3Request.ts";
import { EMPTY_SHA256 } from "../../../src/runtime/objects/signature.ts";

export const EXAMPLE_KEYS = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
export const EXAMPLE_BUCKET = "examplebucket";
export const SIGNED_AT_MS = Date.UTC(2013, 4, 24);

const TIMESTAMP = "20130524T000000Z";
const SCOPE = "20130524/us-east-1/s3/aws4_request";

interface Example {
  name: string;
  wire: WireRequest;
}

interface HeaderExample {
  name: string;
  method?: string;
  target: string;
  host?: string;
  payloadHash?: string;
  headers?: Record<string, string>;
  signature: string;
}

function byHeader(example: HeaderExample): Example {
  const headers: Record<string, string> = {
    host: example.host ?? `${EXAMPLE_BUCKET}.s3.amazonaws.com`,
    "x-amz-content-sha256": example.payloadHash ?? EMPTY_SHA256,
    "x-amz-date": TIMESTAMP,
    ...example.headers,
  };
  const signedHeaders = Object.keys(headers).sort().join(";");
  const authorization = `AWS4-HMAC-SHA256 Credential=${EXAMPLE_KEYS.accessKeyId}/${SCOPE},SignedHeaders=${signedHeaders},Signature=${example.signature}`;
  const rawHeaders = Object.entries({ ...headers, Authorization: authorization }).flat();
  return { name: example.name, wire: { method: example.method ?? "GET", target: example.target, rawHeaders } };
}

export const HEADER_EXAMPLES: Example[] = [
  byHeader({
    name: "a ranged get",
    target: "/test.txt",
    headers: { range: "bytes=0-9" },
    signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  }),
  byHeader({
    name: "a put",
    method: "PUT",
    target: "/test%24file.text",
    payloadHash: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
    signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  }),
  byHeader({
    name: "a subresource",
    target: "/?lifecycle",
    signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  }),
  byHeader({
    name: "a listing",
    target: "/?max-keys=2&prefix=J",
    signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  }),
];

/** Good for one day from `SIGNED_AT_MS`. */
export const PRESIGNED_EXAMPLE: WireRequest = {
  method: "GET",
  target:
    "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  rawHeaders: ["Host", `${EXAMPLE_BUCKET}.s3.amazonaws.com`],
};

const CHUNKED = { host: "s3.amazonaws.com", method: "PUT", target: "/examplebucket/chunkObject.txt" };

/** 65,536 and then 1,024 times "a", each chunk signed. */
export const CHUNKED_EXAMPLE = {
  ...byHeader({
    ...CHUNKED,
    name: "a body in signed chunks",
    payloadHash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    headers: {
      "content-encoding": "aws-chunked",
      "content-length": "66824",
      "x-amz-decoded-content-length": "66560",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
    },
    signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
  }),
  body: [
    `10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n${"a".repeat(65_536)}\r\n`,
    `400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n${"a".repeat(1024)}\r\n`,
    "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n",
  ].join(""),
};

/** The same with a checksum in a signed trailer. */
export const TRAILER_EXAMPLE = {
  ...byHeader({
    ...CHUNKED,
    name: "a body in signed chunks with a signed trailer",
    payloadHash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    headers: {
      "content-encoding": "aws-chunked",
      "x-amz-decoded-content-length": "66560",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      "x-amz-trailer": "x-amz-checksum-crc32c",
    },
    signature: "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
  }),
  body: [
    `10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n${"a".repeat(65_536)}\r\n`,
    `400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n${"a".repeat(1024)}\r\n`,
    "0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n",
    "x-amz-checksum-crc32c:sOO8/Q==\r\n",
    "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
  ].join(""),
};
