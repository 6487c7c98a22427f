"use node";

import type { Infer } from "convex/values";
import { internal } from "../_generated/api.js";
import type { ActionCtx } from "../_generated/server.js";
import { openSeal, readKeyring } from "../encryption/vault.ts";
import { readBucketSettings } from "./bucket.ts";
import { newBucketKey } from "./bucketKeys.ts";
import { commitTo, drawObjectSecret, sealObject } from "./objectSeal.ts";
import { openBucketClient, putSealed } from "./parts.ts";
import type { StoredObject } from "./reservations.ts";
import { type MediaHome, sealObjectKey, type vSealMaterial } from "./seals.ts";

/** Bytes that were to be stored are not: there are too many of them. */
export class TooManyBytesError extends Error {
  constructor(mostBytes: number) {
    super(`More than ${mostBytes} bytes`);
    this.name = "TooManyBytesError";
  }
}

export interface Storing {
  home: MediaHome;
  /** The type, as found in the content and not as somebody says. */
  mime: string;
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Past this, storing ends with `TooManyBytesError`. */
  mostBytes: number;
  /** Reserves the key, where another fence applies than that of the home. */
  reserve?: (key: string) => Promise<Infer<typeof vSealMaterial> | null>;
}

/**
 * Seals content on its way into the bucket, in bounded memory whatever its length. The object's key stays reserved: the
 * caller hands what it gets to `keepMedium` or `addObject` in the mutation that says what the object is for. Null where
 * the account or the chat is ending. Whatever is thrown, the key was given up. See [Note: Reservations].
 */
export async function storeObject(ctx: ActionCtx, storing: Storing): Promise<StoredObject | null> {
  const key = newBucketKey();
  const reserve = (name: string) =>
    ctx.runMutation(internal.media.reservations.reserve, { ...storing.home, key: name });
  const material = await (storing.reserve ?? reserve)(key);
  if (!material) return null;
  try {
    const ring = readKeyring();
    const secret = drawObjectSecret();
    const place = { envId: ring.envId, key, ownerId: storing.home.ownerId };
    const counter = new Counter(storing.content, storing.mostBytes);
    await putSealed(openBucketClient(readBucketSettings()), {
      key,
      sealed: sealObject(secret, place, counter.chunks()),
      onParts: async (uploadId) =>
        void (await ctx.runMutation(internal.media.reservations.noteParts, { key, uploadId })),
    });
    const content = { mime: storing.mime, contentBytes: counter.bytes };
    return {
      key,
      sealedKey: await sealObjectKey(await openSeal(ring, material), key, secret.objectKey),
      header: secret.header.buffer,
      commitment: (await commitTo(secret, place, content)).buffer,
      ...content,
    };
  } catch (error) {
    await ctx.runMutation(internal.media.reservations.abandon, { key });
    throw error;
  }
}

/** Counts bytes on their way, and ends the way where there are too many. */
class Counter {
  bytes = 0;
  readonly #source: Storing["content"];
  readonly #mostBytes: number;

  constructor(source: Storing["content"], mostBytes: number) {
    this.#source = source;
    this.#mostBytes = mostBytes;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.bytes += chunk.length;
      if (this.bytes > this.#mostBytes) throw new TooManyBytesError(this.#mostBytes);
      yield chunk;
    }
  }
}
