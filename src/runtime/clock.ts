/**
 * The clock of the embedded home. Functions, scheduler, crons, token issuing and token checks share one
 * instance, so that a test can move them together (`POST /_runtime/clock`). Storage signatures stay on
 * the wall clock.
 */
import type { Clock } from "./convex/types.ts";

/** Node's timers overflow past 2^31-1 ms; a longer wait is split. */
const LONGEST_TIMER_MS = 2_000_000_000;

interface Wake {
  atMs: number;
  run: () => void;
  timer: NodeJS.Timeout | null;
}

export class MovableClock implements Clock {
  readonly #wakes = new Set<Wake>();
  readonly #wallNowMs: () => number;
  #aheadMs: number;

  /** `aheadMs`: how far this clock runs ahead of the wall clock, kept across restarts by the caller. */
  constructor(aheadMs = 0, wallNowMs: () => number = Date.now) {
    this.#aheadMs = aheadMs;
    this.#wallNowMs = wallNowMs;
  }

  get aheadMs(): number {
    return this.#aheadMs;
  }

  nowMs(): number {
    return this.#wallNowMs() + this.#aheadMs;
  }

  at(atMs: number, run: () => void): () => void {
    const wake: Wake = { atMs, run, timer: null };
    this.#wakes.add(wake);
    this.#arm(wake);
    return () => this.#drop(wake);
  }

  /** Moves the clock forward and runs whatever has come due. Only forward: time that was seen stays seen. */
  advance(byMs: number): void {
    if (!Number.isFinite(byMs) || byMs < 0) throw new RangeError("advanceMs must be a finite number ≥ 0");
    this.#aheadMs += byMs;
    for (const wake of [...this.#wakes].sort((a, b) => a.atMs - b.atMs)) this.#arm(wake);
  }

  #arm(wake: Wake): void {
    if (!this.#wakes.has(wake)) return;
    if (wake.timer) clearTimeout(wake.timer);
    const waitMs = Math.max(0, wake.atMs - this.nowMs());
    wake.timer = setTimeout(() => this.#fire(wake), Math.min(waitMs, LONGEST_TIMER_MS));
    wake.timer.unref();
  }

  #fire(wake: Wake): void {
    if (wake.atMs > this.nowMs()) return this.#arm(wake);
    this.#drop(wake);
    wake.run();
  }

  #drop(wake: Wake): void {
    if (wake.timer) clearTimeout(wake.timer);
    this.#wakes.delete(wake);
  }
}
