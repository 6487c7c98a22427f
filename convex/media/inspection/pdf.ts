import { ascii, damaged, type Found } from "./found.ts";

/** How far from the end the end mark may be, by the habit of readers. */
const TAIL_BYTES = 1024;

/** Reads a PDF as far as its ends (ISO 32000-2). What a document says about its author is the document's own. */
export function inspectPdf(bytes: Uint8Array): Omit<Found, "mime"> {
  const tail = ascii(bytes, Math.max(0, bytes.length - TAIL_BYTES), TAIL_BYTES);
  if (!/%%EOF\s*\0*$/.test(tail)) throw damaged();
  return { parts: [bytes] };
}
