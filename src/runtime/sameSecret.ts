import { createHash, timingSafeEqual } from "node:crypto";

/** Compares secrets in a time that depends on neither of them. */
export function sameSecret(given: string, expected: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
