/** The part of WebCodecs, as this package offers it to Node, that gives the first frame of a video. */
declare module "@napi-rs/webcodecs-linux-x64-gnu" {
  interface Demuxer {
    loadBuffer(data: Uint8Array): Promise<void>;
    readonly videoDecoderConfig: { codec: string } | null;
    demuxAsync(count: number): Promise<void>;
    close(): void;
  }
  interface DemuxerInit {
    videoOutput(chunk: object): void;
    error(error: Error): void;
  }
  export class Mp4Demuxer implements Demuxer {
    constructor(init: DemuxerInit);
    loadBuffer(data: Uint8Array): Promise<void>;
    readonly videoDecoderConfig: { codec: string } | null;
    demuxAsync(count: number): Promise<void>;
    close(): void;
  }
  export class WebMDemuxer extends Mp4Demuxer {}
  export class VideoFrame {
    readonly displayWidth: number;
    readonly displayHeight: number;
    readonly rotation: number;
    allocationSize(options: { format: "RGBA" }): number;
    copyTo(destination: Uint8Array, options: { format: "RGBA" }): Promise<unknown>;
    close(): void;
  }
  export class VideoDecoder {
    constructor(init: { output(frame: VideoFrame): void; error(error: Error): void });
    configure(config: { codec: string }): void;
    decode(chunk: object): void;
    flush(): Promise<void>;
    close(): void;
  }
}
