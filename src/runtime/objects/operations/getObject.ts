import type { Answer, Call } from "../call.ts";
import { readObject } from "../readObject.ts";

/** `GET /bucket/key`: the object or one range of its bytes. */
export function getObject(call: Call): Answer {
  const { status, headers, object, range } = readObject(call);
  if (status === 304) return { status, headers };
  const { catalogue, blobs } = call.store;
  // Found and held in one turn of the event loop, so that no removal can come in between.
  const pieces = catalogue.piecesWithin(object.id, range.startByte, range.endByte);
  const body = blobs.read(
    pieces.map(({ blobId, startByte, sizeBytes }) => ({
      blobId,
      startByte: Math.max(0, range.startByte - startByte),
      endByte: Math.min(sizeBytes, range.endByte - startByte),
    })),
  );
  return { status, headers, body };
}
