/** Counts what a transaction reads, writes and schedules, and stops it at Convex's limits. */
import { DeveloperError } from "../errors.ts";
import type { TransactionUsage } from "../types.ts";
import {
  BYTES_READ_MAX,
  BYTES_WRITTEN_MAX,
  DOCUMENTS_READ_MAX,
  DOCUMENTS_WRITTEN_MAX,
  INDEX_INTERVALS_READ_MAX,
  SCHEDULED_ARGS_TOTAL_BYTES_MAX,
  SCHEDULED_FUNCTIONS_MAX,
} from "../values/limits.ts";

const CONVEX_LIMITS: Readonly<TransactionUsage> = {
  documentsRead: DOCUMENTS_READ_MAX,
  bytesRead: BYTES_READ_MAX,
  documentsWritten: DOCUMENTS_WRITTEN_MAX,
  bytesWritten: BYTES_WRITTEN_MAX,
  databaseQueries: INDEX_INTERVALS_READ_MAX,
  functionsScheduled: SCHEDULED_FUNCTIONS_MAX,
  scheduledFunctionArgsBytes: SCHEDULED_ARGS_TOTAL_BYTES_MAX,
};

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
  limits = CONVEX_LIMITS;

  /** Allows `budget` on top of what was used, where that is less than what is allowed anyway. The result restores. */
  tighten(budget: Partial<TransactionUsage>): () => void {
    const { limits } = this;
    const tightened = { ...limits };
    for (const name of Object.keys(limits) as (keyof TransactionUsage)[]) {
      const most = budget[name];
      if (most !== undefined) tightened[name] = Math.min(limits[name], this[name] + most);
    }
    this.limits = tightened;
    return () => {
      this.limits = limits;
    };
  }

  /** `count`: of the read set. Throws `ReadLimitError` when there are too many. */
  recordIntervals(count: number): void {
    this.databaseQueries = count;
    refuseReadAbove(this.databaseQueries, this.limits.databaseQueries, "TooManyReads", "Too many reads");
  }

  /** Throws `ReadLimitError` when this document is one too many. */
  recordRead(isSystem: boolean, sizeBytes: number): void {
    if (isSystem) return;
    this.documentsRead++;
    this.bytesRead += sizeBytes;
    refuseReadAbove(this.documentsRead, this.limits.documentsRead, "TooManyDocumentsRead", "Too many documents read");
    refuseReadAbove(this.bytesRead, this.limits.bytesRead, "TooManyBytesRead", "Too many bytes read");
  }

  /** `sizeBytes`: of the new document; 0 for a removal. Throws `DeveloperError` when this write is one too many. */
  recordWrite(isSystem: boolean, sizeBytes: number): void {
    if (isSystem) return;
    this.documentsWritten++;
    this.bytesWritten += sizeBytes;
    refuseWriteAbove(this.documentsWritten, this.limits.documentsWritten, "TooManyWrites", "Too many writes");
    refuseWriteAbove(this.bytesWritten, this.limits.bytesWritten, "TooManyBytesWritten", "Too many bytes written");
  }

  /** Throws `DeveloperError` when this function is one too many, or all arguments together are too large. */
  recordSchedule(argsBytes: number): void {
    const { functionsScheduled, scheduledFunctionArgsBytes } = this.limits;
    if (this.functionsScheduled >= functionsScheduled) {
      const message = `Too many functions scheduled by this mutation (limit: ${functionsScheduled})`;
      throw new DeveloperError("TooManyFunctionsScheduled", message);
    }
    if (this.scheduledFunctionArgsBytes + argsBytes > scheduledFunctionArgsBytes) {
      const message = `Too large total size of the arguments of scheduled functions from this mutation (limit: ${scheduledFunctionArgsBytes} bytes)`;
      throw new DeveloperError("ScheduledFunctionsArgumentsTooLarge", message);
    }
    this.functionsScheduled++;
    this.scheduledFunctionArgsBytes += argsBytes;
  }

  /** What is written from here on counts, unless the result takes it back. */
  markWrites(): () => void {
    const { documentsWritten, bytesWritten } = this;
    return () => Object.assign(this, { documentsWritten, bytesWritten });
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
