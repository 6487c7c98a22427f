"use node";

import { createRequire } from "node:module";

/** A picture as bytes of red, green, blue and alpha. */
export interface Frame {
  rgba: Uint8Array;
  width: number;
  height: number;
  /** Degrees clockwise by which it is to be turned. */
  rotation: number;
}

/** Packets that are decoded at most: the first one is a whole picture, and decoders may hold some back. */
const PACKETS = 8;

/**
 * The first frame of a video, from its beginning or the whole of it. Null where it cannot be had: this platform has no
 * decoder, the file is not understood, or it keeps its index at an end that is not at hand.
 */
export async function firstFrame(video: Uint8Array, mime: string): Promise<Frame | null> {
  try {
    return await decodeFirst(await loadCodecs(), video, mime);
  } catch (error) {
    console.warn("No poster for a video:", error instanceof Error ? error.message : error);
    return null;
  }
}

type Codecs = typeof import("@napi-rs/webcodecs-linux-x64-gnu").default;
type VideoFrame = InstanceType<Codecs["VideoFrame"]>;

/** The import says what is needed, so that it is installed; Node before 24 loads native code by `require` alone. */
async function loadCodecs(): Promise<Codecs> {
  try {
    return (await import("@napi-rs/webcodecs-linux-x64-gnu")).default;
  } catch {
    return createRequire(import.meta.url)("@napi-rs/webcodecs-linux-x64-gnu") as Codecs;
  }
}

async function decodeFirst(codecs: Codecs, video: Uint8Array, mime: string): Promise<Frame | null> {
  const { packets, config } = await readPackets(codecs, video, mime);
  const frames: VideoFrame[] = [];
  const decoder = new codecs.VideoDecoder({ output: (frame) => frames.push(frame), error: () => undefined });
  try {
    decoder.configure(config);
    for (const packet of packets) decoder.decode(packet);
    await decoder.flush();
    return frames[0] ? await pixelsOf(frames[0]) : null;
  } finally {
    for (const frame of frames) frame.close();
    decoder.close();
  }
}

async function readPackets(codecs: Codecs, video: Uint8Array, mime: string) {
  const packets: object[] = [];
  const Demuxer = mime === "video/webm" ? codecs.WebMDemuxer : codecs.Mp4Demuxer;
  const demuxer = new Demuxer({ videoOutput: (packet) => packets.push(packet), error: () => undefined });
  try {
    await demuxer.loadBuffer(video);
    const config = demuxer.videoDecoderConfig;
    if (!config) throw new Error("It has no track of pictures");
    await demuxer.demuxAsync(PACKETS);
    return { packets, config };
  } finally {
    demuxer.close();
  }
}

async function pixelsOf(frame: VideoFrame): Promise<Frame> {
  const rgba = new Uint8Array(frame.allocationSize({ format: "RGBA" }));
  await frame.copyTo(rgba, { format: "RGBA" });
  return { rgba, width: frame.displayWidth, height: frame.displayHeight, rotation: frame.rotation };
}
