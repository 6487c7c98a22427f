import { type Answer, type Call, xmlAnswer } from "../call.ts";
import { afterPrefix } from "../listing.ts";
import { parameter, wholeNumber } from "../s3Request.ts";
import { document } from "../xml.ts";

const LARGEST_PAGE = 1000;

/** `GET /bucket?uploads`: uploads that were neither completed nor aborted, by key. */
export function listMultipartUploads({ request, store }: Call): Answer {
  const prefix = parameter(request, "prefix") ?? "";
  const most = wholeNumber(request, "max-uploads", { least: 1, most: LARGEST_PAGE, fallback: LARGEST_PAGE });
  const after = { key: parameter(request, "key-marker") ?? "", id: parameter(request, "upload-id-marker") ?? "" };
  const found = store.catalogue.uploadsAfter(after, { prefix, endKey: afterPrefix(prefix) }, most + 1);
  const page = found.slice(0, most);
  const isTruncated = found.length > most;
  const last = page.at(-1);
  return xmlAnswer(
    document("ListMultipartUploadsResult", {
      Bucket: store.bucket,
      KeyMarker: after.key,
      UploadIdMarker: after.id,
      Prefix: prefix,
      MaxUploads: most,
      IsTruncated: isTruncated,
      NextKeyMarker: isTruncated ? last!.key : undefined,
      NextUploadIdMarker: isTruncated ? last!.id : undefined,
      Upload: page.map(({ key, id, startedAtMs }) => ({
        Key: key,
        UploadId: id,
        Initiated: new Date(startedAtMs).toISOString(),
        StorageClass: "STANDARD",
      })),
    }),
  );
}
