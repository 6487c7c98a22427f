import type { PaginationOptions } from "convex/server";
import { PAGE_ROWS } from "../../src/shared/limits.ts";
import { refusal } from "./errors.ts";

/** Pagination options as asked for, with no more rows a page than a query can open. Throws `invalid`. */
export function boundedPage(options: PaginationOptions): PaginationOptions {
  if (!(options.numItems >= 1)) throw refusal("invalid", "A page has at least one row.");
  return { ...options, numItems: Math.min(Math.floor(options.numItems), PAGE_ROWS) };
}
