import type { Answer, Call } from "../call.ts";
import { keyOf, parameter } from "../s3Request.ts";

/** `DELETE /bucket/key?uploadId`: gives an upload up, with all its parts. */
export async function abortMultipartUpload({ request, store }: Call): Promise<Answer> {
  const upload = { key: keyOf(request), id: parameter(request, "uploadId")! };
  await store.blobs.remove(store.catalogue.removeUpload(upload));
  return { status: 204 };
}
