import { ascii, damaged, type Found, overlong, take, viewOf } from "./found.ts";

const SIGNATURE_BYTES = 8;
/** Length, type and checksum of a chunk. */
const FRAME_BYTES = 12;

/** Chunks that say how the picture looks. Texts, times, Exif and whatever else are left out. */
const KEPT = new Set([
  ...["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "bKGD", "pHYs"],
  ...["cICP", "mDCV", "cLLI", "acTL", "fcTL", "fdAT"],
]);

/** Reads a PNG (W3C PNG specification, third edition). */
export function inspectPng(bytes: Uint8Array): Omit<Found, "mime"> {
  const view = viewOf(bytes);
  const parts = [bytes.subarray(0, SIGNATURE_BYTES)];
  let at = SIGNATURE_BYTES;
  let type = "";
  while (type !== "IEND") {
    const chunk = take(bytes, at, FRAME_BYTES + view.getUint32(at));
    type = ascii(chunk, 4, 4);
    if ((at === SIGNATURE_BYTES) !== (type === "IHDR")) throw damaged();
    if (KEPT.has(type)) parts.push(chunk);
    at += chunk.length;
  }
  if (at < bytes.length) throw overlong();
  return { parts, width: view.getUint32(16), height: view.getUint32(20) };
}
