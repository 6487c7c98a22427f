/**
 * What a request has taken, its nested calls included: time of the code itself, and time the runtime worked for it.
 * Both are bounded, as on Convex, and together for the whole tree of calls.
 */
import type { FunctionError } from "../types.ts";

/** Of the code itself. */
export const USER_TIME_MAX_MS = 1000;
/** Of the database and whatever else the runtime does for it. */
const SYSTEM_TIME_MAX_MS = 15_000;

export class SpentTime {
  userMs = 0;
  systemMs = 0;
  readonly #startedMs = performance.now();
  readonly #startedThreadMs = threadTimeMs();

  /**
   * The user's time, without what a busy machine gave to other processes meanwhile: that share is taken to be the
   * same for the code and for the database. Asking for it takes a while itself, so it is done when it matters.
   */
  get ownMs(): number {
    if (this.userMs < USER_TIME_MAX_MS / 2) return this.userMs;
    const share = (threadTimeMs() - this.#startedThreadMs) / (performance.now() - this.#startedMs);
    return this.userMs * Math.min(1, share);
  }

  /** Counts what `work` takes as the runtime's own. */
  asSystem<T>(work: () => T): T {
    const startedMs = performance.now();
    try {
      return work();
    } finally {
      this.systemMs += performance.now() - startedMs;
    }
  }

  /** Counts what `work` takes as the user's, but for what is the runtime's own in it. */
  asUser<T>(work: () => T): T {
    const systemBeforeMs = this.systemMs;
    const startedMs = performance.now();
    try {
      return work();
    } finally {
      this.userMs += performance.now() - startedMs - (this.systemMs - systemBeforeMs);
    }
  }

  get isSystemTimeUp(): boolean {
    return this.systemMs >= SYSTEM_TIME_MAX_MS;
  }

  /** Why the request must end now, or null. */
  get excess(): FunctionError | null {
    if (this.ownMs > USER_TIME_MAX_MS) return TIMED_OUT;
    return this.isSystemTimeUp ? SYSTEM_TIMED_OUT : null;
  }
}

/** Of a request whose code took too long. */
export const TIMED_OUT: FunctionError = {
  message: `Function execution timed out (maximum duration: ${USER_TIME_MAX_MS / 1000}s)`,
  code: "FunctionTimedOut",
};

const SYSTEM_TIMED_OUT: FunctionError = {
  message: "Your request timed out performing too many system operations.",
  code: "SystemTimeoutError",
};

/** Whether a request ended for lack of time: then its callers end with it, since they share it. */
export function isOutOfTime({ code }: FunctionError): boolean {
  return code === TIMED_OUT.code || code === SYSTEM_TIMED_OUT.code;
}

/** Processor time this thread has had. */
function threadTimeMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
