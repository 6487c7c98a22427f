/** What an operation of the store is given, and what it answers. */
import type { Blobs } from "./blobs.ts";
import type { BodySource } from "./body.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Plan } from "./trouble.ts";

export interface Store {
  /** The one bucket. */
  bucket: string;
  catalogue: Catalogue;
  blobs: Blobs;
  /** Wall clock. */
  nowMs: () => number;
}

/** An admitted request for the bucket or an object in it. */
export interface Call extends BodySource {
  store: Store;
  /** Trouble that was asked for. */
  plan: Readonly<Plan>;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** XML, or bytes that are read only as fast as the client takes them. */
  body?: string | AsyncIterableIterator<Buffer>;
}

export type Operation = (call: Call) => Answer | Promise<Answer>;

export function xmlAnswer(body: string): Answer {
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}
