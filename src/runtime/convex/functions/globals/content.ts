/** What a body holds, read within the isolate ([Note: Streams of one's own]). */

type Bytes = Uint8Array<ArrayBuffer>;

/** A copy of the bytes of a buffer or a view; null for anything else. */
export function bytesIn(value: unknown): Bytes | null {
  if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0));
  if (!ArrayBuffer.isView(value)) return null;
  return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength).slice();
}

export function joined(parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

export function streamOf(bytes: Bytes): ReadableStream<Bytes> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

export class Content {
  #source: Bytes | ReadableStream<Bytes>;
  #isRead = false;

  constructor(source: Bytes | ReadableStream<Bytes>) {
    this.#source = source;
  }

  get isUsed(): boolean {
    return this.#isRead || (this.#source instanceof ReadableStream && this.#source.locked);
  }

  get stream(): ReadableStream<Bytes> {
    if (this.#source instanceof Uint8Array) this.#source = streamOf(this.#source);
    return this.#source;
  }

  /** Rejects with a `TypeError` when it was read before. */
  async bytes(): Promise<Bytes> {
    const source = this.#used();
    if (source instanceof Uint8Array) return source;
    const parts: Uint8Array[] = [];
    for await (const part of source) parts.push(checkedPart(part));
    return joined(parts);
  }

  /** The same content for a second reader. */
  clone(): Content {
    if (this.isUsed) throw unusable();
    if (this.#source instanceof Uint8Array) return new Content(this.#source);
    const [mine, theirs] = this.#source.tee();
    this.#source = mine;
    return new Content(theirs);
  }

  /** The content for somebody else, and no more for whoever had it. */
  takenOver(): Content {
    return new Content(this.#used());
  }

  #used(): Bytes | ReadableStream<Bytes> {
    if (this.isUsed) throw unusable();
    this.#isRead = true;
    return this.#source;
  }
}

function checkedPart(part: unknown): Uint8Array {
  if (part instanceof Uint8Array) return part;
  throw new TypeError("A body's stream must give chunks of bytes.");
}

function unusable(): TypeError {
  return new TypeError("The body has been read already.");
}
