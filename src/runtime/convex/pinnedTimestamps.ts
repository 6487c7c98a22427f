/** Timestamps whose snapshots are kept open for a while, for readers that want several queries to agree. */
import type { Store, Transaction } from "./types.ts";

/** How long such a reader may take; Convex promises about as much. */
const LIFETIME_MS = 30_000;
/** A snapshot that is open keeps the database's log from being emptied. */
const MAX_PINNED = 8;

export class PinnedTimestamps {
  readonly #store: Store;
  readonly #pins = new Map<bigint, { tx: Transaction; timer: NodeJS.Timeout }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Pins the latest timestamp and returns it. */
  pinLatest(): bigint {
    const ts = this.#store.latestTs();
    if (this.#pins.has(ts)) return ts;
    const timer = setTimeout(() => this.#release(ts), LIFETIME_MS).unref();
    this.#pins.set(ts, { tx: this.#store.begin(), timer });
    const [oldest] = this.#pins.keys();
    if (oldest !== undefined && this.#pins.size > MAX_PINNED) this.#release(oldest);
    return ts;
  }

  /** A transaction at the timestamp, or null when it is not pinned (any more). */
  begin(ts: bigint): Transaction | null {
    return this.#pins.has(ts) ? this.#store.begin(ts) : null;
  }

  close(): void {
    for (const ts of [...this.#pins.keys()]) this.#release(ts);
  }

  #release(ts: bigint): void {
    const pin = this.#pins.get(ts);
    if (!pin) return;
    clearTimeout(pin.timer);
    pin.tx.close();
    this.#pins.delete(ts);
  }
}
