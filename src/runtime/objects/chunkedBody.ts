/**
 * The `aws-chunked` encoding, in which SDKs send bodies whose checksum they only know at the end:
 *
 *     <size in hex>[;chunk-signature=<hex>] CRLF <bytes> CRLF …
 *     0[;chunk-signature=<hex>] CRLF
 *     <trailer>:<value> CRLF … [x-amz-trailer-signature:<hex> CRLF] CRLF
 *
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
import { createHash } from "node:crypto";
import { sameSecret } from "../sameSecret.ts";
import { S3Error } from "./s3Errors.ts";
import type { ChunkSignatures } from "./signature.ts";

/** Chunk headers and trailers are short; a longer line is not one. */
const LONGEST_LINE_BYTES = 4096;
const MOST_TRAILERS = 16;
const TRAILER_SIGNATURE = "x-amz-trailer-signature";

export interface ChunkedOptions {
  /** Null: chunks are not signed. */
  signatures: ChunkSignatures | null;
  hasTrailers: boolean;
}

/**
 * Yields the bytes inside the chunks and returns the trailers, by lower-case name. Bytes come out before the
 * signature of their chunk is checked, so that no chunk is ever held in memory: they count only once the
 * whole body has been read without an error. Throws `S3Error`.
 */
export async function* decodeChunked(
  source: AsyncIterable<Buffer>,
  { signatures, hasTrailers }: ChunkedOptions,
): AsyncGenerator<Buffer, Map<string, string>> {
  const input = new ByteReader(source);
  for (;;) {
    const chunk = parseChunkHeader(await input.line());
    const hash = createHash("sha256");
    for await (const bytes of input.take(chunk.sizeBytes)) {
      if (signatures) hash.update(bytes);
      yield bytes;
    }
    if (signatures) refuseWrong(chunk.signature, signatures.ofChunk(hash.digest("hex")));
    if (chunk.sizeBytes === 0) break;
    if ((await input.line()) !== "") throw incomplete();
  }
  const lines = await readTrailerLines(input);
  if (!hasTrailers && lines.length > 0) throw new S3Error("MalformedTrailerError", "This body announced no trailers.");
  return checkedTrailers(lines, hasTrailers ? signatures : null);
}

function parseChunkHeader(line: string): { sizeBytes: number; signature: string } {
  const [, size, signature = ""] = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line) ?? [];
  if (size === undefined) throw new S3Error("IncompleteBody", "A chunk of the request body has no valid header.");
  return { sizeBytes: Number.parseInt(size, 16), signature };
}

async function readTrailerLines(input: ByteReader): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await input.line(); line !== ""; line = await input.line()) {
    if (lines.length === MOST_TRAILERS)
      throw new S3Error("MalformedTrailerError", "The request body has too many trailers.");
    lines.push(line);
  }
  return lines;
}

function checkedTrailers(lines: string[], signatures: ChunkSignatures | null): Map<string, string> {
  const trailers = new Map(lines.map(parseTrailer));
  const signature = trailers.get(TRAILER_SIGNATURE);
  trailers.delete(TRAILER_SIGNATURE);
  if (signatures) {
    const canonical = [...trailers].map(([name, value]) => `${name}:${value}\n`).join("");
    refuseWrong(signature ?? "", signatures.ofTrailers(canonical));
  }
  return trailers;
}

function parseTrailer(line: string): [string, string] {
  const at = line.indexOf(":");
  if (at < 1) throw new S3Error("MalformedTrailerError", "A trailer of the request body is not valid.");
  return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
}

function refuseWrong(given: string, expected: string): void {
  if (sameSecret(given, expected)) return;
  throw new S3Error("SignatureDoesNotMatch", "The signature of a chunk does not match what was calculated for it.");
}

function incomplete(): S3Error {
  return new S3Error("IncompleteBody", "The request body ended before, or went on after, what its chunks announce.");
}

/** Reads lines and counted runs of bytes off a stream of buffers, holding one buffer at a time. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The text before the next CRLF. */
  async line(): Promise<string> {
    let end = this.#held.indexOf("\r\n");
    while (end < 0) {
      if (this.#held.length > LONGEST_LINE_BYTES) throw incomplete();
      this.#held = Buffer.concat([this.#held, await this.#next()]);
      end = this.#held.indexOf("\r\n");
    }
    const line = this.#held.toString("latin1", 0, end);
    this.#held = this.#held.subarray(end + 2);
    return line;
  }

  /** The next `sizeBytes` bytes, in pieces. */
  async *take(sizeBytes: number): AsyncGenerator<Buffer> {
    for (let left = sizeBytes; left > 0; ) {
      if (this.#held.length === 0) this.#held = await this.#next();
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#source.next();
    if (done) throw incomplete();
    return value;
  }
}
