/**
 * Isolates in which no code of the app has run, or none has left a trace.
 *
 * [Note: Restored contexts]
 * Convex promises every execution globals as they were furnished and modules evaluated anew. It does not promise another
 * V8 context, and a context is dear: making it is the smaller part, collecting it and running cold code in it the
 * larger. So a context in which an execution ended well is used again, with its modules evaluated anew, if it is proven
 * to be as it was made: all its objects are compared with how they were ([Note: What is compared]), what objects do not
 * show is forgotten (`Isolate.forget`), and nothing can call back, since every promise was settled and there are no
 * timers. A context that fails is thrown away. So a function that patches a prototype, leaves a global or asks for one
 * that is made when first asked for pays for a new context each time, and nothing of it is met by another.
 */
import type { Home, IsolateFactory } from "./isolate.ts";
import { Pristine } from "./pristine.ts";

/** Contexts kept for later; more are in use at once only by calls within calls. */
const USED_MAX = 4;

export class HomePool {
  readonly #isolates: IsolateFactory;
  readonly #pristine = new WeakMap<Home, Pristine>();
  readonly #used: Home[] = [];

  constructor(isolates: IsolateFactory) {
    this.#isolates = isolates;
  }

  /** An isolate as good as new. */
  take(): Home {
    for (let home = this.#used.pop(); home; home = this.#used.pop()) if (this.#isRestored(home)) return home;
    return this.#make();
  }

  /** Takes back what `take` gave, when nothing runs in it any more, nor ever will by itself. */
  giveBack(home: Home): void {
    if (this.#used.length < USED_MAX) this.#used.push(home);
  }

  close(): void {
    this.#used.length = 0;
  }

  #make(): Home {
    const home = this.#isolates.makeSynchronous();
    this.#pristine.set(home, new Pristine(home.context, this.#isolates.lentObjects));
    return home;
  }

  #isRestored(home: Home): boolean {
    if (!this.#pristine.get(home)?.isUnchanged) return false;
    home.isolate.forget();
    return true;
  }
}
