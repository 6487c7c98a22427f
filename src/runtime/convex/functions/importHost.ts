/** Evaluates modules outside any execution: to analyse them, to read schemas and configuration. */
import { DeveloperError } from "../errors.ts";
import { type CodeScope, SynchronousHost } from "./baseHost.ts";
import { COMPONENT_IMPORT_PREFIX } from "./bundle.ts";
import { DeploymentError } from "./deploymentError.ts";
import type { Feature, IsolateHost, LogLevel } from "./globals/host.ts";
import type { Exports } from "./globals/modules.ts";
import { type IsolateFactory, isTimeout, UnhandledPromises } from "./isolate.ts";
import type { Program } from "./program.ts";
import { importSeed } from "./seeds.ts";
import type { SourceMaps } from "./sourceMaps.ts";

/** Convex gives a module this long to be imported. */
const IMPORT_TIME_MAX_MS = 4000;

export interface ImportScope {
  isolates: IsolateFactory;
  sourceMaps: SourceMaps;
  version: number;
  nowMs: number;
}

export interface ImportInput {
  program: Program;
  path: string;
  env: (name: string) => string | undefined;
  /** What an import of another component's definition gives, by its definition path. */
  definitions?: (definitionPath: string) => object;
  /** Configuration must come out the same whenever it is read, so it sees neither time nor chance. */
  isConfiguration?: boolean;
}

/** Evaluates a module and returns what `read` makes of its exports. Throws `DeploymentError` when code fails. */
export function evaluateModule<T>(scope: ImportScope, input: ImportInput, read: (exports: Exports) => T): T {
  const home = scope.isolates.makeSynchronous();
  const host = new ImportHost(scope, input, home.context);
  const promises = new UnhandledPromises();
  if (!input.isConfiguration) home.isolate.reseed(importSeed(scope.version));
  home.isolate.begin(host, (load) => ({ result: read(load(input.path)) }));
  try {
    promises.watch(() => scope.isolates.turn(home, IMPORT_TIME_MAX_MS));
    home.isolate.failByRejected(promises.all);
    scope.isolates.turn(home);
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw failed(input.path, `Importing took longer than ${IMPORT_TIME_MAX_MS / 1000} s`);
  }
  const { state } = home.isolate;
  if (host.fatal !== undefined) throw failed(input.path, host.fatal);
  if (state.kind === "failed") throw failed(input.path, [state.failure.message, ...host.errors].join("\n"));
  if (state.kind === "pending") throw failed(input.path, "The module never finished loading");
  return (state.value as { result: T }).result;
}

function failed(path: string, message: string): DeploymentError {
  return new DeploymentError(`Failed to analyze ${path}: ${message}`);
}

class ImportHost extends SynchronousHost implements IsolateHost {
  fatal: string | undefined;
  /** Lines the module wrote to `console.error`, shown when it fails. */
  readonly errors: string[] = [];
  readonly #scope: ImportScope;
  readonly #input: ImportInput;

  constructor(scope: ImportScope, input: ImportInput, context: CodeScope["context"]) {
    super({ program: input.program, context, sourceMaps: scope.sourceMaps, env: input.env });
    this.#scope = scope;
    this.#input = input;
  }

  nowMs(): number {
    if (this.#input.isConfiguration)
      throw new DeveloperError("NoDateInConfiguration", "Date is unsupported in configuration");
    return this.#scope.nowMs;
  }

  performanceNowMs(): number {
    return 0;
  }

  timeOriginMs(): number {
    return this.#scope.nowMs;
  }

  refusal(feature: Feature): string {
    return `${feature} unsupported at import time`;
  }

  fail(message: string): void {
    this.fatal ??= message;
  }

  log(level: LogLevel, message: string): void {
    if (level === "ERROR") this.errors.push(message);
  }

  syscall(operation: string): never {
    throw this.#refusedSyscall(operation);
  }

  asyncSyscall(operation: string): never {
    throw this.#refusedSyscall(operation);
  }

  jsSyscall(operation: string): never {
    throw this.#refusedSyscall(operation);
  }

  override componentDefinition(specifier: string): object | undefined {
    if (!specifier.startsWith(COMPONENT_IMPORT_PREFIX)) return undefined;
    const definitionPath = Buffer.from(specifier.slice(COMPONENT_IMPORT_PREFIX.length), "base64url").toString();
    return this.#input.definitions?.(definitionPath);
  }

  #refusedSyscall(operation: string): DeveloperError {
    const name = operation.replace("1.0/", "");
    return new DeveloperError("NoSyscallDuringImport", `${name} unsupported at import time`);
  }
}
