/** What every kind of execution answers its isolate in the same way. */
import { DeveloperError } from "../errors.ts";
import type { Feature, LogLevel } from "./globals/host.ts";
import type { ModuleFactory } from "./globals/modules.ts";
import type { Home } from "./isolate.ts";
import { renderForLog } from "./logLines.ts";
import type { Program } from "./program.ts";
import type { SourceMaps } from "./sourceMaps.ts";
import { subtle } from "./subtle.ts";

export interface CodeScope {
  program: Program;
  sourceMaps: SourceMaps;
  env: (name: string) => string | undefined;
}

export abstract class BaseHost {
  readonly #code: CodeScope;

  constructor(code: CodeScope) {
    this.#code = code;
  }

  abstract get home(): Home;
  abstract refusal(feature: Feature): string | null;
  abstract fail(message: string): void;
  abstract log(level: LogLevel, message: string): void;

  env(name: string): string | undefined {
    return this.#code.env(name);
  }

  inspect(value: unknown): string {
    return renderForLog(value);
  }

  describeFrame(site: string): string | null {
    return this.#code.sourceMaps.describeFrame(site);
  }

  resolve(from: string, specifier: string): string {
    return this.#code.program.resolve(from, specifier);
  }

  factory(path: string): ModuleFactory | undefined {
    return this.#code.program.factory(path, this.home);
  }

  componentDefinition(_specifier: string): object | undefined {
    return undefined;
  }

  allowDynamicImport(): void {
    this.refuse("dynamic import", "NoDynamicImport");
  }

  subtle(operation: string, args: unknown[]): unknown {
    return subtle(operation, args, this);
  }

  /** Throws if this kind of execution refuses the feature. */
  protected refuse(feature: Feature, code: string): void {
    const refusal = this.refusal(feature);
    if (refusal !== null) throw new DeveloperError(code, refusal);
  }
}

/** For executions that never wait: there is no network, and a timer has already failed them. */
export abstract class SynchronousHost extends BaseHost {
  fetch(): never {
    throw new DeveloperError("NoFetch", this.refusal("fetch()") ?? "");
  }

  setTimer(): number {
    return 0;
  }

  clearTimer(): void {}
}
