import type { MediaType } from "../../../src/shared/media.ts";
import { ascii } from "./found.ts";
import { isPlainText } from "./text.ts";

const PNG = "\x89PNG\r\n\x1a\n";
const EBML = "\x1aE\xdf\xa3";

/** Brands of the ISO base media format that say AVIF, in order or among others. */
const AVIF_BRANDS = ["avif", "avis"];
const MP4_BRANDS = ["isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "M4V ", "M4VP", "dash", "msdh"];

/** The type that the first bytes of a file say, or null for none that is kept. Says nothing about the rest of it. */
export function sniff(bytes: Uint8Array): MediaType | null {
  const starts = (text: string) => ascii(bytes, 0, text.length) === text;
  if (starts(PNG)) return "image/png";
  if (starts("\xff\xd8\xff")) return "image/jpeg";
  if (starts("GIF87a") || starts("GIF89a")) return "image/gif";
  if (starts("RIFF") && ascii(bytes, 8, 4) === "WEBP") return "image/webp";
  if (ascii(bytes, 4, 4) === "ftyp") return sniffBrands(bytes);
  if (starts(EBML)) return "video/webm";
  if (starts("%PDF-")) return "application/pdf";
  return isPlainText(bytes) ? "text/plain" : null;
}

function sniffBrands(bytes: Uint8Array): MediaType | null {
  if (bytes.length < 16) return null;
  const boxBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const brands = [ascii(bytes, 8, 4)];
  for (let at = 16; at + 4 <= Math.min(boxBytes, bytes.length, 256); at += 4) brands.push(ascii(bytes, at, 4));
  if (brands.some((brand) => AVIF_BRANDS.includes(brand))) return "image/avif";
  return brands.some((brand) => MP4_BRANDS.includes(brand)) ? "video/mp4" : null;
}
