import type { Found } from "./found.ts";

/** Control characters that plain text may have: tab, line feed, form feed, carriage return. */
const ALLOWED_CONTROLS = [0x09, 0x0a, 0x0c, 0x0d];

/** Whether bytes are UTF-8 text without other control characters. What a text means to a browser does not matter. */
export function isPlainText(bytes: Uint8Array): boolean {
  if (bytes.some((byte) => (byte < 0x20 && !ALLOWED_CONTROLS.includes(byte)) || byte === 0x7f)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Text is kept as it is. */
export function inspectText(bytes: Uint8Array): Omit<Found, "mime"> {
  return { parts: [bytes] };
}
