/** `structuredClone` of the HTML standard for the types an isolate can make, without transfer. */

export function structuredClone<T>(value: T, options?: { transfer?: unknown[] }): T {
  if (options?.transfer?.length)
    throw new DOMException("structuredClone with transfer is not supported", "DataCloneError");
  return clone(value, new Map()) as T;
}

function clone(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value === "function" || typeof value === "symbol") {
    throw new DOMException(`${String(value)} could not be cloned.`, "DataCloneError");
  }
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const copy = emptyCopy(value, seen);
  seen.set(value, copy);
  fill(value, copy, seen);
  return copy;
}

/** A new object of the same kind; whatever it contains is filled in later, so that cycles close. */
function emptyCopy(value: object, seen: Map<object, unknown>): object {
  if (Array.isArray(value)) return new Array(value.length);
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (ArrayBuffer.isView(value)) return copyView(value, seen);
  if (value instanceof Error) return copyError(value);
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return Object(value.valueOf());
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) {
    throw new DOMException(`${Object.prototype.toString.call(value)} could not be cloned.`, "DataCloneError");
  }
  return {};
}

function copyView(view: ArrayBufferView, seen: Map<object, unknown>): object {
  const buffer = clone(view.buffer, seen);
  const View = view.constructor as new (buffer: unknown, offset: number, length: number) => object;
  const length = view instanceof DataView ? view.byteLength : (view as Uint8Array).length;
  return new View(buffer, view.byteOffset, length);
}

function copyError(error: Error): Error {
  const known = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
  const ErrorClass = known[error.name as keyof typeof known] ?? Error;
  const copy = new ErrorClass(error.message);
  if (error.stack !== undefined) Object.defineProperty(copy, "stack", { value: error.stack, configurable: true });
  return copy;
}

function fill(value: object, copy: object, seen: Map<object, unknown>): void {
  if (value instanceof Map) {
    for (const [key, each] of value) (copy as Map<unknown, unknown>).set(clone(key, seen), clone(each, seen));
  } else if (value instanceof Set) {
    for (const each of value) (copy as Set<unknown>).add(clone(each, seen));
  } else if (value instanceof Error) {
    if ("cause" in value) Object.assign(copy, { cause: clone(value.cause, seen) });
  } else if (Array.isArray(value) || Object.getPrototypeOf(copy) === Object.prototype) {
    for (const [key, each] of Object.entries(value)) Object.assign(copy, { [key]: clone(each, seen) });
  }
}
