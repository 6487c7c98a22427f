/** Weak references that hold, so that garbage collection cannot be observed. */

export class StrongRef<T extends WeakKey> {
  readonly #target: T;

  constructor(target: T) {
    if (!canBeHeldWeakly(target)) throw new TypeError("WeakRef: target must be an object");
    this.#target = target;
  }

  deref(): T {
    return this.#target;
  }

  get [Symbol.toStringTag](): string {
    return "WeakRef";
  }
}

export class NoFinalizationRegistry {
  constructor(cleanup: (held: unknown) => void) {
    if (typeof cleanup !== "function") throw new TypeError("FinalizationRegistry: cleanup must be callable");
  }

  register(target: WeakKey, held: unknown): void {
    if (!canBeHeldWeakly(target)) throw new TypeError("FinalizationRegistry: target must be an object");
    if (target === held) throw new TypeError("FinalizationRegistry: target and holdings must not be same");
  }

  unregister(token: WeakKey): boolean {
    if (!canBeHeldWeakly(token)) throw new TypeError("FinalizationRegistry: token must be an object");
    return false;
  }

  get [Symbol.toStringTag](): string {
    return "FinalizationRegistry";
  }
}

function canBeHeldWeakly(value: unknown): boolean {
  if (typeof value === "symbol") return Symbol.keyFor(value) === undefined;
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

Object.defineProperty(StrongRef, "name", { value: "WeakRef" });
Object.defineProperty(NoFinalizationRegistry, "name", { value: "FinalizationRegistry" });
