/**
 * Memory of actions that read much.
 *
 * [Note: Reading much]
 * Where a machine has much memory, V8 lets its heaps grow to several times of what is in use before it collects, which
 * serves many people best: small heaps cost up to half of the speed. But an action that writes an archive asks for
 * page after page, and would make the home as large as V8 allows, whatever is in use. So while an action does, two things
 * are otherwise. Young garbage is collected between its calls, where hardly anything is alive and little is taken for what
 * lives long. And old garbage may add a part to what is in use, not a multiple.
 */
import v8 from "node:v8";
import vm from "node:vm";

/** Answers to one action's calls, in characters, from which on it reads much: more than a model is ever given of a chat. */
const MUCH_CHARS = 2 * 1024 * 1024;
/** Young garbage that is left until the next call. */
const YOUNG_BYTES = 6 * 1024 * 1024;
/** What old garbage may add meanwhile to what is in use, in percent. V8's 0 stands for what it finds best itself. */
const OLD_PERCENT = 20;

/** Actions that read much at the moment. */
let readers = 0;

/** What one action's calls have read so far. */
export class Reading {
  #chars = 0;
  #isMuch = false;
  #hasEnded = false;

  /** Notes what a call answered, before it is handed on. Calls may outlive their action: those count for nothing. */
  note(answer: string): void {
    if (this.#hasEnded) return;
    this.#chars += answer.length;
    if (this.#chars < MUCH_CHARS) return;
    if (!this.#isMuch) boundHeaps(+1);
    this.#isMuch = true;
    if (youngBytes() > YOUNG_BYTES) collect("minor");
  }

  /** For when the action has ended; once. */
  end(): void {
    this.#hasEnded = true;
    if (this.#isMuch) boundHeaps(-1);
  }
}

function boundHeaps(change: 1 | -1): void {
  readers += change;
  v8.setFlagsFromString(`--heap-growing-percent=${readers > 0 ? OLD_PERCENT : 0}`);
  // V8 decides how far a heap may grow whenever it has collected all of it.
  if (change > 0) collect("major");
}

function youngBytes(): number {
  return v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_used_size ?? 0;
}

type Collector = (options: { type: "minor" | "major" }) => void;

let collector: Collector | undefined;

function collect(type: "minor" | "major"): void {
  collector ??= makeCollector();
  collector({ type });
}

/** V8 gives its collector to contexts that are made while the flag is set, and to no others. */
function makeCollector(): Collector {
  v8.setFlagsFromString("--expose-gc");
  try {
    return vm.runInNewContext("gc");
  } finally {
    v8.setFlagsFromString("--no-expose-gc");
  }
}
