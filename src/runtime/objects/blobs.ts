/**
 * Bytes on disk. A blob is written once under a random name, then only read or removed.
 *
 * [Note: Bytes before rows]
 * A blob is on disk for good (synced, renamed into place, folder synced) before the catalogue commits the row
 * that names it, and it is removed only after the commit that forgets it. So at every instant each row has its
 * bytes. A crash in between can leave bytes without a row; the sweep at the next start removes those.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, opendir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";

/** Large enough to keep the disk busy, small enough for many readers at once. */
const READ_BYTES = 256 * 1024;

/** Bytes `startByte` up to, but not including, `endByte` of a blob. */
export interface BlobRange {
  blobId: string;
  startByte: number;
  endByte: number;
}

export class Blobs {
  readonly #dir: string;
  /** Blobs that are being read, and how often; removing one waits for its last reader. */
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Opens the folder, making it on first use. Drafts of an earlier process are thrown away. */
  static async open(dir: string): Promise<Blobs> {
    await rm(path.join(dir, "incoming"), { recursive: true, force: true });
    const shards = Array.from({ length: 256 }, (_, i) => path.join("blobs", i.toString(16).padStart(2, "0")));
    for (const name of ["incoming", ...shards]) await mkdir(path.join(dir, name), { recursive: true, mode: 0o700 });
    for (const name of ["blobs", "."]) await syncFolder(path.join(dir, name));
    return new Blobs(dir);
  }

  /** Writes a stream to a new blob. When the stream fails, nothing is left and its error is thrown. */
  async write(chunks: AsyncIterable<Uint8Array>): Promise<string> {
    const blobId = randomBytes(16).toString("hex");
    const draft = path.join(this.#dir, "incoming", blobId);
    try {
      await writeSynced(draft, chunks);
      await rename(draft, this.#fileOf(blobId));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    await syncFolder(path.dirname(this.#fileOf(blobId)));
    return blobId;
  }

  /**
   * Reads ranges one after the other. The blobs are held from this call on, also against a removal that comes
   * before the first byte is asked for; the caller must iterate, or end the iterator with `return()`.
   */
  read(ranges: readonly BlobRange[]): AsyncIterableIterator<Buffer> {
    for (const { blobId } of ranges) this.#readers.set(blobId, (this.#readers.get(blobId) ?? 0) + 1);
    let released = false;
    const release = () => {
      if (!released) for (const { blobId } of ranges) this.#release(blobId);
      released = true;
    };
    return heldIterator(this.#readAll(ranges), release);
  }

  /** Removes blobs that no row names any more. */
  async remove(blobIds: readonly string[]): Promise<void> {
    for (const blobId of blobIds) {
      if (this.#readers.has(blobId)) this.#doomed.add(blobId);
      else await rm(this.#fileOf(blobId), { force: true });
    }
  }

  /** Removes every blob that `isNamed` does not know; for the start, before anybody writes. Answers how many. */
  async sweep(isNamed: (blobId: string) => boolean): Promise<number> {
    let removed = 0;
    for (const shard of await readdir(path.join(this.#dir, "blobs"))) {
      for await (const { name } of await opendir(path.join(this.#dir, "blobs", shard))) {
        if (isNamed(name)) continue;
        await rm(path.join(this.#dir, "blobs", shard, name), { force: true });
        removed += 1;
      }
    }
    return removed;
  }

  async *#readAll(ranges: readonly BlobRange[]): AsyncGenerator<Buffer> {
    for (const { blobId, startByte, endByte } of ranges) {
      if (endByte <= startByte) continue;
      const file = await open(this.#fileOf(blobId));
      yield* file.createReadStream({ start: startByte, end: endByte - 1, highWaterMark: READ_BYTES });
    }
  }

  #release(blobId: string): void {
    const left = this.#readers.get(blobId)! - 1;
    if (left > 0) return void this.#readers.set(blobId, left);
    this.#readers.delete(blobId);
    // A failure here leaves bytes without a row, which the sweep at the next start removes.
    if (this.#doomed.delete(blobId)) rm(this.#fileOf(blobId), { force: true }).catch(() => undefined);
  }

  #fileOf(blobId: string): string {
    return path.join(this.#dir, "blobs", blobId.slice(0, 2), blobId);
  }
}

/** A generator that was never started skips its `finally`, so releasing is tied to the iterator's own calls. */
function heldIterator(inner: AsyncGenerator<Buffer>, release: () => void): AsyncIterableIterator<Buffer> {
  const releaseAtEnd = async (step: Promise<IteratorResult<Buffer>>) => {
    const result = await step.catch((error: unknown) => {
      release();
      throw error;
    });
    if (result.done) release();
    return result;
  };
  return {
    next: () => releaseAtEnd(inner.next()),
    return: () => releaseAtEnd(inner.return(undefined)),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function writeSynced(file: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    for await (const chunk of chunks) await writeWhole(handle, chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeWhole(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length; ) done += (await handle.write(chunk, done)).bytesWritten;
}

/** Makes renames in a folder last. Windows has no such call, and needs none. */
async function syncFolder(dir: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(dir);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
