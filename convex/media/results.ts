"use node";

import { kindOf, type MediaKind, type MediaType } from "../../src/shared/media.ts";
import { UnfitFileError } from "./inspection/found.ts";
import { inspectFile } from "./inspection/inspect.ts";
import { sniff } from "./inspection/sniff.ts";
import { TooManyBytesError } from "./storing.ts";

/** Enough of a video to tell its type. */
const HEAD_BYTES = 512;

/** A result, taken for what its bytes say. */
export interface Result {
  mime: MediaType;
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  width?: number;
  height?: number;
}

/** Takes a picture for what its bytes say, as a whole. Throws `UnfitFileError`. */
export function resultOfPicture(bytes: Uint8Array): Result {
  const { mime, parts, width, height } = inspectFile(bytes);
  refuseOther(mime, "image");
  return { mime, content: parts, width, height };
}

/** Takes a video for what its beginning says. Throws `UnfitFileError`. */
export async function resultOfVideo(content: AsyncIterable<Uint8Array>): Promise<Result> {
  const { head, rest } = await split(content, HEAD_BYTES);
  const mime = sniff(head);
  refuseOther(mime, "video");
  return { mime, content: rest };
}

/** The whole of something short, in memory that is taken as it fills. Throws `TooManyBytesError`. */
export async function readWithin(content: AsyncIterable<Uint8Array>, mostBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(mostBytes);
  let filled = 0;
  for await (const chunk of content) {
    if (filled + chunk.length > mostBytes) throw new TooManyBytesError(mostBytes);
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes.subarray(0, filled);
}

function refuseOther(mime: MediaType | null, kind: MediaKind): asserts mime is MediaType {
  if (!mime || kindOf(mime) !== kind) throw new UnfitFileError(`This is no ${kind}.`);
}

/** The first bytes, and everything with them, to be read once. */
async function split(
  content: AsyncIterable<Uint8Array>,
  headBytes: number,
): Promise<{ head: Uint8Array<ArrayBuffer>; rest: AsyncIterable<Uint8Array> }> {
  const iterator = content[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  for (let bytes = 0; bytes < headBytes; ) {
    const next = await iterator.next();
    if (next.done) break;
    read.push(next.value);
    bytes += next.value.length;
  }
  const rest = { [Symbol.asyncIterator]: () => iterator };
  return { head: new Uint8Array(Buffer.concat(read)), rest: chain(read, rest) };
}

async function* chain(first: Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* first;
  yield* rest;
}
