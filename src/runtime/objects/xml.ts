/** XML of the S3 API: documents out of plain data, plain data out of request bodies. */
import { XMLParser } from "fast-xml-parser";

const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** Text becomes text; an array repeats its element; `undefined` leaves the element out. */
export type XmlValue = string | number | boolean | undefined | XmlValue[] | { [element: string]: XmlValue };

/** A whole document with one root element. */
export function document(
  root: string,
  content: XmlValue,
  { namespace = S3_NAMESPACE }: { namespace?: string | null } = {},
): string {
  const attribute = namespace === null ? "" : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inner(content)}</${root}>`;
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map((item) => element(name, item)).join("");
  return `<${name}>${inner(value)}</${name}>`;
}

function inner(value: XmlValue): string {
  if (value === undefined) return "";
  if (typeof value !== "object") return escapeText(String(value));
  if (Array.isArray(value)) return value.map(inner).join("");
  return Object.entries(value)
    .map(([name, child]) => element(name, child))
    .join("");
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** What XML 1.0 cannot carry, not even escaped: most control characters and two noncharacters. */
const UNFIT = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

export function fitsXml(text: string): boolean {
  return text.isWellFormed() && text.search(UNFIT) < 0;
}

/** Line breaks are escaped too: a parser would turn a bare carriage return into something else. */
function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(UNFIT, "\uFFFD")
    .replace(/[&<>"'\t\n\r]/g, (char) => ESCAPES[char] ?? `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`);
}

/**
 * Parses a request body. Elements are objects, text stays text (a key named "007" is not a number), and
 * `repeated` names the elements that are arrays even when there is one. Throws on anything malformed, and on documents
 * that define entities of their own.
 */
export function parseXml(text: string, repeated: readonly string[]): unknown {
  if (/<!DOCTYPE/i.test(text)) throw new SyntaxError("A request body must not have a document type.");
  const parser = new XMLParser({
    ignoreAttributes: true,
    ignoreDeclaration: true,
    parseTagValue: false,
    trimValues: false,
    removeNSPrefix: true,
    htmlEntities: true,
    // Spaces between elements are layout; spaces inside a key are the key.
    tagValueProcessor: (_name, text, _path, _hasAttributes, isLeaf) => (isLeaf ? text : ""),
    isArray: (name) => repeated.includes(name),
  });
  return parser.parse(text, true);
}
