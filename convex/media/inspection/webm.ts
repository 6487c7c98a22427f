import { ascii, damaged, type Found, overlong, viewOf } from "./found.ts";

/** Ids of EBML elements (RFC 8794, RFC 9559), with the marker bits that are part of them. */
const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const DOC_TYPE = 0x4282;
const INFO = 0x1549a966;
/** Tags, attachments, and of `INFO` the title, the date and the file's former names. */
const DESCRIBING = new Set([0x1254c367, 0x1941a469, 0x7ba9, 0x4461, 0x7384, 0x3c83ab, 0x3e83bb]);
const PARENTS = new Set([SEGMENT, INFO]);
const VOID = 0xec;

interface Element {
  id: number;
  start: number;
  contentStart: number;
  end: number;
}

/** Reads a WebM. What describes it becomes void, of the same length, so that no offset in the file changes. */
export function inspectWebm(bytes: Uint8Array): Omit<Found, "mime"> {
  const [head, segment, more] = readElements(bytes, 0, bytes.length);
  if (head?.id !== EBML || segment?.id !== SEGMENT || docType(bytes, head) !== "webm") throw damaged();
  if (more) throw overlong();
  blankDescriptions(bytes, segment);
  return { parts: [bytes] };
}

function docType(bytes: Uint8Array, head: Element): string {
  const element = readElements(bytes, head.contentStart, head.end).find(({ id }) => id === DOC_TYPE);
  return element ? ascii(bytes, element.contentStart, element.end - element.contentStart) : "";
}

function blankDescriptions(bytes: Uint8Array, parent: Element): void {
  for (const element of readElements(bytes, parent.contentStart, parent.end)) {
    if (DESCRIBING.has(element.id)) makeVoid(bytes, element);
    else if (PARENTS.has(element.id)) blankDescriptions(bytes, element);
  }
}

function readElements(bytes: Uint8Array, start: number, end: number): Element[] {
  const elements: Element[] = [];
  for (let at = start; at < end; ) {
    const idBytes = widthOf(bytes, at);
    const sizeBytes = widthOf(bytes, at + idBytes);
    const contentStart = at + idBytes + sizeBytes;
    const size = readSize(bytes, at + idBytes, sizeBytes);
    const element = {
      id: readId(bytes, at, idBytes),
      start: at,
      contentStart,
      end: size === null ? end : contentStart + size,
    };
    if (idBytes > 4 || element.end > end) throw damaged();
    elements.push(element);
    at = element.end;
  }
  return elements;
}

/** Numbers say their width by the zeros they begin with. */
function widthOf(bytes: Uint8Array, at: number): number {
  return Math.clz32(viewOf(bytes).getUint8(at)) - 24 + 1;
}

function readId(bytes: Uint8Array, at: number, width: number): number {
  let id = 0;
  for (let index = 0; index < width; index++) id = id * 256 + (bytes[at + index] ?? 0);
  return id;
}

/** The size of an element's content; null where it is unknown, as in streams: all ones. */
function readSize(bytes: Uint8Array, at: number, width: number): number | null {
  if (width > 8) throw damaged();
  const marker = 2 ** (8 - width);
  let size = viewOf(bytes).getUint8(at) - marker;
  let isUnknown = size === marker - 1;
  for (let index = 1; index < width; index++) {
    const byte = viewOf(bytes).getUint8(at + index);
    isUnknown &&= byte === 0xff;
    size = size * 256 + byte;
  }
  return isUnknown ? null : size;
}

function makeVoid(bytes: Uint8Array, { start, end }: Element): void {
  const length = end - start;
  const sizeBytes = length > 8 ? 8 : 1;
  bytes.fill(0, start, end);
  bytes[start] = VOID;
  let rest = length - 1 - sizeBytes;
  for (let at = start + sizeBytes; at > start; at--) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[start + 1] = (bytes[start + 1] ?? 0) | (2 ** (8 - sizeBytes));
}
