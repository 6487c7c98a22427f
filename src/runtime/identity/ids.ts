/** Ids as Clerk and Svix make them: a prefix and 27 letters and digits. */
import { randomInt } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_CHARS = 27;

export function newId(prefix: "user" | "idn" | "sess" | "msg" | "csubi" | "cpatt"): string {
  const chars = Array.from({ length: ID_CHARS }, () => ALPHABET[randomInt(ALPHABET.length)]);
  return `${prefix}_${chars.join("")}`;
}
