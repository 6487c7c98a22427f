import { concat } from "../../../src/shared/bytes.ts";
import { ascii, damaged, type Found, overlong, take, viewOf } from "./found.ts";

const CHUNKS = ["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"];
/** Flags of VP8X that announce Exif and XMP. */
const DESCRIBED = 0x08 | 0x04;
/** What an animation frame has before its chunks. */
const FRAME_BYTES = 16;

interface Chunk {
  type: string;
  payload: Uint8Array;
}

/** Reads a WebP (RFC 9649). */
export function inspectWebp(bytes: Uint8Array): Omit<Found, "mime"> {
  const riffBytes = 8 + viewOf(bytes).getUint32(4, true);
  if (riffBytes > bytes.length) throw damaged();
  if (riffBytes < bytes.length) throw overlong();
  const chunks = readChunks(bytes.subarray(12)).filter(({ type }) => CHUNKS.includes(type));
  const [first] = chunks;
  if (!first) throw damaged();
  const body = concat(...chunks.map(keptChunk));
  const header = bytes.slice(0, 12);
  viewOf(header).setUint32(4, body.length + 4, true);
  return { parts: [header, body], ...sizeOf(first) };
}

function readChunks(bytes: Uint8Array): Chunk[] {
  const view = viewOf(bytes);
  const chunks: Chunk[] = [];
  for (let at = 0; at < bytes.length; ) {
    const payload = take(bytes, at + 8, view.getUint32(at + 4, true));
    chunks.push({ type: ascii(bytes, at, 4), payload });
    at += 8 + payload.length + (payload.length % 2);
  }
  return chunks;
}

function keptChunk({ type, payload }: Chunk): Uint8Array {
  if (type === "ANMF") return writeChunk(type, keptFrame(payload));
  if (type !== "VP8X") return writeChunk(type, payload);
  const plain = payload.slice();
  plain[0] = (plain[0] ?? 0) & ~DESCRIBED;
  return writeChunk(type, plain);
}

function keptFrame(payload: Uint8Array): Uint8Array {
  const chunks = readChunks(take(payload, FRAME_BYTES, payload.length - FRAME_BYTES));
  const kept = chunks.filter(({ type }) => CHUNKS.includes(type));
  return concat(payload.subarray(0, FRAME_BYTES), ...kept.map(({ type, payload }) => writeChunk(type, payload)));
}

function writeChunk(type: string, payload: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(8 + payload.length + (payload.length % 2));
  chunk.set([...type].map((char) => char.charCodeAt(0)));
  viewOf(chunk).setUint32(4, payload.length, true);
  chunk.set(payload, 8);
  return chunk;
}

function sizeOf({ type, payload }: Chunk): { width: number; height: number } {
  const view = viewOf(payload);
  if (type === "VP8X") return { width: 1 + readUint24(view, 4), height: 1 + readUint24(view, 7) };
  if (type === "VP8 ") return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff };
  if (type !== "VP8L") throw damaged();
  const bits = view.getUint32(1, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
}

function readUint24(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
}
