import { randomBytes } from "node:crypto";
import { type Answer, type Call, xmlAnswer } from "../call.ts";
import { type ChecksumName, isChecksumName } from "../checksums.ts";
import { keptHeaders } from "../objectHeaders.ts";
import { S3Error } from "../s3Errors.ts";
import { keyOf, type S3Request, setting } from "../s3Request.ts";
import { document } from "../xml.ts";

/** `POST /bucket/key?uploads`: begins an upload in parts. */
export function createMultipartUpload({ request, store }: Call): Answer {
  const key = keyOf(request);
  const id = randomBytes(16).toString("hex");
  const checksumName = partChecksum(request);
  store.catalogue.beginUpload({ key, id, headers: keptHeaders(request), checksumName, startedAtMs: store.nowMs() });
  const answer = xmlAnswer(document("InitiateMultipartUploadResult", { Bucket: store.bucket, Key: key, UploadId: id }));
  return { ...answer, headers: { ...answer.headers, ...algorithmHeaders(checksumName) } };
}

/** The checksum that every part shall have. */
function partChecksum(request: S3Request): ChecksumName | null {
  const name = setting(request, "x-amz-checksum-algorithm")?.toLowerCase();
  const type = setting(request, "x-amz-checksum-type") ?? "COMPOSITE";
  if (type !== "COMPOSITE") throw new S3Error("NotImplemented", "Uploads in parts have composite checksums here.");
  if (name === undefined) return null;
  if (isChecksumName(name)) return name;
  throw new S3Error("InvalidRequest", "Checksum algorithm provided is unsupported.");
}

function algorithmHeaders(name: ChecksumName | null): Record<string, string> {
  return name ? { "x-amz-checksum-algorithm": name.toUpperCase(), "x-amz-checksum-type": "COMPOSITE" } : {};
}
