import type { Answer, Call } from "../call.ts";
import { writeCondition } from "../conditions.ts";
import { keyOf } from "../s3Request.ts";

/** `DELETE /bucket/key`: afterwards the object is gone, also if it never was. */
export async function deleteObject({ request, store }: Call): Promise<Answer> {
  await store.blobs.remove(store.catalogue.removeObject(keyOf(request), writeCondition(request)));
  return { status: 204 };
}
