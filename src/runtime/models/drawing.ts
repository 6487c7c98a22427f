/** Draws what the stand-ins for image and video models show: the words of a prompt on a ground chosen by it and a seed. */
import { createHash } from "node:crypto";
import sharp from "sharp";

export interface Canvas {
  width: number;
  height: number;
}

export interface Subject {
  prompt: string;
  seed: number;
}

const CHARACTERS_PER_LINE = 22;
const MOST_LINES = 6;
const MOST_LINE_SHARE = 0.1;

/** A picture as PNG. The same subject on the same canvas gives the same bytes. */
export function drawPicture(subject: Subject, canvas: Canvas): Promise<Buffer> {
  return sharp(Buffer.from(svgOf(subject, canvas)))
    .png()
    .toBuffer();
}

/** A picture as raw pixels, four bytes each: red, green, blue, alpha. */
export async function drawPixels(subject: Subject, canvas: Canvas): Promise<Buffer> {
  return sharp(Buffer.from(svgOf(subject, canvas)))
    .ensureAlpha()
    .raw()
    .toBuffer();
}

/** The drawing as SVG. Pure. */
export function svgOf({ prompt, seed }: Subject, { width, height }: Canvas): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([prompt, seed]))
    .digest();
  const hue = digest.readUInt16BE(0) % 360;
  const lines = linesOf(prompt);
  const size = Math.min(height * MOST_LINE_SHARE, (width * 1.5) / CHARACTERS_PER_LINE);
  const top = height / 2 - ((lines.length - 1) * size * 1.25) / 2;
  const text = lines
    .map((line, index) => `<text x="${width / 2}" y="${top + index * size * 1.25}">${escapeXml(line)}</text>`)
    .join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop stop-color="hsl(${hue} 55% 30%)"/>
<stop offset="1" stop-color="hsl(${(hue + 60) % 360} 60% 55%)"/></linearGradient></defs>
<rect width="100%" height="100%" fill="url(#g)"/>${circlesOf(digest, { width, height })}
<g font-family="sans-serif" font-size="${size}" fill="white" text-anchor="middle">${text}</g>
<text x="${width / 2}" y="${height - size * 0.6}" font-family="sans-serif" font-size="${size * 0.5}" fill="white"
 fill-opacity=".75" text-anchor="middle">drawn by a stand-in · seed ${seed}</text></svg>`;
}

function circlesOf(digest: Buffer, { width, height }: Canvas): string {
  return [...digest.subarray(4, 19)]
    .map((byte, index, bytes) => {
      if (index % 3 !== 0) return "";
      const [x, y] = [bytes[index + 1] ?? 0, bytes[index + 2] ?? 0];
      const radius = (0.05 + byte / 1500) * Math.min(width, height);
      return `<circle cx="${(x / 255) * width}" cy="${(y / 255) * height}" r="${radius}" fill="white" fill-opacity=".15"/>`;
    })
    .join("");
}

/** The first words, in lines of about the same length. */
function linesOf(prompt: string): string[] {
  const lines: string[] = [];
  for (const word of prompt.trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < CHARACTERS_PER_LINE)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push([...word].slice(0, CHARACTERS_PER_LINE).join(""));
  }
  return lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES - 1), "…"] : lines;
}

/** Text for XML, without the characters that XML 1.0 does not allow at all. */
function escapeXml(text: string): string {
  const allowed = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "");
  return allowed.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
