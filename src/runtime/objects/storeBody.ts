import { type BodyOptions, type Digests, openBody } from "./body.ts";
import type { Call } from "./call.ts";

/** A body that is on disk for good. */
export interface StoredBody extends Digests {
  blobId: string;
}

/**
 * Writes the body of a call to a blob and has `commit` name it in the catalogue; `commit` answers the blobs that
 * this frees. Whatever fails, no bytes stay behind. See [Note: Bytes before rows].
 */
export async function storeBody(
  call: Call,
  options: BodyOptions,
  commit: (body: StoredBody) => string[],
): Promise<StoredBody> {
  const { blobs } = call.store;
  const { chunks, digests } = openBody(call, options);
  const blobId = await blobs.write(chunks);
  const body = { blobId, ...digests() };
  let freed = [blobId];
  try {
    freed = commit(body);
  } finally {
    await blobs.remove(freed);
  }
  return body;
}
