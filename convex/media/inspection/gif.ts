import { ascii, damaged, type Found, overlong, take, viewOf } from "./found.ts";

const HEADER_BYTES = 13;
const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const GRAPHIC_CONTROL = 0xf9;
const APPLICATION = 0xff;
/** Applications whose block says how often to repeat; others carry XMP and the like. */
const LOOPS = ["NETSCAPE2.0", "ANIMEXTS1.0"];

/** Reads a GIF (GIF89a specification). */
export function inspectGif(bytes: Uint8Array): Omit<Found, "mime"> {
  const view = viewOf(bytes);
  const width = view.getUint16(6, true);
  const height = view.getUint16(8, true);
  let at = HEADER_BYTES + colourTableBytes(view.getUint8(10));
  const parts = [take(bytes, 0, at)];
  for (let block = view.getUint8(at); block !== TRAILER; block = view.getUint8(at)) {
    const end = block === EXTENSION ? endOfBlocks(view, at + 2) : endOfImage(view, at);
    if (block !== EXTENSION || isKept(bytes, at)) parts.push(take(bytes, at, end - at));
    at = end;
  }
  if (at + 1 < bytes.length) throw overlong();
  return { parts: [...parts, Uint8Array.of(TRAILER)], width, height };
}

function isKept(bytes: Uint8Array, at: number): boolean {
  const label = bytes[at + 1];
  return label === GRAPHIC_CONTROL || (label === APPLICATION && LOOPS.includes(ascii(bytes, at + 3, 11)));
}

function endOfImage(view: DataView, at: number): number {
  if (view.getUint8(at) !== IMAGE) throw damaged();
  return endOfBlocks(view, at + 10 + colourTableBytes(view.getUint8(at + 9)) + 1);
}

/** Data comes in blocks that begin with their length; an empty one ends them. */
function endOfBlocks(view: DataView, start: number): number {
  let at = start;
  for (let length = view.getUint8(at); length > 0; length = view.getUint8(at)) at += 1 + length;
  return at + 1;
}

function colourTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 0x07) + 1) : 0;
}
