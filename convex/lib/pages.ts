import type { PaginationOptions } from "convex/server";
import { PAGE_BYTES, PAGE_ROWS } from "../../src/shared/limits.ts";
import { refusal } from "./errors.ts";

/** Pagination options as asked for, with no more rows and bytes a page than a query can open. Throws `invalid`. */
export function boundedPage(options: PaginationOptions): PaginationOptions {
  const { numItems, maximumRowsRead = 1, maximumBytesRead = 1 } = options;
  // Written so that NaN is refused too.
  if (!(Math.min(numItems, maximumRowsRead, maximumBytesRead) >= 1)) {
    throw refusal("invalid", "A page has at least one row and one byte.");
  }
  const bytes = Math.min(options.maximumBytesRead ?? PAGE_BYTES, PAGE_BYTES);
  return { ...options, numItems: Math.min(Math.floor(numItems), PAGE_ROWS), maximumBytesRead: bytes };
}
