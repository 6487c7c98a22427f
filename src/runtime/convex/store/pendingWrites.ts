/** A transaction's writes before they are committed. */
import type { IndexKey, KeyInterval } from "../values/indexKey.ts";
import type { TableDefinition } from "./catalog.ts";
import type { StoredDocument } from "./document.ts";
import { firstIndex } from "./readSet.ts";
import type { IndexEntry, Order } from "./snapshots.ts";

/** A document and its keys in its table's indexes, in their order. */
export interface DocumentVersion {
  readonly document: StoredDocument;
  readonly keys: readonly IndexKey[];
}

/** One document's change from the snapshot to the transaction's end; null: does not exist. */
export interface DocumentChange {
  readonly table: TableDefinition;
  readonly before: DocumentVersion | null;
  readonly after: DocumentVersion | null;
  /** Position of the document's first write in the order of this transaction's writes. */
  readonly firstWrite: number;
}

interface UndoStep {
  readonly id: string;
  readonly previous: DocumentChange | undefined;
}

export class PendingWrites {
  readonly #changes = new Map<string, DocumentChange>();
  readonly #entriesOfIndex = new Map<number, SortedEntries>();
  readonly #firstWriteOfRow = new Map<number, number>();
  readonly #documentDelta = new Map<number, number>();
  readonly #undo: UndoStep[] = [];
  #writeCount = 0;

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  /** How many writes were made so far; a stream remembers it to see its own moment only. */
  get writeCount(): number {
    return this.#writeCount;
  }

  changes(): Iterable<DocumentChange> {
    return this.#changes.values();
  }

  get(id: string): DocumentChange | undefined {
    return this.#changes.get(id);
  }

  /** Notes that a document goes from `current`, as the transaction saw it, to `after`. */
  put(table: TableDefinition, id: string, current: DocumentVersion | null, after: DocumentVersion | null): void {
    const previous = this.#changes.get(id);
    const before = previous ? previous.before : current;
    const firstWrite = previous?.firstWrite ?? this.#writeCount;
    this.#writeCount++;
    this.#undo.push({ id, previous });
    this.#set(id, before || after ? { table, before, after, firstWrite } : undefined);
  }

  /** A mark for `rollbackTo`. */
  mark(): number {
    return this.#undo.length;
  }

  /** Undoes every `put` since the mark. */
  rollbackTo(mark: number): void {
    while (this.#undo.length > mark) {
      const { id, previous } = this.#undo.pop() as UndoStep;
      this.#set(id, previous);
    }
  }

  /** By how much the transaction changes the number of documents in a table. */
  documentDelta(tableId: number): number {
    return this.#documentDelta.get(tableId) ?? 0;
  }

  documentDeltas(): Iterable<[tableId: number, delta: number]> {
    return this.#documentDelta;
  }

  /** Entries this transaction wrote in the interval, in order. A copy: later writes do not change it. */
  entries(indexId: number, interval: KeyInterval, order: Order): IndexEntry[] {
    const found = this.#entriesOfIndex.get(indexId)?.within(interval) ?? [];
    return order === "asc" ? found : found.toReversed();
  }

  /** Whether a document of the snapshot had been written when `writeCount` was as given. */
  wasWritten(rowId: number, writeCount: number): boolean {
    const firstWrite = this.#firstWriteOfRow.get(rowId);
    return firstWrite !== undefined && firstWrite < writeCount;
  }

  #set(id: string, next: DocumentChange | undefined): void {
    const current = this.#changes.get(id);
    if (current) this.#unlink(current);
    if (next) this.#link(next);
    if (next) this.#changes.set(id, next);
    else this.#changes.delete(id);
  }

  #link(change: DocumentChange): void {
    this.#addDelta(change, 1);
    if (change.before?.document.rowId != null) {
      this.#firstWriteOfRow.set(change.before.document.rowId, change.firstWrite);
    }
    const { after } = change;
    after?.keys.forEach((key, position) => {
      this.#entriesOf(change.table, position).add({ key, document: after.document });
    });
  }

  #unlink(change: DocumentChange): void {
    this.#addDelta(change, -1);
    if (change.before?.document.rowId != null) this.#firstWriteOfRow.delete(change.before.document.rowId);
    change.after?.keys.forEach((key, position) => {
      this.#entriesOf(change.table, position).remove(key);
    });
  }

  #addDelta({ table, before, after }: DocumentChange, sign: 1 | -1): void {
    const delta = (after ? 1 : 0) - (before ? 1 : 0);
    this.#documentDelta.set(table.id, this.documentDelta(table.id) + sign * delta);
  }

  #entriesOf(table: TableDefinition, position: number): SortedEntries {
    const indexId = (table.indexes[position] as TableDefinition["byId"]).id;
    const known = this.#entriesOfIndex.get(indexId);
    if (known) return known;
    const created = new SortedEntries();
    this.#entriesOfIndex.set(indexId, created);
    return created;
  }
}

/** Entries by key. Inserts mostly append, since creation times rise. */
class SortedEntries {
  readonly #entries: IndexEntry[] = [];

  add(entry: IndexEntry): void {
    this.#entries.splice(this.#positionOf(entry.key), 0, entry);
  }

  remove(key: IndexKey): void {
    const position = this.#positionOf(key);
    if (this.#entries[position]?.key === key) this.#entries.splice(position, 1);
  }

  within({ start, end }: KeyInterval): IndexEntry[] {
    return this.#entries.slice(this.#positionOf(start), this.#positionOf(end));
  }

  #positionOf(key: IndexKey): number {
    return firstIndex(this.#entries, (entry) => entry.key >= key);
  }
}
