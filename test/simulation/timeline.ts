/*
 * [Note: Simulated time]
 * Whatever would take time in the world, an answer from the network, a transaction, a timer, a pause of a person, is an
 * event on one line of time. The seed draws how long each takes, and events happen one after another in the order of
 * their moments; so the seed decides what overtakes what. Between two events everything that can go on without the world
 * does: cryptography and streams need no thread here, so one turn of the real event loop is enough for that, and nothing
 * depends on how fast the machine is.
 */

/** Events of one day after which it is taken to go on for ever: some dozen times as many as whole runs have. */
const MOST_EVENTS = 30_000;
const DAY_MS = 24 * 60 * 60_000;

/** Something goes on and on that should have come to an end. */
export class NeverRests extends Error {}

const turnOfTheEventLoop = setImmediate;

export interface Event {
  readonly atMs: number;
  readonly order: number;
  act: (() => void) | null;
}

export class Timeline {
  nowMs: number;
  #events: Event[] = [];
  #order = 0;
  /** Since when events are counted, and how many there were. */
  #counted = { sinceMs: 0, events: 0 };

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** Has something happen later. */
  after(ms: number, act: () => void): Event {
    const event: Event = { atMs: this.nowMs + Math.max(0, ms), order: this.#order++, act };
    this.#events.splice(this.#placeOf(event), 0, event);
    return event;
  }

  /** Resolves later. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Lets everything happen that is due by a moment, and makes that moment the present. */
  async runUntil(untilMs: number): Promise<void> {
    await goOn();
    for (let next = this.#events[0]; next && next.atMs <= untilMs; next = this.#events[0]) {
      this.#events.shift();
      if (!next.act) continue;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.#count();
      next.act();
      await goOn();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Lets time pass until something is done, or until it has taken too long. */
  async runWhile(isOpen: () => boolean, mostMs: number): Promise<void> {
    const untilMs = this.nowMs + mostMs;
    await goOn();
    while (isOpen() && this.#events[0] && this.#events[0].atMs <= untilMs) await this.runUntil(this.#events[0].atMs);
  }

  /** Throws `NeverRests` where far more happens in a day than should: asking now and then for months is no such thing. */
  #count(): void {
    if (this.nowMs - this.#counted.sinceMs > DAY_MS) this.#counted = { sinceMs: this.nowMs, events: 0 };
    this.#counted.events += 1;
    if (this.#counted.events > MOST_EVENTS) throw new NeverRests("This goes on for ever");
  }

  /** Before the first event that happens after it. Events of one moment keep the order in which they were asked for. */
  #placeOf({ atMs }: Event): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle] as Event).atMs <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Lets everything go on that waits for nothing but itself. */
function goOn(): Promise<void> {
  return new Promise((resolve) => void turnOfTheEventLoop(resolve));
}
