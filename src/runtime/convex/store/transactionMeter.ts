/** Counts what a transaction reads and writes, and stops it at Convex's limits. */
import { DeveloperError } from "../errors.ts";
import type { TransactionUsage } from "../types.ts";
import {
  BYTES_READ_MAX,
  BYTES_WRITTEN_MAX,
  DOCUMENTS_READ_MAX,
  DOCUMENTS_WRITTEN_MAX,
  INDEX_INTERVALS_READ_MAX,
} from "../values/limits.ts";

/** Reading beyond a limit; a paginated query answers it with the page so far. */
export class ReadLimitError extends DeveloperError {}

/** System tables are metered by nobody: a function cannot know what the runtime reads and writes for it. */
export class TransactionMeter implements TransactionUsage {
  documentsRead = 0;
  bytesRead = 0;
  documentsWritten = 0;
  bytesWritten = 0;
  functionsScheduled = 0;
  scheduledFunctionArgsBytes = 0;
  databaseQueries = 0;

  /** `count`: of the read set. Throws `ReadLimitError` when there are too many. */
  recordIntervals(count: number): void {
    this.databaseQueries = count;
    refuseReadAbove(this.databaseQueries, INDEX_INTERVALS_READ_MAX, "TooManyReads", "Too many reads");
  }

  /** Throws `ReadLimitError` when this document is one too many. */
  recordRead(isSystem: boolean, sizeBytes: number): void {
    if (isSystem) return;
    this.documentsRead++;
    this.bytesRead += sizeBytes;
    refuseReadAbove(this.documentsRead, DOCUMENTS_READ_MAX, "TooManyDocumentsRead", "Too many documents read");
    refuseReadAbove(this.bytesRead, BYTES_READ_MAX, "TooManyBytesRead", "Too many bytes read");
  }

  /** `sizeBytes`: of the new document; 0 for a removal. Throws `DeveloperError` when this write is one too many. */
  recordWrite(isSystem: boolean, sizeBytes: number): void {
    if (isSystem) return;
    this.documentsWritten++;
    this.bytesWritten += sizeBytes;
    refuseWriteAbove(this.documentsWritten, DOCUMENTS_WRITTEN_MAX, "TooManyWrites", "Too many writes");
    refuseWriteAbove(this.bytesWritten, BYTES_WRITTEN_MAX, "TooManyBytesWritten", "Too many bytes written");
  }
}

function refuseReadAbove(used: number, limit: number, code: string, what: string): void {
  if (used <= limit) return;
  throw new ReadLimitError(
    code,
    `${what} in a single function execution (limit: ${limit}). Consider using smaller limits in your queries, paginating your queries, or using indexed queries with a selective index range expression.`,
  );
}

function refuseWriteAbove(used: number, limit: number, code: string, what: string): void {
  if (used <= limit) return;
  throw new DeveloperError(code, `${what} in a single function execution (limit: ${limit}).`);
}
