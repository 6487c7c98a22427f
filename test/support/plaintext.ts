/** Searches folders for text that must not be readable there, in any form a careless program might have left it. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export interface Leak {
  file: string;
  encoding: string;
  text: string;
}

/** Shorter pieces occur by chance, above all in base64. */
const SHORTEST_PIECE = 10;

/** Where any of `texts`, or a piece of three words of one, occurs in a file under `folder`. */
export function findLeaks(folder: string, texts: string[]): Leak[] {
  const needles = texts.flatMap(piecesOf).flatMap(encodingsOf);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.flatMap((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    const folded = foldCase(bytes);
    return needles
      .filter(({ needle, ignoresCase }) => (ignoresCase ? folded : bytes).includes(needle))
      .map(({ encoding, text }) => ({ file, encoding, text }));
  });
}

/** Three words in a row are rare enough to prove a leak and short enough to survive being cut into chunks. */
export function piecesOf(text: string): string[] {
  const words = text.split(/\s+/).filter(Boolean);
  const triples = words.slice(0, -2).map((_, start) => words.slice(start, start + 3).join(" "));
  return [...new Set([text, ...triples])].filter((piece) => piece.length >= SHORTEST_PIECE);
}

interface Needle {
  text: string;
  encoding: string;
  needle: Buffer;
  ignoresCase?: boolean;
}

function encodingsOf(text: string): Needle[] {
  const utf8 = Buffer.from(text, "utf8");
  const utf16 = Buffer.from(text, "utf16le");
  const plain = [
    { encoding: "UTF-8", needle: foldCase(utf8), ignoresCase: true },
    { encoding: "UTF-16LE", needle: utf16 },
    { encoding: "UTF-16BE", needle: Buffer.from(utf16).swap16() },
    { encoding: "hex", needle: Buffer.from(utf8.toString("hex")), ignoresCase: true },
    { encoding: "JSON", needle: Buffer.from(JSON.stringify(text).slice(1, -1)) },
    { encoding: "percent", needle: Buffer.from(encodeURIComponent(text)) },
    { encoding: "reversed", needle: Buffer.from([...text].toReversed().join("")) },
  ];
  return [...plain, ...base64Of("base64", utf8), ...base64Of("base64url", utf8)].map((form) => ({ text, ...form }));
}

function foldCase(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").toLowerCase(), "latin1");
}

/** Base64 of a text depends on where it starts within three bytes: the part of each that does not depend on its neighbours. */
function base64Of(encoding: "base64" | "base64url", bytes: Buffer) {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString(encoding)
      .replace(/=+$/, "");
    const settled = Math.floor(((before + bytes.length) * 8) / 6);
    return { encoding, needle: Buffer.from(encoded.slice(Math.ceil((before * 8) / 6), settled)) };
  });
}
