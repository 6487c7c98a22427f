/** The objects of a context as text, and changes to them: independent of how the runtime looks at them. */
import type vm from "node:vm";
import fc from "fast-check";

/**
 * One line an object: what it is, what it inherits from, and each of its properties. Objects are named by their place
 * in the list.
 */
export function describeWorld(context: vm.Context, lent: ReadonlySet<object>): string[] {
  const objects = objectsOf(context, lent);
  const places = new Map(objects.map((object, place) => [object, place]));
  const told = (value: unknown): string => {
    if (typeof value === "symbol") return String(value);
    if (!isObject(value)) return Object.is(value, -0) ? "-0" : String(value);
    return lent.has(value) ? "lent" : `#${places.get(value)}`;
  };
  return objects.map((object) => {
    const properties = Reflect.ownKeys(object).map((key) => {
      const property = Object.entries(Object.getOwnPropertyDescriptor(object, key) ?? {});
      return `${String(key)}: ${property.map(([name, value]) => `${name} ${told(value)}`).join(" ")}`;
    });
    const kind = Object.isExtensible(object) ? typeof object : `closed ${typeof object}`;
    return `${kind} of ${told(Object.getPrototypeOf(object))} { ${properties.join(", ")} }`;
  });
}

export interface Change {
  /** The object's place in the list. */
  place: number;
  kind: "assign" | "define" | "hide" | "delete" | "rewrite" | "inherit" | "close" | "freeze";
  /** Of the property that is deleted or rewritten, among the object's own. */
  property: number;
}

/** `count`: of objects there are. */
export function arbitraryChanges(count: number): fc.Arbitrary<Change[]> {
  const kind = fc.constantFrom<Change["kind"][]>(
    ...(["assign", "define", "hide", "delete", "rewrite", "inherit", "close", "freeze"] as const),
  );
  return fc.array(fc.record({ place: fc.nat(count - 1), kind, property: fc.nat(20) }), { maxLength: 2 });
}

export function applyChange(context: vm.Context, lent: ReadonlySet<object>, change: Change): void {
  const object = objectsOf(context, lent)[change.place] as Record<PropertyKey, unknown>;
  const keys = Reflect.ownKeys(object).filter((key) => !isNameOfFunction(object, key));
  const key = keys[change.property % keys.length];
  switch (change.kind) {
    case "assign":
      return void Reflect.set(object, "left", true);
    case "define":
      return void Reflect.defineProperty(object, "left", { value: true });
    case "hide":
      return void Reflect.defineProperty(object, Symbol("left"), { value: true });
    case "delete":
      return void (key !== undefined && Reflect.deleteProperty(object, key));
    case "rewrite":
      return void (key !== undefined && Reflect.defineProperty(object, key, { enumerable: true }));
    case "inherit":
      return void Reflect.setPrototypeOf(object, null);
    case "close":
      return void Reflect.preventExtensions(object);
    case "freeze":
      return void Object.freeze(object);
  }
}

/** What `name` and `length` of functions say is not compared. */
function isNameOfFunction(object: object, key: PropertyKey): boolean {
  return typeof object === "function" && (key === "name" || key === "length");
}

function objectsOf(context: vm.Context, lent: ReadonlySet<object>): object[] {
  const found = new Set<object>([context]);
  for (const object of found) {
    const properties = Object.values(Object.getOwnPropertyDescriptors(object));
    for (const value of [
      Object.getPrototypeOf(object),
      ...properties.flatMap(({ value, get, set }) => [value, get, set]),
    ])
      if (isObject(value) && !lent.has(value)) found.add(value);
  }
  return [...found];
}

function isObject(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}
