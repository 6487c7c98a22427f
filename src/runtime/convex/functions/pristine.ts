/**
 * Tells whether a context still is what it was before any code of the app ran in it.
 *
 * [Note: What is compared]
 * Every object that code can get at: what is reached from the global object, and from what syntax alone reaches, by
 * properties and prototypes. Of each its prototype, whether it can be extended, and its own properties, names and
 * symbols, in their order: value or accessors, writable, enumerable, configurable. Most objects are built-in functions
 * with nothing but `name` and `length`: of these, that they have nothing else. What the two say is left out, since
 * nothing overwrites them but on purpose, and reading them would take half as long again.
 *
 * What no property shows (private fields, what closures hold) belongs to the furnishing, which forgets it itself
 * (`Isolate.forget`). What the host lends is the host's, and common to all contexts ([Note: Lent classes]).
 */
import vm from "node:vm";

/** What no property leads to: prototypes of what syntax makes, and of what functions hand out. */
const HIDDEN = new vm.Script(
  `[
    ...[function* () {}, async function () {}, async function* () {}, (function* () {})(), (async function* () {})()],
    ...[[].values(), new Map().values(), new Set().values(), ""[Symbol.iterator](), "".matchAll(/./g)],
    ...[Iterator.from({ next() {} }), [].values().map(String)],
    ...[new Intl.Segmenter().segment(""), new Intl.Segmenter().segment("")[Symbol.iterator]()],
  ].map(Object.getPrototypeOf)`,
  { filename: "node:isolate" },
);

const { getOwnPropertyDescriptor, getPrototypeOf, isExtensible, ownKeys } = Reflect;

interface Remembered {
  object: object;
  prototype: object | null;
  isExtensible: boolean;
  keys: PropertyKey[];
  properties: PropertyDescriptor[];
}

/** A context's objects, as they are when this is made. */
export class Pristine {
  readonly #functionPrototype: object;
  readonly #plainFunctions: object[] = [];
  readonly #others: Remembered[] = [];

  /** `elsewhere`: objects that are not the context's own, and not looked at. */
  constructor(context: vm.Context, elsewhere: ReadonlySet<object>) {
    this.#functionPrototype = (context.Function as typeof Function).prototype;
    for (const object of reachableFrom([context, ...(HIDDEN.runInContext(context) as object[])], elsewhere)) {
      if (isPlainFunction(object, this.#functionPrototype)) this.#plainFunctions.push(object);
      else this.#others.push(remembered(object));
    }
  }

  /** Whether they are so still ([Note: What is compared]). Runs no code of the context. */
  get isUnchanged(): boolean {
    const prototype = this.#functionPrototype;
    return this.#plainFunctions.every((each) => isPlainFunction(each, prototype)) && this.#others.every(isAsRemembered);
  }
}

/** The objects that properties and prototypes lead to, `roots` included, but not through those `elsewhere`. */
export function reachableFrom(roots: object[], elsewhere: ReadonlySet<object> = new Set()): Set<object> {
  const found = new Set(roots);
  const add = (value: unknown) => {
    if (isObject(value) && !elsewhere.has(value)) found.add(value);
  };
  // A set that grows while it is gone through is gone through to its end.
  for (const object of found) {
    add(getPrototypeOf(object));
    for (const key of ownKeys(object)) {
      const { value, get, set } = propertyOf(object, key);
      add(value);
      add(get);
      add(set);
    }
  }
  return found;
}

function isObject(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

function propertyOf(object: object, key: PropertyKey): PropertyDescriptor {
  return getOwnPropertyDescriptor(object, key) as PropertyDescriptor;
}

/** Whether it is like any built-in function. `name` and `length` come first in every function. */
function isPlainFunction(object: object, functionPrototype: object): boolean {
  if (typeof object !== "function" || getPrototypeOf(object) !== functionPrototype || !isExtensible(object))
    return false;
  const keys = ownKeys(object);
  return keys.length === 2 && keys[0] === "length" && keys[1] === "name";
}

function remembered(object: object): Remembered {
  const keys = ownKeys(object);
  const properties = keys.map((key) => propertyOf(object, key));
  return { object, prototype: getPrototypeOf(object), isExtensible: isExtensible(object), keys, properties };
}

function isAsRemembered({ object, prototype, isExtensible: wasExtensible, keys, properties }: Remembered): boolean {
  if (getPrototypeOf(object) !== prototype || isExtensible(object) !== wasExtensible) return false;
  const keysNow = ownKeys(object);
  if (keysNow.length !== keys.length) return false;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as PropertyKey;
    if (keysNow[index] !== key) return false;
    if (!isSameProperty(propertyOf(object, key), properties[index] as PropertyDescriptor)) return false;
  }
  return true;
}

function isSameProperty(one: PropertyDescriptor, other: PropertyDescriptor): boolean {
  return (
    Object.is(one.value, other.value) &&
    one.get === other.get &&
    one.set === other.set &&
    one.writable === other.writable &&
    one.enumerable === other.enumerable &&
    one.configurable === other.configurable
  );
}
