/** Byte strings whose buffer is plain memory, as WebCrypto and Convex's `v.bytes()` want them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const PREFIX_BYTES = 4;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text to UTF-8. */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** UTF-8 to text. Throws a TypeError on bytes that are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return strictDecoder.decode(bytes);
}

/** The byte strings one after the other. */
export function concat(...parts: Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/**
 * Gives the memory of bytes back at once that nobody uses any more, they least of all. Left to the engine, the buffers of a
 * large file pile up, since to its collector each looks as small as the object that stands for it.
 */
export function release({ buffer }: Bytes): void {
  // Node 20, on which actions may run, has no such method, and collects them in time.
  buffer.transfer?.(0);
}

/**
 * Length-prefixed concatenation: each part is preceded by its length as a big-endian 32-bit number, so that no two
 * different lists of parts give the same bytes. Text is UTF-8, numbers are written in decimal.
 */
export function lengthPrefixed(...parts: (string | number | Uint8Array)[]): Bytes {
  const encoded = parts.map((part) => (part instanceof Uint8Array ? part : utf8(String(part))));
  const joined = new Uint8Array(encoded.reduce((sum, part) => sum + PREFIX_BYTES + part.length, 0));
  const view = new DataView(joined.buffer);
  let offset = 0;
  for (const part of encoded) {
    view.setUint32(offset, part.length);
    joined.set(part, offset + PREFIX_BYTES);
    offset += PREFIX_BYTES + part.length;
  }
  return joined;
}

/** Whether two byte strings are equal, in time that depends on their length alone. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= (a[index] as number) ^ (b[index] as number);
  return difference === 0;
}

/** Standard base64 to bytes. Throws on anything else. */
export function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** Bytes to standard base64. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Bytes to base64url without padding (RFC 4648 §5). */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Base64url without padding to bytes. Throws on anything else. */
export function fromBase64Url(text: string): Bytes {
  return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}
