"use node";

import { ANSWER_BYTES } from "./asking.ts";
import { OrderError } from "./orders.ts";

/** What stands before a picture in an answer of OpenAI's kind. A quote within a text of JSON has a backslash before it. */
const BEFORE_PICTURE = /"b64_json"\s*:\s*"$/;
const QUOTE = 0x22;
const LONGEST_BEFORE_CHARACTERS = 64;

/** An answer of which the picture was taken out: `b64_json` is empty there. */
export interface PictureAnswer {
  json: unknown;
  /** Empty where the answer carries none. */
  picture: Uint8Array<ArrayBuffer>;
}

/**
 * Reads an answer that may carry a picture in base64, and decodes the picture as it arrives: it is in memory once, and
 * never as text. Throws `OrderError` where there is more than that many bytes of picture, or very many words around it,
 * and `SyntaxError` for what is no JSON.
 */
export async function readPictureAnswer(
  body: AsyncIterable<Uint8Array>,
  mostPictureBytes: number,
): Promise<PictureAnswer> {
  const words = new Words();
  const picture = new Picture(mostPictureBytes);
  let isPicture = false;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; ) {
      const quote = chunk.indexOf(QUOTE, at);
      const end = quote < 0 ? chunk.length : quote;
      if (isPicture) picture.add(chunk.subarray(at, end));
      else words.add(chunk.subarray(at, end));
      if (quote >= 0) {
        words.add(chunk.subarray(quote, quote + 1));
        isPicture = !isPicture && words.endWith(BEFORE_PICTURE);
      }
      at = end + 1;
    }
  }
  return { json: JSON.parse(words.text), picture: picture.bytes() };
}

class Words {
  text = "";
  readonly #decoder = new TextDecoder();

  add(bytes: Uint8Array): void {
    this.text += this.#decoder.decode(bytes, { stream: true });
    if (this.text.length > ANSWER_BYTES) throw new OrderError("provider_invalid", "a very long answer");
  }

  endWith(pattern: RegExp): boolean {
    return pattern.test(this.text.slice(-LONGEST_BEFORE_CHARACTERS));
  }
}

/** Base64 on its way, in pieces of any length. */
class Picture {
  readonly #memory: Uint8Array<ArrayBuffer>;
  #filled = 0;
  /** Fewer than four characters, which do not make whole bytes yet. */
  #left = "";

  constructor(mostBytes: number) {
    this.#memory = new Uint8Array(mostBytes);
  }

  add(base64: Uint8Array): void {
    // JSON may write a slash as `\/`.
    const characters = this.#left + Buffer.from(base64).toString("latin1").replaceAll("\\", "");
    const whole = characters.length - (characters.length % 4);
    this.#left = characters.slice(whole);
    this.#put(Buffer.from(characters.slice(0, whole), "base64"));
  }

  bytes(): Uint8Array<ArrayBuffer> {
    this.#put(Buffer.from(this.#left, "base64"));
    this.#left = "";
    return this.#memory.subarray(0, this.#filled);
  }

  #put(bytes: Uint8Array): void {
    if (this.#filled + bytes.length > this.#memory.length) throw new OrderError("result_too_large", "a large picture");
    this.#memory.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }
}
