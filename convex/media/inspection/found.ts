import type { MediaType } from "../../../src/shared/media.ts";

/** What a file was found to be. */
export interface Found {
  mime: MediaType;
  /** The bytes to keep, in order; mostly views of the file's own. */
  parts: Uint8Array[];
  width?: number;
  height?: number;
}

/** A file that is not to be stored. The message is made to be shown. */
export class UnfitFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UnfitFileError";
  }
}

/** A file whose structure is not its format's. */
export function damaged(): UnfitFileError {
  return new UnfitFileError("The file is damaged or cut off.");
}

/** A file that is more than one thing. */
export function overlong(): UnfitFileError {
  return new UnfitFileError("The file goes on after its end.");
}

/** Big-endian and little-endian reads that throw a RangeError past the end. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes as Latin-1 text, for signatures and names of chunks. */
export function ascii(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

/** `length` bytes from `start`. Throws where the file ends before. */
export function take(bytes: Uint8Array, start: number, length: number): Uint8Array {
  if (start + length > bytes.length) throw damaged();
  return bytes.subarray(start, start + length);
}
