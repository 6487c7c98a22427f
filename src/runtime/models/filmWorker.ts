/** The thread of `encodeFilm`: draws a scene, lets a disc cross it, and posts the encoded video. */
import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { type Canvas, drawPixels } from "./drawing.ts";
import type { Scene } from "./film.ts";

/** Its types speak of named exports, which Node does not find in the package's bundle. */
const { createH264MP4Encoder } = createRequire(import.meta.url)(
  "h264-mp4-encoder",
) as typeof import("h264-mp4-encoder");

const FRAMES_PER_SECOND = 12;
const PIXEL_BYTES = 4;
/** The encoder's scale ends at 51, where nothing is left to see. */
const QUANTIZATION = 28;
const FASTEST = 10;

const { canvas, seconds, ...subject } = workerData as Scene;
const encoder = await createH264MP4Encoder();
Object.assign(encoder, {
  ...canvas,
  frameRate: FRAMES_PER_SECOND,
  quantizationParameter: QUANTIZATION,
  speed: FASTEST,
});
encoder.initialize();
const ground = await drawPixels(subject, canvas);
const frames = seconds * FRAMES_PER_SECOND;
for (let frame = 0; frame < frames; frame++) encoder.addFrameRgba(withDisc(ground, canvas, frame / frames));
encoder.finalize();
const film = encoder.FS.readFile(encoder.outputFilename);
encoder.delete();
parentPort?.postMessage(film);

/** A copy of the ground with a white disc that goes from the left to the right as `share` goes from 0 to 1. */
function withDisc(ground: Buffer, { width, height }: Canvas, share: number): Buffer {
  const pixels = Buffer.from(ground);
  const radius = Math.floor(height / 12);
  const centreX = Math.floor(radius + share * (width - 2 * radius));
  const centreY = height - 2 * radius;
  for (let dy = -radius; dy < radius; dy++) {
    const half = Math.floor(Math.sqrt(radius * radius - dy * dy));
    const row = (centreY + dy) * width;
    pixels.fill(255, (row + centreX - half) * PIXEL_BYTES, (row + centreX + half) * PIXEL_BYTES);
  }
  return pixels;
}
