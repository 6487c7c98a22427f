/**
 * Walks an interval of an index through the eyes of one transaction: its snapshot, with its own writes over it.
 *
 * [Note: A scan shows the moment it began]
 * Rows come from SQLite in chunks while the function may go on writing. What it wrote before the scan began is
 * shown, what it writes later is not, whatever the chunk: the snapshot cannot change, the entries of pending
 * writes are copied at the start, and a row written since is still shown as it was. So a loop that inserts into
 * the table it reads ends.
 */
import { afterValues, type KeyInterval } from "../values/indexKey.ts";
import type { PendingWrites } from "./pendingWrites.ts";
import type { IndexEntry, Order, Snapshot } from "./snapshots.ts";

const FIRST_CHUNK_ROWS = 8;
const CHUNK_ROWS_MAX = 128;
const CHUNK_GROWTH = 4;
/** Chunks of large documents stay small: what is fetched but not asked for is waste. */
const CHUNK_BYTES_MAX = 256 * 1024;

export class IndexScan {
  readonly #snapshot: Snapshot;
  readonly #pending: PendingWrites;
  readonly #writeCount: number;
  readonly #own: IndexEntry[];
  readonly #indexId: number;
  readonly #order: Order;
  #ownPosition = 0;
  #unfetched: KeyInterval;
  #isFetched = false;
  #chunk: IndexEntry[] = [];
  #chunkPosition = 0;
  #chunkRows: number;

  /** `expectedRows`: how many entries will probably be asked for, when known. */
  constructor(
    source: { snapshot: Snapshot; pending: PendingWrites },
    indexId: number,
    interval: KeyInterval,
    order: Order,
    expectedRows: number = FIRST_CHUNK_ROWS,
  ) {
    this.#snapshot = source.snapshot;
    this.#pending = source.pending;
    this.#writeCount = source.pending.writeCount;
    this.#own = source.pending.entries(indexId, interval, order);
    this.#indexId = indexId;
    this.#order = order;
    this.#unfetched = interval;
    this.#chunkRows = Math.min(Math.max(expectedRows, 1), CHUNK_ROWS_MAX);
  }

  /** The next entry in order, or null at the end of the interval. */
  next(): IndexEntry | null {
    const stored = this.#peekStored();
    const own = this.#own[this.#ownPosition];
    if (own && (!stored || this.#comesFirst(own, stored))) {
      this.#ownPosition++;
      return own;
    }
    if (stored) this.#chunkPosition++;
    return stored;
  }

  #comesFirst(left: IndexEntry, right: IndexEntry): boolean {
    return this.#order === "asc" ? left.key < right.key : left.key > right.key;
  }

  #peekStored(): IndexEntry | null {
    for (;;) {
      const entry = this.#chunk[this.#chunkPosition];
      if (!entry) {
        if (this.#isFetched) return null;
        this.#fetch();
      } else if (this.#pending.wasWritten(entry.document.rowId as number, this.#writeCount)) {
        this.#chunkPosition++;
      } else {
        return entry;
      }
    }
  }

  #fetch(): void {
    const chunk = this.#snapshot.scan(this.#indexId, this.#unfetched, this.#order, this.#chunkRows);
    this.#isFetched = chunk.length < this.#chunkRows;
    this.#chunk = chunk;
    this.#chunkPosition = 0;
    const last = chunk.at(-1);
    if (!last) return;
    const { start, end } = this.#unfetched;
    this.#unfetched = this.#order === "asc" ? { start: afterValues(last.key), end } : { start, end: last.key };
    this.#chunkRows = nextChunkRows(chunk);
  }
}

function nextChunkRows(chunk: readonly IndexEntry[]): number {
  const bytes = chunk.reduce((total, entry) => total + entry.document.json.length, 0);
  const rowsThatFit = Math.floor(CHUNK_BYTES_MAX / Math.max(1, bytes / chunk.length));
  return Math.max(1, Math.min(chunk.length * CHUNK_GROWTH, CHUNK_ROWS_MAX, rowsThatFit));
}
