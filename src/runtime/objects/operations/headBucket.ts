import type { Answer } from "../call.ts";

/** `HEAD /bucket`: an admitted request has found the one bucket already. */
export function headBucket(): Answer {
  return { status: 200, headers: { "x-amz-bucket-region": "auto" } };
}
