import type { ErrorCode, RefusalData } from "../../shared/errors.ts";

/**
 * A sentence with a way on for each code a call can be refused with. English may build on the refusal's own message,
 * which says more exactly what was wrong; other languages say it in their own words.
 */
export type ErrorWords = Record<ErrorCode, (refusal: RefusalData) => string> & {
  /** For trouble that is no refusal: it says what to do, since we cannot say what happened. */
  unknown: string;
};
