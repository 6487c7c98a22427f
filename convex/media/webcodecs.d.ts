/** The part of WebCodecs, as this package offers it to Node, that gives the first frame of a video. */
declare module "@napi-rs/webcodecs-linux-x64-gnu" {
  class Demuxer {
    constructor(init: { videoOutput(packet: object): void; error(error: Error): void });
    loadBuffer(data: Uint8Array): Promise<void>;
    readonly videoDecoderConfig: { codec: string } | null;
    demuxAsync(count: number): Promise<void>;
    close(): void;
  }
  class VideoFrame {
    readonly displayWidth: number;
    readonly displayHeight: number;
    readonly rotation: number;
    allocationSize(options: { format: "RGBA" }): number;
    copyTo(destination: Uint8Array, options: { format: "RGBA" }): Promise<unknown>;
    close(): void;
  }
  class VideoDecoder {
    constructor(init: { output(frame: VideoFrame): void; error(error: Error): void });
    configure(config: { codec: string }): void;
    decode(packet: object): void;
    flush(): Promise<void>;
    close(): void;
  }
  const codecs: {
    Mp4Demuxer: typeof Demuxer;
    WebMDemuxer: typeof Demuxer;
    VideoFrame: typeof VideoFrame;
    VideoDecoder: typeof VideoDecoder;
  };
  export default codecs;
}
