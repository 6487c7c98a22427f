/** Stream classes of an isolate's own ([Note: Streams of one's own]), in the shapes of the Streams and Encoding standards. */
import { TransformStream } from "web-streams-polyfill";

export {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
} from "web-streams-polyfill";

export class TextEncoderStream {
  readonly encoding = "utf-8";
  readonly #transform: TransformStream<string, Uint8Array>;

  constructor() {
    const encoder = new TextEncoder();
    // The first half of a character whose second half may come with the next chunk.
    let kept = "";
    this.#transform = new TransformStream<string, Uint8Array>({
      transform(chunk, controller) {
        const text = kept + String(chunk);
        const end = /[\uD800-\uDBFF]$/.test(text) ? text.length - 1 : text.length;
        kept = text.slice(end);
        if (end > 0) controller.enqueue(encoder.encode(text.slice(0, end)));
      },
      flush(controller) {
        if (kept !== "") controller.enqueue(encoder.encode(kept));
      },
    });
  }

  get readable() {
    return this.#transform.readable;
  }

  get writable() {
    return this.#transform.writable;
  }
}

export class TextDecoderStream {
  readonly #decoder: TextDecoder;
  readonly #transform: TransformStream<Uint8Array, string>;

  constructor(label?: string, options?: TextDecoderOptions) {
    const decoder = new TextDecoder(label, options);
    const enqueue = (text: string, controller: { enqueue(text: string): void }) => {
      if (text !== "") controller.enqueue(text);
    };
    this.#decoder = decoder;
    this.#transform = new TransformStream<Uint8Array, string>({
      transform: (chunk, controller) => enqueue(decoder.decode(chunk, { stream: true }), controller),
      flush: (controller) => enqueue(decoder.decode(), controller),
    });
  }

  get encoding() {
    return this.#decoder.encoding;
  }

  get fatal() {
    return this.#decoder.fatal;
  }

  get ignoreBOM() {
    return this.#decoder.ignoreBOM;
  }

  get readable() {
    return this.#transform.readable;
  }

  get writable() {
    return this.#transform.writable;
  }
}
