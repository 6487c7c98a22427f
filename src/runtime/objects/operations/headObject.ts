import type { Answer, Call } from "../call.ts";
import { readObject } from "../readObject.ts";

/** `HEAD /bucket/key`: what `GET` would answer, without the bytes. */
export function headObject(call: Call): Answer {
  const { status, headers } = readObject(call);
  return { status, headers };
}
