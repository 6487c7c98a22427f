/** Table of contents: the operations of the S3 API that this store implements, and how a request names one. */
import type { Operation } from "./call.ts";
import { abortMultipartUpload } from "./operations/abortMultipartUpload.ts";
import { completeMultipartUpload } from "./operations/completeMultipartUpload.ts";
import { createBucket } from "./operations/createBucket.ts";
import { createMultipartUpload } from "./operations/createMultipartUpload.ts";
import { deleteObject } from "./operations/deleteObject.ts";
import { deleteObjects } from "./operations/deleteObjects.ts";
import { getObject } from "./operations/getObject.ts";
import { headBucket } from "./operations/headBucket.ts";
import { headObject } from "./operations/headObject.ts";
import { listMultipartUploads } from "./operations/listMultipartUploads.ts";
import { listObjectsV2 } from "./operations/listObjectsV2.ts";
import { listParts } from "./operations/listParts.ts";
import { putObject } from "./operations/putObject.ts";
import { uploadPart } from "./operations/uploadPart.ts";
import { S3Error } from "./s3Errors.ts";
import type { S3Request } from "./s3Request.ts";

/** What a request addresses, and the query parameters that set an operation apart. */
interface Route {
  /** Method, then `bucket` or `object`, then parameters that must be there. */
  on: `${string} ${"bucket" | "object"}${string}`;
  /** Parameters it also understands. */
  takes?: readonly string[];
  run: Operation;
}

const LISTING = ["prefix", "delimiter", "max-keys", "start-after", "continuation-token", "encoding-type"];
const OVERRIDES = ["type", "disposition", "encoding", "language"].map((name) => `response-content-${name}`);
const READING = [...OVERRIDES, "response-cache-control", "response-expires"];

const ROUTES = {
  CreateBucket: { on: "PUT bucket", run: createBucket },
  HeadBucket: { on: "HEAD bucket", run: headBucket },
  ListObjectsV2: { on: "GET bucket list-type", takes: LISTING, run: listObjectsV2 },
  ListMultipartUploads: {
    on: "GET bucket uploads",
    takes: ["prefix", "key-marker", "upload-id-marker", "max-uploads"],
    run: listMultipartUploads,
  },
  DeleteObjects: { on: "POST bucket delete", run: deleteObjects },

  PutObject: { on: "PUT object", run: putObject },
  GetObject: { on: "GET object", takes: READING, run: getObject },
  HeadObject: { on: "HEAD object", takes: READING, run: headObject },
  DeleteObject: { on: "DELETE object", run: deleteObject },

  CreateMultipartUpload: { on: "POST object uploads", run: createMultipartUpload },
  UploadPart: { on: "PUT object partNumber uploadId", run: uploadPart },
  CompleteMultipartUpload: { on: "POST object uploadId", run: completeMultipartUpload },
  AbortMultipartUpload: { on: "DELETE object uploadId", run: abortMultipartUpload },
  ListParts: { on: "GET object uploadId", takes: ["max-parts", "part-number-marker"], run: listParts },
} satisfies Record<string, Route>;

/** The operation a request asks for; throws `NotImplemented` for anything the table does not hold. */
export function operationFor(request: S3Request): { name: string; run: Operation } {
  const given = request.query.map(([name]) => name).filter((name) => !isAboutSigning(name));
  const routes: [string, Route][] = Object.entries(ROUTES);
  const found = routes.find(([, { on, takes = [] }]) => {
    const [method, target, ...needs] = on.split(" ");
    const isAddressed = method === request.method && target === (request.key === null ? "bucket" : "object");
    return (
      isAddressed &&
      needs.every((name) => given.includes(name)) &&
      given.every((name) => [...needs, ...takes].includes(name))
    );
  });
  if (found) return { name: found[0], run: found[1].run };
  throw new S3Error(
    "NotImplemented",
    "This store implements the part of the S3 API that Noruxa uses; the method and query parameters of this request are not in it.",
  );
}

/** Parameters of presigned URLs, and the name that the SDK adds for whoever reads logs. */
function isAboutSigning(name: string): boolean {
  return name === "x-id" || name.toLowerCase().startsWith("x-amz-");
}
