import type { Answer, Call } from "../call.ts";

/** `PUT /bucket`: the one bucket is there from the start, so this only says so. */
export function createBucket({ store }: Call): Answer {
  return { status: 200, headers: { location: `/${store.bucket}` } };
}
