import { type Bytes, concat } from "./bytes.ts";

const MARK = 0x80;

/**
 * The Padmé length for `lengthBytes` (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
 * Communication with PURBs", 2019): only the upper half of a length's bits stay visible, for at most 12 % more bytes.
 */
export function padmeLength(lengthBytes: number): number {
  if (lengthBytes < 2) return lengthBytes;
  const exponent = Math.floor(Math.log2(lengthBytes));
  const visibleBits = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** Math.max(0, exponent - visibleBits);
  return Math.ceil(lengthBytes / step) * step;
}

/** The bytes, a mark, and zeros up to the Padmé length. */
export function pad(bytes: Uint8Array): Bytes {
  const marked = bytes.length + 1;
  const zeros = new Uint8Array(padmeLength(marked) - marked);
  return concat(bytes, Uint8Array.of(MARK), zeros);
}

/** The bytes before the mark. Throws where there is no mark. */
export function unpad(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (padded[end] !== MARK) throw new Error("Padding without its mark");
  return padded.subarray(0, end);
}
