import { type Box, blankBoxes, boxOf, readBoxes } from "./boxes.ts";
import { damaged, type Found, viewOf } from "./found.ts";

/** Boxes with names, places, dates and whatever an application likes to add. */
const DESCRIBING = ["udta", "meta", "uuid"];
/** Boxes that hold other boxes of interest. */
const CONTAINERS = ["moov", "trak"];

/** Reads an MP4 (ISO/IEC 14496-14). Descriptions become free space, so that no offset in the file changes. */
export function inspectMp4(bytes: Uint8Array): Omit<Found, "mime"> {
  const boxes = withChildren(bytes, readBoxes(bytes, 0, bytes.length));
  if (!boxOf(boxes, "moov")) throw damaged();
  blankBoxes(
    bytes,
    boxes.filter(({ type }) => DESCRIBING.includes(type)),
  );
  return { parts: [bytes], ...sizeOf(bytes, boxes) };
}

function withChildren(bytes: Uint8Array, boxes: Box[]): Box[] {
  return boxes.flatMap((box) =>
    CONTAINERS.includes(box.type) ? [box, ...withChildren(bytes, readBoxes(bytes, box.contentStart, box.end))] : [box],
  );
}

/** The size of the first track that has one: the last eight bytes of its header, as 16.16 fixed point. */
function sizeOf(bytes: Uint8Array, boxes: Box[]): { width?: number; height?: number } {
  const view = viewOf(bytes);
  for (const { end } of boxes.filter(({ type }) => type === "tkhd")) {
    const width = view.getUint32(end - 8) >>> 16;
    const height = view.getUint32(end - 4) >>> 16;
    if (width > 0 && height > 0) return { width, height };
  }
  return {};
}
