/**
 * Compiled modules of one component definition. Compilation happens once; every isolate evaluates the
 * functions anew ([Note: Modules as functions]).
 */
import path from "node:path";
import vm from "node:vm";
import type { ModuleSource } from "./bundle.ts";
import type { ModuleFactory } from "./globals/modules.ts";
import type { Home } from "./isolate.ts";

/** File names of isolate code in stack traces begin with this, so that frames of the runtime itself are told apart. */
export const MODULE_SCHEME = "convex:/";

export class Program {
  /** Unique per deployment; tells two programs' modules of the same path apart in stack traces. */
  readonly name: string;
  readonly #sources = new Map<string, ModuleSource>();
  readonly #scripts = new Map<string, vm.Script>();
  readonly #resolved = new Map<string, Map<string, string>>();

  constructor(name: string, modules: ModuleSource[]) {
    this.name = name;
    for (const module of modules) this.#sources.set(module.path, module);
  }

  get modules(): ModuleSource[] {
    return [...this.#sources.values()];
  }

  has(modulePath: string): boolean {
    return this.#sources.has(modulePath);
  }

  source(modulePath: string): ModuleSource | undefined {
    return this.#sources.get(modulePath);
  }

  fileName(modulePath: string): string {
    return `${MODULE_SCHEME}${this.name}/${modulePath}`;
  }

  /** The path of the module that the relative `specifier` means to the module `from`. */
  resolve(from: string, specifier: string): string {
    const known = this.#resolved.get(from) ?? new Map<string, string>();
    this.#resolved.set(from, known);
    const resolved = known.get(specifier) ?? path.posix.join(path.posix.dirname(from), specifier);
    known.set(specifier, resolved);
    return resolved;
  }

  /** The module's function in an isolate, not yet called; undefined when there is no such module. */
  factory(modulePath: string, { context, factories }: Home): ModuleFactory | undefined {
    const name = this.fileName(modulePath);
    const known = factories.get(name);
    if (known) return known;
    const script = this.#scripts.get(modulePath) ?? this.#compile(modulePath);
    const factory = script?.runInContext(context) as ModuleFactory | undefined;
    if (factory) factories.set(name, factory);
    return factory;
  }

  #compile(modulePath: string): vm.Script | undefined {
    const source = this.#sources.get(modulePath);
    if (!source) return undefined;
    // On one line, so that the source map's line numbers hold; strict, as the modules are that it was made of.
    const script = new vm.Script(`(function (exports, require, module) {"use strict";${source.code}\n})`, {
      filename: this.fileName(modulePath),
    });
    this.#scripts.set(modulePath, script);
    return script;
  }
}
