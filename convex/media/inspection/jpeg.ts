import { ascii, damaged, type Found, overlong, take, viewOf } from "./found.ts";

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;
const COM = 0xfe;
/** Start-of-frame markers, which carry the size: all of C0 to CF but the tables C4, C8 and CC. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
const isApp = (marker: number) => marker >= APP0 && marker <= 0xef;
/** RST0 to RST7 and the stuffed zero are part of the compressed data. */
const isData = (marker: number) => marker === 0 || (marker >= 0xd0 && marker <= 0xd7);

const JFIF_BYTES = 18;
const ORIENTATION_TAG = 0x0112;
const UPRIGHT = 1;

/**
 * Reads a JPEG (ITU-T T.81). Keeps what the picture needs, the colour profile and the orientation among it. Phones put
 * further pictures and short films after the end of the first one: those are left out, anything else there is refused.
 */
export function inspectJpeg(bytes: Uint8Array): Omit<Found, "mime"> {
  const view = viewOf(bytes);
  const parts: Uint8Array[] = [];
  let size = { width: 0, height: 0 };
  let orientation = UPRIGHT;
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) throw damaged();
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === EOI) break;
    const segment = take(bytes, at, 2 + view.getUint16(at + 2));
    at += segment.length;
    if (marker === APP1) orientation = orientationOf(segment) ?? orientation;
    if (isFrame(marker))
      size = { height: view.getUint16(at - segment.length + 5), width: view.getUint16(at - segment.length + 7) };
    const kept = keptSegment(marker, segment);
    if (kept) parts.push(kept);
    if (marker !== SOS) continue;
    const end = endOfData(bytes, at);
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  if (!isLeftover(bytes.subarray(at + 2))) throw overlong();
  const head = orientation === UPRIGHT ? [] : [exifWithOrientation(orientation)];
  return { parts: [Uint8Array.of(0xff, SOI), ...head, ...parts, Uint8Array.of(0xff, EOI)], ...size };
}

function keptSegment(marker: number, segment: Uint8Array): Uint8Array | null {
  if (marker === COM) return null;
  if (!isApp(marker)) return segment;
  if (marker === APP0 && ascii(segment, 4, 5) === "JFIF\0") return withoutPreview(segment);
  if (marker === APP2 && ascii(segment, 4, 12) === "ICC_PROFILE\0") return segment;
  if (marker === APP14 && ascii(segment, 4, 5) === "Adobe") return segment;
  return null;
}

/** The JFIF header without the small picture that may follow it. */
function withoutPreview(segment: Uint8Array): Uint8Array {
  if (segment.length < JFIF_BYTES) throw damaged();
  const header = segment.slice(0, JFIF_BYTES);
  header.set([0, JFIF_BYTES - 2], 2);
  header.set([0, 0], 16);
  return header;
}

/** Where compressed data ends: at the next marker that is none of its own. */
function endOfData(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next === undefined) break;
    if (next !== 0xff && !isData(next)) return at;
  }
  throw damaged();
}

/** What cameras leave after a picture: nothing, padding, another JPEG, or the film of a moving picture. */
function isLeftover(rest: Uint8Array): boolean {
  return rest.every((byte) => byte === 0) || ascii(rest, 0, 3) === "\xff\xd8\xff" || ascii(rest, 4, 4) === "ftyp";
}

/** The orientation (1 to 8) that an Exif segment names, or null. */
function orientationOf(segment: Uint8Array): number | null {
  if (ascii(segment, 4, 6) !== "Exif\0\0") return null;
  const tiff = segment.subarray(10);
  if (tiff.length < 14) return null;
  const view = viewOf(tiff);
  const isLittle = ascii(tiff, 0, 2) === "II";
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > tiff.length) return null;
  const entries = view.getUint16(directory, isLittle);
  for (let entry = directory + 2; entry < directory + 2 + entries * 12 && entry + 12 <= tiff.length; entry += 12) {
    if (view.getUint16(entry, isLittle) !== ORIENTATION_TAG) continue;
    const value = view.getUint16(entry + 8, isLittle);
    return value >= 1 && value <= 8 ? value : null;
  }
  return null;
}

/** An Exif segment that says nothing but the orientation (Exif 2.32, a TIFF directory of one entry). */
function exifWithOrientation(orientation: number): Uint8Array {
  const segment = new Uint8Array(36);
  const view = viewOf(segment);
  view.setUint16(0, 0xff00 | APP1);
  view.setUint16(2, segment.length - 2);
  segment.set(
    [..."Exif\0\0MM\0*"].map((char) => char.charCodeAt(0)),
    4,
  );
  view.setUint32(14, 8);
  view.setUint16(18, 1);
  view.setUint16(20, ORIENTATION_TAG);
  view.setUint16(22, 3);
  view.setUint32(24, 1);
  view.setUint16(28, orientation);
  return segment;
}
