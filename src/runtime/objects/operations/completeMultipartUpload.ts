import { createHash } from "node:crypto";
import { z } from "zod";
import { readText, statedChecksum } from "../body.ts";
import { type Answer, type Call, xmlAnswer } from "../call.ts";
import type { Piece, Upload } from "../catalogue.ts";
import { CHECKSUM_NAMES, type Checksum, checksumOf } from "../checksums.ts";
import { writeCondition } from "../conditions.ts";
import { checksumElements } from "../objectHeaders.ts";
import { S3Error } from "../s3Errors.ts";
import { keyOf, parameter, type S3Request } from "../s3Request.ts";
import { document, parseXml } from "../xml.ts";
import { MOST_PARTS } from "./uploadPart.ts";

/** Every part but the last must hold this much, on S3 and R2. */
const SMALLEST_PART_BYTES = 5 * 1024 * 1024;

const wantedPart = z.looseObject({ PartNumber: z.string().regex(/^\d{1,5}$/), ETag: z.string() });
const completeBody = z.object({
  CompleteMultipartUpload: z.object({ Part: z.array(wantedPart).min(1).max(MOST_PARTS) }),
});

/** `POST /bucket/key?uploadId`: makes the listed parts the object. */
export async function completeMultipartUpload(call: Call): Promise<Answer> {
  const { request, store } = call;
  const upload = store.catalogue.upload(keyOf(request), parameter(request, "uploadId")!);
  const wanted = parse(await readText({ ...call, request: withoutObjectChecksum(request) }));
  const parts = chooseParts(wanted, store.catalogue.partsAfter(upload.id, 0, MOST_PARTS));
  const checksum = await compositeChecksum(upload, parts);
  refuseOtherChecksum(statedChecksum(request), checksum);
  const { key, id, headers } = upload;
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  const object = { key, id, sizeBytes, etag: compositeEtag(parts), headers, checksum, storedAtMs: store.nowMs() };
  await store.blobs.remove(store.catalogue.completeUpload(object, parts, writeCondition(request)));
  const result = { Location: `/${store.bucket}/${key}`, Bucket: store.bucket, Key: key, ETag: `"${object.etag}"` };
  return xmlAnswer(document("CompleteMultipartUploadResult", { ...result, ...checksumElements(checksum) }));
}

type WantedPart = z.infer<typeof wantedPart>;

/** The parts that a client lists, out of those that are there. Throws what S3 and R2 find wrong with the list. Pure. */
function chooseParts(wanted: readonly WantedPart[], there: readonly Piece[]): Piece[] {
  const byNumber = new Map(there.map((part) => [part.number, part]));
  const parts = wanted.map((want) => chosenPart(want, byNumber.get(Number(want.PartNumber))));
  for (const [i, part] of parts.entries()) {
    if (i > 0 && part.number <= parts[i - 1]!.number)
      throw new S3Error("InvalidPartOrder", "The list of parts was not in ascending order.");
    if (i === parts.length - 1) break;
    if (part.sizeBytes < SMALLEST_PART_BYTES)
      throw new S3Error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed object size.");
    // R2's own rule; S3 has none like it.
    if (part.sizeBytes !== parts[0]!.sizeBytes)
      throw new S3Error("InvalidPart", "All non-trailing parts must have the same length.");
  }
  return parts;
}

function chosenPart(want: WantedPart, part: Piece | undefined): Piece {
  const checksumName = part?.checksum?.name;
  const stated = checksumName && want[`Checksum${checksumName.toUpperCase()}`];
  const isMeant =
    part?.md5 === want.ETag.replaceAll('"', "") && (stated === undefined || stated === part.checksum?.value);
  if (part && isMeant) return part;
  throw new S3Error(
    "InvalidPart",
    "One or more of the specified parts could not be found, or is not the one that was uploaded.",
    {
      PartNumber: want.PartNumber,
    },
  );
}

function parse(text: string): WantedPart[] {
  try {
    return completeBody.parse(parseXml(text, ["Part"])).CompleteMultipartUpload.Part;
  } catch {
    throw new S3Error(
      "MalformedXML",
      `The XML you provided was not well-formed or is not a list of 1 to ${MOST_PARTS} parts.`,
    );
  }
}

/** S3's ETag of an object in parts: MD5 over the MD5s of its parts, and how many they are. */
function compositeEtag(parts: readonly Piece[]): string {
  const hash = createHash("md5");
  for (const { md5 } of parts) hash.update(md5, "hex");
  return `${hash.digest("hex")}-${parts.length}`;
}

async function compositeChecksum({ checksumName: name }: Upload, parts: readonly Piece[]): Promise<Checksum | null> {
  if (!name) return null;
  const bytes = Buffer.concat(parts.map(({ checksum }) => Buffer.from(checksum!.value, "base64")));
  return { name, value: `${await checksumOf(name, bytes)}-${parts.length}` };
}

/** Here `x-amz-checksum-…` speaks of the object to be, not of the XML that asks for it. */
function withoutObjectChecksum(request: S3Request): S3Request {
  const names = CHECKSUM_NAMES.map((name) => `x-amz-checksum-${name}`);
  return { ...request, headers: new Map([...request.headers].filter(([name]) => !names.includes(name))) };
}

function refuseOtherChecksum(stated: Checksum | null, checksum: Checksum | null): void {
  const isSame = stated?.name === checksum?.name && stated?.value.split("-")[0] === checksum?.value.split("-")[0];
  if (stated && !isSame)
    throw new S3Error("BadDigest", "The checksum you specified is not that of the uploaded parts.");
}
