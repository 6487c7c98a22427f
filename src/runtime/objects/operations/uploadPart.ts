import type { Answer, Call } from "../call.ts";
import { checksumHeaders } from "../objectHeaders.ts";
import { keyOf, parameter, wholeNumber } from "../s3Request.ts";
import { storeBody } from "../storeBody.ts";

export const MOST_PARTS = 10_000;

/** `PUT /bucket/key?partNumber&uploadId`: keeps one part, in place of an earlier one with its number. */
export async function uploadPart(call: Call): Promise<Answer> {
  const { catalogue, nowMs } = call.store;
  const number = wholeNumber(call.request, "partNumber", { least: 1, most: MOST_PARTS });
  const upload = catalogue.upload(keyOf(call.request), parameter(call.request, "uploadId")!);
  const body = await storeBody(call, { checksumName: upload.checksumName }, ({ blobId, sizeBytes, md5, checksum }) =>
    catalogue.putPart(upload, { number, blobId, sizeBytes, md5, checksum, storedAtMs: nowMs() }),
  );
  return { status: 200, headers: { etag: `"${body.md5}"`, ...checksumHeaders(body.checksum) } };
}
