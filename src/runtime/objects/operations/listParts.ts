import { type Answer, type Call, xmlAnswer } from "../call.ts";
import { checksumElements } from "../objectHeaders.ts";
import { keyOf, parameter, wholeNumber } from "../s3Request.ts";
import { document } from "../xml.ts";
import { MOST_PARTS } from "./uploadPart.ts";

const LARGEST_PAGE = 1000;

/** `GET /bucket/key?uploadId`: parts of an upload in progress, by number. */
export function listParts({ request, store }: Call): Answer {
  const upload = store.catalogue.upload(keyOf(request), parameter(request, "uploadId")!);
  const most = wholeNumber(request, "max-parts", { least: 1, most: LARGEST_PAGE, fallback: LARGEST_PAGE });
  const after = wholeNumber(request, "part-number-marker", { least: 0, most: MOST_PARTS, fallback: 0 });
  const found = store.catalogue.partsAfter(upload.id, after, most + 1);
  const page = found.slice(0, most);
  const isTruncated = found.length > most;
  return xmlAnswer(
    document("ListPartsResult", {
      Bucket: store.bucket,
      Key: upload.key,
      UploadId: upload.id,
      PartNumberMarker: after,
      MaxParts: most,
      IsTruncated: isTruncated,
      NextPartNumberMarker: isTruncated ? page.at(-1)!.number : undefined,
      Part: page.map(({ number, md5, sizeBytes, storedAtMs, checksum }) => ({
        PartNumber: number,
        LastModified: new Date(storedAtMs).toISOString(),
        ETag: `"${md5}"`,
        Size: sizeBytes,
        ...checksumElements(checksum),
      })),
    }),
  );
}
