"use node";

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { FunctionReturnType } from "convex/server";
import { v } from "convex/values";
import { release, utf8 } from "../../src/shared/bytes.ts";
import { directory, entryHeader, entryTrailer } from "../../src/shared/zip.ts";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { type ActionCtx, internalAction } from "../_generated/server.js";
import type { ThreadSeal } from "../encryption/sealing.ts";
import { openSeal, readKeyring } from "../encryption/vault.ts";
import { BucketError } from "../media/bucket.ts";
import type { Grant } from "../media/grants.ts";
import { openGrant, readRange } from "../media/opening.ts";
import { storeObject } from "../media/storing.ts";
import { ABOUT } from "./about.ts";
import { type Entry, type Listing, openListing, sealListing } from "./listings.ts";
import { fileName, type Place } from "./pages.ts";
import type { Progress } from "./steps.ts";

/** A piece ends with the page that makes it this long. */
const PIECE_BYTES = 32 * 1024 * 1024;
/** Or with the page that gives it this many entries, which its row has to hold. */
const PIECE_ENTRIES = 1_000;

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Writes the next piece of an archive: see [Note: Exports]. */
export const build = internalAction({
  args: { exportId: v.id("exports"), piece: v.number() },
  returns: v.null(),
  handler: async (ctx, turn): Promise<null> => {
    const progress = await ctx.runQuery(internal.exports.steps.progress, turn);
    if (!progress) return null;
    const seal = await openSeal(readKeyring(), progress.material);
    const piece = new Piece({ ctx, seal, exportId: turn.exportId, progress });
    const stored = await storeObject(ctx, {
      home: { ownerId: progress.ownerId, workspaceId: progress.workspaceId },
      mime: "application/zip",
      content: piece.bytes(),
      mostBytes: Number.POSITIVE_INFINITY,
      reserve: (key) => ctx.runMutation(internal.exports.steps.reserve, { ...turn, key }),
    });
    if (!stored) return null;
    const sealedListing = await sealListing(seal, stored.key, piece);
    return ctx.runMutation(internal.exports.steps.keep, { ...turn, stored, sealedListing, next: piece.place });
  },
});

/** What a piece is of, and what it takes to write it. */
interface Writing {
  ctx: ActionCtx;
  seal: ThreadSeal;
  exportId: Id<"exports">;
  progress: Progress;
}

/** One piece on its way into the bucket. Its bytes can be read once; then the rest says what was in them. */
class Piece {
  readonly entries: Entry[] = [];
  readonly missing: string[] = [];
  /** Where the next piece goes on. */
  place: Place | null;
  readonly #ctx: ActionCtx;
  readonly #seal: ThreadSeal;
  readonly #exportId: Id<"exports">;
  readonly #fromByte: number;
  readonly #writtenAtMs: number;
  #written = 0;

  constructor({ ctx, seal, exportId, progress: { place, contentBytes, requestedAt } }: Writing) {
    this.#ctx = ctx;
    this.#seal = seal;
    this.#exportId = exportId;
    this.place = place;
    this.#fromByte = contentBytes;
    this.#writtenAtMs = requestedAt;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    while (this.place && this.#written < PIECE_BYTES && this.entries.length < PIECE_ENTRIES) {
      const { section, page } = this.place;
      const read = await this.#ctx.runQuery(internal.exports.pages.page, {
        exportId: this.#exportId,
        place: this.place,
      });
      if (!read) throw new Error("The export ended while it was being written");
      if (read.json) yield* this.#entry(`${section}/${String(page).padStart(5, "0")}.json`, [utf8(read.json)]);
      if (read.file) yield* this.#file(fileName(read.file.mediaId, read.file.grant.object.mime), read.file.grant);
      this.place = read.next;
    }
    if (!this.place) yield* this.#end();
  }

  /** A file, unless the bucket has lost it: that is known before anything of it is written. */
  async *#file(name: string, grant: Grant): AsyncGenerator<Uint8Array> {
    const content = contentOf(grant);
    try {
      const first = await content.next();
      yield* this.#entry(name, first.done ? [] : chain(first.value, content));
    } catch (error) {
      if (!(error instanceof BucketError && error.status === 404)) throw error;
      this.missing.push(name);
    }
  }

  async *#entry(name: string, content: Chunks): AsyncGenerator<Uint8Array> {
    const offset = this.#fromByte + this.#written;
    yield this.#count(entryHeader(name, this.#writtenAtMs));
    const hash = createHash("sha256");
    let sum = 0;
    let contentBytes = 0;
    for await (const chunk of content) {
      sum = crc32(chunk, sum);
      hash.update(chunk);
      contentBytes += chunk.length;
      yield this.#count(chunk);
    }
    yield this.#count(entryTrailer({ crc32: sum, contentBytes }));
    this.entries.push({ name, offset, contentBytes, crc32: sum, sha256: hash.digest("hex") });
  }

  /** What stands behind the last row: what the archive is, what is in it, and the directory. */
  async *#end(): AsyncGenerator<Uint8Array> {
    yield* this.#entry("README.txt", [utf8(ABOUT)]);
    const { entries, missing } = await this.#everything();
    const listed = entries.map(({ name, contentBytes, sha256 }) => ({ name, bytes: contentBytes, sha256 }));
    const manifest = { format: "noruxa-export", version: 1, requestedAt: this.#writtenAtMs, entries: listed, missing };
    yield* this.#entry("manifest.json", [utf8(JSON.stringify(manifest))]);
    const all = [...entries, ...this.entries.slice(-1)];
    yield this.#count(directory(all, this.#fromByte + this.#written, this.#writtenAtMs));
  }

  async #everything(): Promise<Listing> {
    const entries: Entry[] = [];
    const missing: string[] = [];
    let cursor: string | null = null;
    do {
      const page: FunctionReturnType<typeof internal.exports.steps.written> = await this.#ctx.runQuery(
        internal.exports.steps.written,
        { exportId: this.#exportId, cursor },
      );
      for (const { key, sealedListing } of page.listings) {
        const listing = await openListing(this.#seal, key, sealedListing);
        entries.push(...listing.entries);
        missing.push(...listing.missing);
      }
      cursor = page.cursor;
    } while (cursor !== null);
    return { entries: [...entries, ...this.entries], missing: [...missing, ...this.missing] };
  }

  #count(chunk: Uint8Array): Uint8Array {
    this.#written += chunk.length;
    return chunk;
  }
}

async function* contentOf(grant: Grant): AsyncGenerator<Uint8Array> {
  const { contentBytes } = grant.object;
  const opened = await openGrant(grant);
  if (contentBytes === 0) return;
  for await (const chunk of readRange(opened, contentBytes, { start: 0, end: contentBytes })) {
    yield chunk;
    release(chunk);
  }
}

async function* chain(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
