/** Files as people upload them, with what they would rather not have said about them. */
import { createH264MP4Encoder } from "h264-mp4-encoder";
import sharp from "sharp";

/** What no stored file may still hold. */
export const SECRET = "Taken at 12 Privet Drive";

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#c3662a" } });
const described = (width = 640, height = 400) =>
  picture(width, height).withExif({
    IFD0: { ImageDescription: SECRET, Orientation: "6" },
    IFD3: { GPSLatitude: "51/1 30/1 0/1" },
  });

export const png = (width = 640, height = 400) => picture(width, height).png().toBuffer();
export const describedPng = () => described().png().toBuffer();
export const describedJpeg = () => described().withMetadata({ orientation: 6 }).jpeg().toBuffer();
export const describedWebp = () => described().webp().toBuffer();
export const describedAvif = () => described().avif({ effort: 0 }).toBuffer();

export async function gif(): Promise<Buffer> {
  const plain = await picture(64, 48).gif().toBuffer();
  // A comment before the end.
  const comment = Buffer.from(`!\xfe${String.fromCharCode(SECRET.length)}${SECRET}\0`, "latin1");
  return Buffer.concat([plain.subarray(0, -1), comment, Buffer.from(";")]);
}

/** A second of film, with a description in its `udta` box. */
export async function mp4(): Promise<Buffer> {
  const encoder = await createH264MP4Encoder();
  Object.assign(encoder, { width: 160, height: 120, frameRate: 10 });
  encoder.initialize();
  for (let frame = 0; frame < 10; frame++) encoder.addFrameRgba(new Uint8Array(160 * 120 * 4).fill(25 * frame));
  encoder.finalize();
  const film = Buffer.from(encoder.FS.readFile(encoder.outputFilename));
  encoder.delete();
  return Buffer.concat([film, box("uuid", Buffer.from(SECRET))]);
}

export function box(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.length);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, content]);
}

/** The smallest WebM there is: a head, and a segment of nothing but a title and tags. */
export function webm(): Buffer {
  const head = element([0x1a, 0x45, 0xdf, 0xa3], element([0x42, 0x82], Buffer.from("webm")));
  const info = element([0x15, 0x49, 0xa9, 0x66], element([0x7b, 0xa9], Buffer.from(SECRET)));
  const tags = element([0x12, 0x54, 0xc3, 0x67], Buffer.from(SECRET));
  return Buffer.concat([head, element([0x18, 0x53, 0x80, 0x67], Buffer.concat([info, tags]))]);
}

function element(id: number[], content: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(0x10000000 | content.length);
  return Buffer.concat([Buffer.from(id), size, content]);
}

export const pdf = () => Buffer.from("%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n");

/** A PNG of a few bytes that says it has this many pixels. */
export async function bomb(width: number, height: number): Promise<Buffer> {
  const small = await png(1, 1);
  small.writeUInt32BE(width, 16);
  small.writeUInt32BE(height, 20);
  return small;
}
