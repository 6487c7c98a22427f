/** Draws the icons of the installed app from `src/web/public/icon.svg`, which is the one to change. */
import { readFile, writeFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";

const PUBLIC = "src/web/public";
/** The share of a maskable icon's width that no device cuts off. */
const SAFE_SHARE = 0.8;
/** The density at which the SVG's 32 points are finer than any icon's pixels. */
const DENSITY = 1_536;

const svg = await readFile(`${PUBLIC}/icon.svg`, "utf8");
const background = /<rect[^>]*fill="([^"]+)"/.exec(svg)?.[1] ?? "#000";

await Promise.all([drawn(192, "icon-192.png"), drawn(512, "icon-512.png"), maskable(512), touched(180)]);

function drawn(width: number, name: string): Promise<void> {
  return save(sharp(Buffer.from(svg), { density: DENSITY }).resize(width), name);
}

/** Devices cut this one into their own shape, so its ground reaches the edges and its sign stays in the middle. */
function maskable(width: number): Promise<void> {
  return onGround(width, Math.round(width * SAFE_SHARE), "icon-maskable-512.png");
}

/** iOS rounds the corners by itself and shows what is transparent in black. */
function touched(width: number): Promise<void> {
  return onGround(width, width, "icon-touch.png");
}

async function onGround(width: number, signWidth: number, name: string): Promise<void> {
  const sign = await sharp(Buffer.from(svg), { density: DENSITY }).resize(signWidth).toBuffer();
  const ground = sharp({ create: { width, height: width, channels: 3, background } });
  await save(ground.composite([{ input: sign }]), name);
}

async function save(image: Sharp, name: string): Promise<void> {
  await writeFile(`${PUBLIC}/${name}`, await image.png({ compressionLevel: 9, palette: true }).toBuffer());
  console.log(`Drew ${PUBLIC}/${name}`);
}
