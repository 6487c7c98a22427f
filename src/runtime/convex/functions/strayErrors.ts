/**
 * [Note: Stray errors]
 * Some errors of the app's code arrive where no caller is: a rejection that nothing handles, a listener of an
 * `AbortSignal` that throws. Node reports them in the asynchronous context in which they came about. Every
 * execution has one of its own, so the execution to blame is the one found there, whichever realm the
 * error or its promise was made in. What belongs to no execution is a fault of the process, and is left to
 * the process's other listeners or, without any, raised as Node would have.
 */
import { AsyncLocalStorage } from "node:async_hooks";

export interface ErrorOwner {
  /** Takes an error that nothing else will see. */
  failBy(error: unknown): void;
}

const owners = new AsyncLocalStorage<ErrorOwner>();

let isWatching = false;

/** Runs `work` such that its stray errors, now and later, go to `owner`. */
export function owningErrors<T>(owner: ErrorOwner, work: () => T): T {
  watch();
  return owners.run(owner, work);
}

/** Runs `work`; whoever owns errors before owns them after, even if `work` was cut off. */
export function keepingOwner(work: () => void): void {
  owners.run(owners.getStore() as ErrorOwner, work);
}

function watch(): void {
  if (isWatching) return;
  isWatching = true;
  for (const event of ["unhandledRejection", "uncaughtException"] as const) {
    process.on(event, (error: unknown) => {
      const owner = owners.getStore();
      if (owner) owner.failBy(error);
      else if (process.listenerCount(event) === 1) throw error;
    });
  }
}
