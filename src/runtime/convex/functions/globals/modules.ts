/** Loads modules inside an isolate: each is evaluated once, when something first requires it. */

export type ModuleFactory = (
  exports: object,
  require: (specifier: string) => unknown,
  module: { exports: object },
) => void;

export type Exports = Record<string, unknown>;

export interface ModuleSupply {
  /** The path of the module that `specifier` means to the module `from`. */
  resolve(from: string, specifier: string): string;
  /** The module's function, created in this isolate, or undefined. */
  factory(path: string): ModuleFactory | undefined;
  /** Stands in for the imported definition of a component, where definitions are evaluated. */
  componentDefinition(specifier: string): object | undefined;
  /** A dynamic import, which reaches us as a late `require`; throws where it is not allowed. */
  allowDynamicImport(): void;
}

export class ModuleLoader {
  readonly #supply: () => ModuleSupply;
  readonly #modules = new Map<string, { exports: object }>();
  #evaluating = 0;

  /** `supply`: whoever has the isolate now. */
  constructor(supply: () => ModuleSupply) {
    this.#supply = supply;
  }

  load(path: string): Exports {
    const known = this.#modules.get(path);
    if (known) return known.exports as Exports;
    const factory = this.#supply().factory(path);
    if (!factory) throw new Error(`Could not find module ${path}`);
    const module = { exports: {} };
    this.#modules.set(path, module);
    this.#evaluating++;
    try {
      factory(module.exports, (specifier) => this.#require(path, specifier), module);
    } catch (error) {
      this.#modules.delete(path);
      throw error;
    } finally {
      this.#evaluating--;
    }
    return module.exports as Exports;
  }

  #require(from: string, specifier: string): unknown {
    const definition = this.#supply().componentDefinition(specifier);
    if (definition) return { __esModule: true, default: definition };
    // Static imports run while their importer is evaluated, dynamic ones in a microtask of their own.
    if (this.#evaluating === 0) this.#supply().allowDynamicImport();
    return this.load(this.#supply().resolve(from, specifier));
  }
}
