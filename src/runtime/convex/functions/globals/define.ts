/** Defines a global the way built-in ones are: writable, configurable, not enumerable. */
export function defineGlobal(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}

/** As `defineGlobal`, with a value that is made when it is first asked for. */
export function defineLazyGlobal(name: string, make: () => unknown): void {
  const get = () => {
    const value = make();
    defineGlobal(name, value);
    return value;
  };
  const set = (value: unknown) => defineGlobal(name, value);
  Object.defineProperty(globalThis, name, { get, set, configurable: true, enumerable: false });
}

const USE_NODE_HINT = 'Consider an action in a "use node" file instead.';

/** Thrown for parts of the platform that Convex's isolate lacks; the execution fails even if it is caught. */
export function notImplemented(host: { fail(message: string): void }, what: string): never {
  const message = `Not implemented: ${what}. ${USE_NODE_HINT}`;
  host.fail(message);
  throw new Error(message);
}
