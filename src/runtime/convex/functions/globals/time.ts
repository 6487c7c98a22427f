/** `Date` and `performance`, which see only the time the host lets them see. */
import { defineGlobal } from "./define.ts";
import type { IsolateHost } from "./host.ts";

export function installDate(host: () => IsolateHost): void {
  const NativeDate = Date;
  const now = () => Math.floor(host().nowMs());
  NativeDate.now = now;
  const date = new Proxy(NativeDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
    apply: (target) => new target(now()).toString(),
  });
  NativeDate.prototype.constructor = date;
  defineGlobal("Date", date);
}

/** What was marked and measured. */
let entries: PerformanceEntry[] = [];

export function forgetEntries(): void {
  entries = [];
}

export function installPerformance(host: () => IsolateHost): void {
  defineGlobal("performance", new Performance(host));
  defineGlobal("Performance", Performance);
  defineGlobal("PerformanceEntry", PerformanceEntry);
  defineGlobal("PerformanceMark", PerformanceMark);
  defineGlobal("PerformanceMeasure", PerformanceMeasure);
}

interface MarkOptions {
  startTime?: number;
  detail?: unknown;
}

interface MeasureOptions {
  start?: string | number;
  end?: string | number;
  duration?: number;
  detail?: unknown;
}

class PerformanceEntry {
  readonly name: string;
  readonly entryType: string;
  readonly startTime: number;
  readonly duration: number;
  readonly detail: unknown;

  constructor(name: string, entryType: string, startTime: number, duration: number, detail: unknown) {
    this.name = name;
    this.entryType = entryType;
    this.startTime = startTime;
    this.duration = duration;
    this.detail = detail ?? null;
  }

  toJSON(): object {
    return { ...this };
  }
}

class PerformanceMark extends PerformanceEntry {
  constructor(name: string, options: MarkOptions = {}) {
    super(String(name), "mark", options.startTime ?? performance.now(), 0, options.detail);
  }
}

class PerformanceMeasure extends PerformanceEntry {}

/** User Timing (W3C), without resource and navigation timing, which have nothing to measure here. */
class Performance {
  readonly #host: () => IsolateHost;

  constructor(host: () => IsolateHost) {
    this.#host = host;
  }

  get timeOrigin(): number {
    return this.#host().timeOriginMs();
  }

  /** Floored to 0.1 ms. */
  now(): number {
    return Math.floor(this.#host().performanceNowMs() * 10) / 10;
  }

  mark(name: string, options?: MarkOptions): PerformanceMark {
    const entry = new PerformanceMark(name, options);
    entries.push(entry);
    return entry;
  }

  measure(name: string, startOrOptions: string | MeasureOptions = {}, endMark?: string): PerformanceMeasure {
    const options = typeof startOrOptions === "string" ? { start: startOrOptions } : startOrOptions;
    const end = this.#endOf(options, endMark);
    const start = options.start !== undefined ? this.#timeOf(options.start) : end - (options.duration ?? end);
    const entry = new PerformanceMeasure(String(name), "measure", start, end - start, options.detail);
    entries.push(entry);
    return entry;
  }

  clearMarks(name?: string): void {
    this.#clear("mark", name);
  }

  clearMeasures(name?: string): void {
    this.#clear("measure", name);
  }

  getEntries(): PerformanceEntry[] {
    return [...entries];
  }

  getEntriesByName(name: string, type?: string): PerformanceEntry[] {
    return entries.filter((entry) => entry.name === name && (type === undefined || entry.entryType === type));
  }

  getEntriesByType(type: string): PerformanceEntry[] {
    return entries.filter((entry) => entry.entryType === type);
  }

  toJSON(): object {
    return { timeOrigin: this.timeOrigin };
  }

  #endOf(options: MeasureOptions, endMark?: string): number {
    if (endMark !== undefined) return this.#timeOf(endMark);
    if (options.end !== undefined) return this.#timeOf(options.end);
    if (options.start !== undefined && options.duration !== undefined) {
      return this.#timeOf(options.start) + options.duration;
    }
    return this.now();
  }

  #timeOf(mark: string | number): number {
    if (typeof mark === "number") return mark;
    const entry = entries.findLast((each) => each.entryType === "mark" && each.name === mark);
    if (!entry) throw new DOMException(`Cannot find mark: "${mark}"`, "SyntaxError");
    return entry.startTime;
  }

  #clear(type: string, name?: string): void {
    entries = entries.filter((entry) => entry.entryType !== type || (name !== undefined && entry.name !== name));
  }
}
