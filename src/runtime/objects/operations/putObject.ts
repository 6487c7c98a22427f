import { randomBytes } from "node:crypto";
import type { Answer, Call } from "../call.ts";
import { writeCondition } from "../conditions.ts";
import { checksumHeaders, keptHeaders } from "../objectHeaders.ts";
import { keyOf } from "../s3Request.ts";
import { storeBody } from "../storeBody.ts";

/** `PUT /bucket/key`: keeps the body as the object, whole or not at all. */
export async function putObject(call: Call): Promise<Answer> {
  const { request, store } = call;
  const key = keyOf(request);
  const headers = keptHeaders(request);
  const condition = writeCondition(request);
  // Asked once before the body, to spare a doomed upload, and once more in the transaction, where it counts.
  condition(store.catalogue.object(key));
  const body = await storeBody(call, {}, ({ blobId, sizeBytes, md5, checksum }) => {
    const storedAtMs = store.nowMs();
    const object = { key, id: randomBytes(16).toString("hex"), sizeBytes, etag: md5, headers, checksum, storedAtMs };
    return store.catalogue.putObject(object, { number: 1, blobId, sizeBytes, md5, checksum, storedAtMs }, condition);
  });
  return { status: 200, headers: { etag: `"${body.md5}"`, ...checksumHeaders(body.checksum) } };
}
