/** A bounded number of places; those who find none wait in line, up to a limit. */
import { RequestError } from "./errors.ts";

export class Slots {
  #free: number;
  readonly #line: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place at once, if one is free: the function that gives it back, or null. */
  take(): (() => void) | null {
    if (this.#free === 0) return null;
    this.#free -= 1;
    return this.#releasing();
  }

  /**
   * Resolves to the function that gives the place back. Rejects `TooManyConcurrentRequests` after `maxWaitMs`; null
   * waits for as long as it takes.
   */
  async acquire(maxWaitMs: number | null): Promise<() => void> {
    const taken = this.take();
    if (taken) return taken;
    await this.#waitInLine(maxWaitMs);
    return this.#releasing();
  }

  #releasing(): () => void {
    let isHeld = true;
    return () => {
      if (isHeld) this.#release();
      isHeld = false;
    };
  }

  #waitInLine(maxWaitMs: number | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const admit = () => {
        clearTimeout(timer);
        resolve();
      };
      const giveUp = () => {
        this.#line.splice(this.#line.indexOf(admit), 1);
        reject(
          new RequestError(
            "overloaded",
            "TooManyConcurrentRequests",
            "Too many actions are running at once, try again.",
          ),
        );
      };
      const timer = maxWaitMs === null ? undefined : setTimeout(giveUp, maxWaitMs);
      this.#line.push(admit);
    });
  }

  #release(): void {
    const next = this.#line.shift();
    if (next) next();
    else this.#free += 1;
  }
}
