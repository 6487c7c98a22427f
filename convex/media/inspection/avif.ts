import { type Box, blankBoxes, boxOf, readBoxes } from "./boxes.ts";
import { ascii, damaged, type Found, viewOf } from "./found.ts";

/** Items of a HEIF file that describe the picture: Exif, and XMP, which is of the type "mime". */
const DESCRIBING_ITEMS = ["Exif", "mime"];
const DESCRIBING_BOXES = ["uuid", "udta"];

/**
 * Reads an AVIF (AV1 Image File Format, on ISO/IEC 23008-12). Items that describe become free ones with zeros for
 * content, so that no offset in the file changes; the orientation is a property of the picture and stays.
 */
export function inspectAvif(bytes: Uint8Array): Omit<Found, "mime"> {
  const top = readBoxes(bytes, 0, bytes.length);
  const meta = boxOf(top, "meta");
  if (!meta) throw damaged();
  // `meta` begins with a version and flags.
  const inside = readBoxes(bytes, meta.contentStart + 4, meta.end);
  blankBoxes(
    bytes,
    [...top, ...inside].filter(({ type }) => DESCRIBING_BOXES.includes(type)),
  );
  blankItems(bytes, inside);
  return { parts: [bytes], ...largestSize(bytes, inside) };
}

function blankItems(bytes: Uint8Array, inside: Box[]): void {
  const describing = freeItems(bytes, boxOf(inside, "iinf"));
  const locations = boxOf(inside, "iloc");
  if (describing.size === 0) return;
  if (!locations) throw damaged();
  const inlineStart = boxOf(inside, "idat")?.contentStart;
  for (const { itemId, method, offset, length } of readExtents(bytes, locations)) {
    if (!describing.has(itemId)) continue;
    const start = method === 1 ? (inlineStart ?? 0) + offset : offset;
    // A length of 0 means the whole source, which would be the picture too.
    if (length === 0 || start + length > bytes.length || method > 1) throw damaged();
    bytes.fill(0, start, start + length);
  }
}

/** Renames the describing items, so that no reader looks for Exif in them, and gives their ids. */
function freeItems(bytes: Uint8Array, items: Box | undefined): Set<number> {
  const ids = new Set<number>();
  if (!items) return ids;
  const view = viewOf(bytes);
  const countBytes = view.getUint8(items.contentStart) === 0 ? 2 : 4;
  for (const { type, contentStart } of readBoxes(bytes, items.contentStart + 4 + countBytes, items.end)) {
    const version = view.getUint8(contentStart);
    if (type !== "infe" || version < 2) continue;
    const idBytes = version === 2 ? 2 : 4;
    const typeAt = contentStart + 4 + idBytes + 2;
    if (!DESCRIBING_ITEMS.includes(ascii(bytes, typeAt, 4))) continue;
    ids.add(idBytes === 2 ? view.getUint16(contentStart + 4) : view.getUint32(contentStart + 4));
    bytes.set([0x66, 0x72, 0x65, 0x65], typeAt);
  }
  return ids;
}

interface Extent {
  itemId: number;
  /** 0: offsets count from the start of the file; 1: from the start of `idat`. */
  method: number;
  offset: number;
  length: number;
}

/** The extents of `iloc`, whose fields have the widths that it says itself. */
function readExtents(bytes: Uint8Array, { contentStart, end }: Box): Extent[] {
  const reader = new FieldReader(viewOf(bytes), contentStart);
  const version = reader.read(1);
  reader.read(3);
  const [sizes, moreSizes] = [reader.read(1), reader.read(1)];
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 4, sizes & 15, moreSizes >> 4];
  const indexBytes = version > 0 ? moreSizes & 15 : 0;
  const count = reader.read(version < 2 ? 2 : 4);
  const extents: Extent[] = [];
  for (let item = 0; item < count && reader.at < end; item++) {
    const itemId = reader.read(version < 2 ? 2 : 4);
    const method = version > 0 ? reader.read(2) & 15 : 0;
    reader.read(2);
    const base = reader.read(baseBytes);
    const extentCount = reader.read(2);
    for (let extent = 0; extent < extentCount && reader.at < end; extent++) {
      reader.read(indexBytes);
      extents.push({ itemId, method, offset: base + reader.read(offsetBytes), length: reader.read(lengthBytes) });
    }
  }
  return extents;
}

/** Reads big-endian numbers of 0 to 8 bytes, one after the other. */
class FieldReader {
  at: number;
  readonly #view: DataView;

  constructor(view: DataView, start: number) {
    this.#view = view;
    this.at = start;
  }

  read(width: number): number {
    let value = 0;
    for (let index = 0; index < width; index++) value = value * 256 + this.#view.getUint8(this.at++);
    return value;
  }
}

/** The size of the largest item: others are previews, masks and tiles. */
function largestSize(bytes: Uint8Array, inside: Box[]): { width: number; height: number } {
  const view = viewOf(bytes);
  const properties = boxOf(inside, "iprp");
  const container = properties && boxOf(readBoxes(bytes, properties.contentStart, properties.end), "ipco");
  const boxes = container ? readBoxes(bytes, container.contentStart, container.end) : [];
  const sizes = boxes
    .filter(({ type }) => type === "ispe")
    .map(({ contentStart }) => ({ width: view.getUint32(contentStart + 4), height: view.getUint32(contentStart + 8) }));
  return sizes.sort((a, b) => b.width * b.height - a.width * a.height)[0] ?? { width: 0, height: 0 };
}
