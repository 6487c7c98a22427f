import { concat } from "../../../src/shared/bytes.ts";
import { kindOf, type MediaType, PICTURE_PIXELS } from "../../../src/shared/media.ts";
import { inspectAvif } from "./avif.ts";
import { type Found, UnfitFileError } from "./found.ts";
import { inspectGif } from "./gif.ts";
import { inspectJpeg } from "./jpeg.ts";
import { inspectMp4 } from "./mp4.ts";
import { inspectPdf } from "./pdf.ts";
import { inspectPng } from "./png.ts";
import { sniff } from "./sniff.ts";
import { inspectText } from "./text.ts";
import { inspectWebm } from "./webm.ts";
import { inspectWebp } from "./webp.ts";

/*
 * [Note: Inspection]
 * A file is what its bytes say. Each format has a reader that walks the whole container, from the first byte to the
 * last, and rebuilds it from the parts that are on its list. So what describes the person and not the picture (Exif with
 * its places and cameras, XMP, IPTC, comments, previews) is left out without touching a pixel, and a file that is
 * something else as well, or goes on after its end, is not one of ours. Sizes are read from headers: nothing here
 * decompresses anything.
 */

const READERS: Record<MediaType, (bytes: Uint8Array) => Omit<Found, "mime">> = {
  "image/png": inspectPng,
  "image/jpeg": inspectJpeg,
  "image/webp": inspectWebp,
  "image/gif": inspectGif,
  "image/avif": inspectAvif,
  "video/mp4": inspectMp4,
  "video/webm": inspectWebm,
  "application/pdf": inspectPdf,
  "text/plain": inspectText,
};

/**
 * What a file is and what of it is to be kept. Takes the bytes over: what is left out may be zeroed in place. Throws
 * `UnfitFileError` for what is not to be stored.
 */
export function inspectFile(bytes: Uint8Array): Found {
  if (bytes.length === 0) throw new UnfitFileError("The file is empty.");
  const mime = sniff(bytes);
  if (!mime) throw new UnfitFileError("Files of this type cannot be kept here.");
  const found = readWhole(mime, bytes);
  if (kindOf(mime) === "image") refuseBomb(found);
  return { mime, ...found };
}

function readWhole(mime: MediaType, bytes: Uint8Array): Omit<Found, "mime"> {
  try {
    return READERS[mime](bytes);
  } catch (error) {
    // Readers go where a file's own lengths point, which may be past its end.
    if (error instanceof RangeError) throw new UnfitFileError("The file is damaged or cut off.");
    throw error;
  }
}

function refuseBomb({ width = 0, height = 0 }: Omit<Found, "mime">): void {
  if (width < 1 || height < 1) throw new UnfitFileError("The file is damaged or cut off.");
  if (width * height <= PICTURE_PIXELS) return;
  throw new UnfitFileError(`A picture can have up to ${PICTURE_PIXELS / 1_000_000} million pixels.`);
}

/** The kept parts of a file as one byte string. */
export function keptBytes({ parts }: Pick<Found, "parts">): Uint8Array {
  return concat(...parts);
}
