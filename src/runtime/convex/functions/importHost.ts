/** Evaluates modules: ahead of executions, to analyse them, to read schemas and configuration. */
import { DeveloperError } from "../errors.ts";
import { SynchronousHost } from "./baseHost.ts";
import { COMPONENT_IMPORT_PREFIX } from "./bundle.ts";
import { DeploymentError } from "./deploymentError.ts";
import type { Feature, IsolateHost, LogLevel } from "./globals/host.ts";
import type { Work } from "./globals/isolate.ts";
import type { Exports } from "./globals/modules.ts";
import { type Home, type IsolateFactory, UnhandledPromises } from "./isolate.ts";
import type { Program } from "./program.ts";
import { importSeed } from "./seeds.ts";
import type { SourceMaps } from "./sourceMaps.ts";
import { type ErrorOwner, owningErrors } from "./strayErrors.ts";
import { withinTime } from "./timeLimit.ts";

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
  /** It was imported before, with the same time, chance and environment. Watching the time is costly. */
  isKnownToEnd?: boolean;
  /** Where to evaluate it, beside what was evaluated there before; by default in an isolate of its own. */
  home?: Home;
}

/** An isolate in which a module was evaluated, or why that failed. */
export interface Imported {
  home: Home;
  /** Promises made so far; whoever goes on with the isolate goes on watching with them. */
  promises: UnhandledPromises;
  /** The first line says what happened; null when all went well. */
  failure: string | null;
  /** How long the module's own code took. */
  userTimeMs: number;
  /** The module asks for its isolate to be kept ([Note: Kept isolates]). */
  isKept: boolean;
}

/** Evaluates a module and returns what `read` makes of its exports. Throws `DeploymentError` when code fails. */
export function evaluateModule<T>(scope: ImportScope, input: ImportInput, read: (exports: Exports) => T): T {
  const { home, failure } = importInto(scope, input, (load) => ({ result: read(load(input.path)) }));
  if (failure !== null) throw new DeploymentError(`Failed to analyze ${input.path}: ${failure}`);
  return (home.isolate.state as { value: { result: T } }).value.result;
}

/** Evaluates a module for an execution to come. */
export function importModule(scope: ImportScope, input: ImportInput): Imported {
  const imported = importInto(scope, input, (load) => load(input.path).experimental_reuseContext === true);
  const { state } = imported.home.isolate;
  return { ...imported, isKept: state.kind === "done" && state.value === true };
}

function importInto(scope: ImportScope, input: ImportInput, work: Work): Omit<Imported, "isKept"> {
  const home = input.home ?? scope.isolates.makeSynchronous();
  const host = new ImportHost(scope, input, home);
  const promises = new UnhandledPromises();
  if (!input.isConfiguration) home.isolate.reseed(importSeed(scope.version));
  home.isolate.begin(host, work);
  const evaluate = () => {
    owningErrors(host, () => promises.watch(() => scope.isolates.turn(home)));
    home.isolate.failByRejected(promises.all);
    scope.isolates.turn(home);
  };
  const startedMs = performance.now();
  const end = (failure: string | null) => ({ home, promises, failure, userTimeMs: performance.now() - startedMs });
  if (input.isKnownToEnd) evaluate();
  else if (!withinTime(IMPORT_TIME_MAX_MS, evaluate))
    return end(`Importing took longer than ${IMPORT_TIME_MAX_MS / 1000} s`);
  return end(failureOf(home, host));
}

function failureOf({ isolate: { state } }: Home, { fatal, errors }: ImportHost): string | null {
  if (fatal !== undefined) return fatal;
  if (state.kind === "failed") return [state.failure.message, ...errors].join("\n");
  return state.kind === "pending" ? "The module never finished loading" : null;
}

class ImportHost extends SynchronousHost implements IsolateHost, ErrorOwner {
  override readonly home: Home;
  fatal: string | undefined;
  /** Lines the module wrote to `console.error`, shown when it fails. */
  readonly errors: string[] = [];
  readonly #scope: ImportScope;
  readonly #input: ImportInput;

  constructor(scope: ImportScope, input: ImportInput, home: Home) {
    super({ program: input.program, sourceMaps: scope.sourceMaps, env: input.env });
    this.#scope = scope;
    this.#input = input;
    this.home = home;
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

  failBy(): void {
    // Promises that were rejected have failed the import already, and nothing else can be stray in it.
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
