/** What functions come to, for those who called them. */
import type { FunctionError, Outcome } from "./types.ts";

export interface Answer {
  outcome: Outcome;
  logLines: string[];
  /** Under which a failure is found in the log. */
  requestId: string;
}

export interface QueryAnswer extends Answer {
  /** Opaque text that makes a re-run paginate over the same range; null when there is nothing to remember. */
  journal: string | null;
}

/** `ts` is a timestamp from which the mutation's writes can be seen, null when it failed. */
export interface MutationAnswer extends Answer {
  ts: bigint | null;
}

/**
 * The text clients see for a failed function: what happened and the id under which the log says where. The
 * stack is for the log alone.
 */
export function errorMessage(error: FunctionError, requestId: string): string {
  const [whatHappened] = error.message.split(/\n\s+at /);
  return `[Request ID: ${requestId}] Server Error\n${whatHappened}`;
}
