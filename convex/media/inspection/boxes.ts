import { ascii, damaged, viewOf } from "./found.ts";

/** A box of the ISO base media file format (ISO/IEC 14496-12). */
export interface Box {
  type: string;
  /** Where the box begins, where its content does, and where both end, counted from the start of the file. */
  start: number;
  contentStart: number;
  end: number;
}

/** The boxes between two places of a file, which they must fill exactly. */
export function readBoxes(bytes: Uint8Array, start: number, end: number): Box[] {
  const view = viewOf(bytes);
  const boxes: Box[] = [];
  for (let at = start; at < end; ) {
    const box = readBox(view, bytes, at, end);
    if (box.end > end || box.end < box.contentStart) throw damaged();
    boxes.push(box);
    at = box.end;
  }
  return boxes;
}

/** A length of 1 says that the real one follows in 64 bits, one of 0 that the box goes on to the end. */
function readBox(view: DataView, bytes: Uint8Array, start: number, end: number): Box {
  const type = ascii(bytes, start + 4, 4);
  const length = view.getUint32(start);
  if (length === 0) return { type, start, contentStart: start + 8, end };
  if (length > 1) return { type, start, contentStart: start + 8, end: start + length };
  return { type, start, contentStart: start + 16, end: start + Number(view.getBigUint64(start + 8)) };
}

/** The first box of a type, or undefined. */
export function boxOf(boxes: Box[], type: string): Box | undefined {
  return boxes.find((box) => box.type === type);
}

/**
 * Turns boxes of a file into free space, zeroed. Their length stays, and with it every offset in the file. `bytes` is
 * changed.
 */
export function blankBoxes(bytes: Uint8Array, boxes: Box[]): void {
  for (const { start, contentStart, end } of boxes) {
    bytes.set([0x66, 0x72, 0x65, 0x65], start + 4);
    bytes.fill(0, contentStart, end);
  }
}
