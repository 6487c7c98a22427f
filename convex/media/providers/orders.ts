import type { Infer } from "convex/values";
import type { MediaJobErrorCode } from "../../../src/shared/media.ts";
import type { MadeKind } from "../../../src/shared/mediaModels.ts";
import type { MediaProviderSettings } from "../../models/mediaCatalogue.ts";
import type { vMediaOptions } from "../schema.ts";

/** Longest picture: it is inspected as a whole, in memory. */
export const PICTURE_BYTES = 16 * 1024 * 1024;

/** What is ordered from a provider. */
export interface Order {
  kind: MadeKind;
  model: string;
  prompt: string;
  options: Infer<typeof vMediaOptions>;
  /** Names the order to a provider that recognises a repeated one. Tells nothing about anybody. */
  name: string;
  /** Where the provider may say that the order has changed; null where nobody could reach it. */
  webhookUrl: string | null;
}

/** What a provider needs to find an order again. */
export type Operation = Record<string, string>;

/** Where a result is. */
export type Source =
  | { kind: "bytes"; bytes: Uint8Array }
  /** `headers` are for the provider's own address alone. */
  | { kind: "url"; url: string; headers: Record<string, string> };

/** What came of placing an order: it waits in a queue, or was made at once. */
export type Placed = { kind: "queued"; requestId: string; operation: Operation } | { kind: "made"; source: Source };

/** How an order stands. `progress` is from 0 to 1, or null where the provider does not say. */
export type Standing =
  | { kind: "pending"; progress: number | null }
  | { kind: "ready"; source: Source }
  | { kind: "failed"; error: MediaJobErrorCode };

/** A provider of pictures and videos. Everything but `place` can be repeated. Throws `OrderError`. */
export interface MediaProvider {
  /** Places an order. Never waits for what a queue makes. */
  place(order: Order): Promise<Placed>;
  look(operation: Operation): Promise<Standing>;
  /** Ends an order that is under way; one that has ended stays as it is. */
  cancel(operation: Operation): Promise<void>;
  /** Has the provider delete what it holds of an order, as far as its API allows. */
  forget(operation: Operation): Promise<void>;
}

export type MakeProvider = (settings: MediaProviderSettings) => MediaProvider;

/**
 * A provider did not do as asked. `code` is what the person is told, the message what the logs say. The provider's own
 * words are not kept: they may repeat the prompt.
 */
export class OrderError extends Error {
  readonly code: MediaJobErrorCode;
  /** What the provider answered, where it did. */
  readonly status: number | null;

  constructor(code: MediaJobErrorCode, detail: string, status: number | null = null) {
    super(`${code}: ${detail}`);
    this.name = "OrderError";
    this.code = code;
    this.status = status;
  }

  /** Whether the provider knows no such order, or none that could still be ended. */
  get isGone(): boolean {
    return this.status === 400 || this.status === 404 || this.status === 409;
  }

  /** Whether asking again later may be answered: what is wrong may pass. */
  get mayPass(): boolean {
    return this.code === "provider_unavailable" || this.code === "provider_busy";
  }
}
