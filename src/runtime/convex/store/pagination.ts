/**
 * Pages of a query.
 *
 * A page without an end cursor holds up to `pageSize` documents; where it ends becomes its continue cursor, and
 * later runs of the same query are given that as their end, so a live page keeps covering (start, end] whatever
 * comes and goes in it, and pages neither overlap nor leave gaps. It is the last one only when the scan ran past
 * the last entry: a page that happens to fill up with it is followed by an empty one.
 */
import { DeveloperError } from "../errors.ts";
import type { JsonText, PageRequest, PageResult } from "../types.ts";
import type { KeyInterval } from "../values/indexKey.ts";
import { ARRAY_LENGTH_MAX, BYTES_READ_MAX, DOCUMENTS_READ_MAX } from "../values/limits.ts";
import type { TableDefinition } from "./catalog.ts";
import { type CursorBox, fingerprintOf, type Position } from "./cursor.ts";
import type { StoredDocument } from "./document.ts";
import type { IndexScan } from "./indexScan.ts";
import { intervalBetween, type QueryPlan, QueryStream, readUpTo } from "./query.ts";
import type { IndexEntry, Order } from "./snapshots.ts";
import { ReadLimitError } from "./transactionMeter.ts";

/** What paging needs of a transaction. */
interface PageSource {
  scan(indexId: number, interval: KeyInterval, order: Order, expectedRows?: number): IndexScan;
  recordInterval(indexId: number, interval: KeyInterval): void;
  recordDocument(table: TableDefinition, document: StoredDocument): void;
}

/** Share of a limit from which a page is called worth splitting. */
const SPLIT_RECOMMENDED_SHARE = 0.75;

/** Reads one page. Throws `DeveloperError`, `InvalidCursor` among others. */
export function readPage(source: PageSource, cursors: CursorBox, plan: QueryPlan, request: PageRequest): PageResult {
  checkRequest(request);
  const fingerprint = fingerprintOf([plan.table.namespace, plan.table.name, plan.index.fields, request.query]);
  const open = (cursor: string | null | undefined) => (cursor == null ? null : cursors.open(cursor, fingerprint));
  const start = open(request.cursor);
  const end = open(request.endCursor ?? request.journalEndCursor);
  const reader = new PageReader(source, plan, request, start, end);
  const outcome = reader.read();
  const continueAt = end ?? reader.position;
  return {
    page: outcome.page,
    isDone: continueAt.kind === "end",
    continueCursor: cursors.seal(continueAt, fingerprint),
    splitCursor: reader.middle && cursors.seal(reader.middle, fingerprint),
    pageStatus: outcome.pageStatus,
  };
}

function checkRequest({ pageSize, maximumRowsRead, maximumBytesRead }: PageRequest): void {
  if (!(pageSize >= 1)) {
    throw new DeveloperError("NoDocumentsForPagination", "Must request at least 1 document while paginating");
  }
  if (pageSize > DOCUMENTS_READ_MAX) {
    throw new DeveloperError("PageSizeTooLarge", `Requested too many items: ${pageSize}`);
  }
  if (maximumRowsRead === 0 || maximumBytesRead === 0) {
    throw new DeveloperError("InvalidPaginationLimit", "maximumRowsRead and maximumBytesRead must be greater than 0");
  }
}

class PageReader {
  readonly #source: PageSource;
  readonly #plan: QueryPlan;
  readonly #interval: KeyInterval;
  readonly #hasEnd: boolean;
  readonly #pageSize: number;
  readonly #rowsMax: number;
  readonly #bytesMax: number;
  readonly #stream: QueryStream;
  readonly #positions: Position[] = [];
  #bytesRead = 0;
  /** Where reading stands: after the last entry read, or at the end of the interval. */
  position: Position;

  constructor(source: PageSource, plan: QueryPlan, request: PageRequest, start: Position | null, end: Position | null) {
    this.#source = source;
    this.#plan = plan;
    this.#interval = intervalBetween(plan.interval, plan.order, start, end);
    this.#hasEnd = end !== null;
    this.#pageSize = request.pageSize;
    this.#rowsMax = Math.min(request.maximumRowsRead ?? DOCUMENTS_READ_MAX, DOCUMENTS_READ_MAX);
    this.#bytesMax = Math.min(request.maximumBytesRead ?? BYTES_READ_MAX, BYTES_READ_MAX);
    this.position = start ?? { kind: "end" };
    const scan = source.scan(plan.index.id, this.#interval, plan.order, request.pageSize);
    this.#stream = new QueryStream(scan, plan.steps, (entry) => this.#record(entry));
  }

  /** With an end, everything up to it whatever its size: leaving some out would make a gap between pages. */
  read(): { page: JsonText[]; pageStatus: PageResult["pageStatus"] } {
    const page: JsonText[] = [];
    while (this.#hasEnd || page.length < this.#pageSize) {
      const document = this.#nextWithinLimits();
      if (document === "limit") return { page, pageStatus: "SplitRequired" };
      if (document === null) break;
      page.push(document.json);
    }
    return { page, pageStatus: this.#isLarge(page.length) ? "SplitRecommended" : null };
  }

  /** The middle of what was read, where the page could be split in two. */
  get middle(): Position | null {
    if (this.#positions.length <= 2) return null;
    return this.#positions[Math.floor(this.#positions.length / 2)] ?? null;
  }

  #nextWithinLimits(): { json: JsonText } | null | "limit" {
    try {
      const json = this.#stream.next();
      return json === null ? null : { json };
    } catch (error) {
      // Nothing read at all means no progress is possible, and the caller must hear of it.
      if (error instanceof ReadLimitError && this.#positions.length > 0) return "limit";
      throw error;
    }
  }

  #record(entry: IndexEntry | null): void {
    const { index, order, table } = this.#plan;
    if (entry) {
      this.#checkPageLimits();
      this.#source.recordDocument(table, entry.document);
    }
    this.position = entry ? { kind: "after", key: entry.key } : { kind: "end" };
    this.#source.recordInterval(index.id, readUpTo(this.#interval, order, this.position));
    if (!entry) return;
    this.#positions.push(this.position);
    this.#bytesRead += entry.document.sizeBytes;
  }

  #checkPageLimits(): void {
    if (this.#hasEnd) return;
    if (this.#bytesRead >= this.#bytesMax) {
      throw new ReadLimitError(
        "QueryScannedTooMuchDataError",
        `Query scanned too much data (${this.#bytesRead} bytes).`,
      );
    }
    if (this.#positions.length >= this.#rowsMax) {
      throw new ReadLimitError(
        "QueryScannedTooManyDocumentsError",
        `Query scanned too many documents (${this.#positions.length}).`,
      );
    }
  }

  #isLarge(pageLength: number): boolean {
    return (
      this.#positions.length > this.#rowsMax * SPLIT_RECOMMENDED_SHARE ||
      this.#bytesRead > this.#bytesMax * SPLIT_RECOMMENDED_SHARE ||
      pageLength > ARRAY_LENGTH_MAX * SPLIT_RECOMMENDED_SHARE
    );
  }
}
