/**
 * One execution of a query or mutation: validates, runs in a fresh isolate turn by turn ([Note: Turns]),
 * runs nested calls in the same transaction, and says what came of it.
 */
import { DeveloperError } from "../errors.ts";
import type {
  Catalog,
  Clock,
  DeployedFunction,
  Execution,
  FunctionCall,
  FunctionError,
  Json,
  Outcome,
  Transaction,
  TransactionUsage,
} from "../types.ts";
import { type Address, callFrom, resolveAddress } from "./address.ts";
import { SynchronousHost } from "./baseHost.ts";
import { type LoadedDeployment, moduleAndExport, parseJson } from "./deployment.ts";
import { type Feature, type IsolateHost, type LogLevel, PARKED } from "./globals/host.ts";
import type { Isolate } from "./globals/isolate.ts";
import type { Exports } from "./globals/modules.ts";
import type { ImportedModules } from "./importedModules.ts";
import type { Imported } from "./importHost.ts";
import { type IsolateFactory, isTimeout } from "./isolate.ts";
import { LogLines } from "./logLines.ts";
import { newSeed } from "./seeds.ts";
import { isOutOfTime, SpentTime, TIMED_OUT, USER_TIME_MAX_MS } from "./spentTime.ts";
import { type ErrorOwner, owningErrors } from "./strayErrors.ts";
import { DatabaseSyscalls } from "./syscalls.ts";
import { findCallable, functionFailure, validateArguments, validateResult } from "./validation.ts";

/** How much later than its time is up a turn is cut off, since some of its time goes to the database and to other processes. */
const TURN_GRACE_MS = 2000;
/**
 * Cutting off a turn would leave the database's own code half done, so a syscall is answered within the turn
 * only while the end of it is at least this far away; otherwise it is parked and answered between turns.
 */
const DATABASE_SPARE_MS = 1000;
/** Calls within calls within calls … */
const CALL_DEPTH_MAX = 8;

/** What executions need of the runtime around them. */
export interface ExecutionScope {
  isolates: IsolateFactory;
  modules: ImportedModules;
  deployment: LoadedDeployment;
  catalog: Catalog;
  clock: Clock;
  deploymentName: string;
  /** The environment of a component instance, system variables included. */
  envOf: (component: string) => (name: string) => string | undefined;
  /** Where errors go that come too late for the execution's result. */
  log: (line: string) => void;
}

/** Runs `call` in `tx`. User errors end up in the outcome; anything else that goes wrong is thrown. */
export function execute(
  scope: ExecutionScope,
  tx: Transaction,
  {
    call,
    kind,
    journalEndCursor = null,
  }: { call: FunctionCall; kind: "query" | "mutation"; journalEndCursor?: string | null },
): Execution {
  return executeAt(scope, tx, {
    call,
    kind,
    journalEndCursor,
    nowMs: Math.floor(scope.clock.nowMs()),
    seed: newSeed(),
    spent: new SpentTime(),
    depth: 0,
  });
}

interface ExecutionInput {
  call: FunctionCall;
  kind: "query" | "mutation";
  journalEndCursor: string | null;
  nowMs: number;
  seed: Uint32Array;
  /** Of the whole tree of calls. */
  spent: SpentTime;
  depth: number;
}

function executeAt(scope: ExecutionScope, tx: Transaction, input: ExecutionInput): Execution {
  const { call, kind } = input;
  const callable = findCallable(scope.deployment, call, kind);
  if ("error" in callable) return refused(callable.error);
  const { definition } = callable;
  const refusal = validateArguments(scope.catalog, definition, call.args);
  if (refusal) return refused(refusal);
  const { modulePath, exportName } = moduleAndExport(definition.path);
  const imported = scope.modules.take(call.component, modulePath);
  if (imported.failure !== null) return refused({ message: imported.failure });
  return new TransactionExecution(scope, tx, { ...input, definition, imported }).run(modulePath, exportName);
}

function refused(error: FunctionError): Execution {
  return {
    outcome: { ok: false, error },
    logLines: [],
    journal: null,
    readIdentity: false,
    readTime: false,
    userTimeMs: 0,
  };
}

interface RunInput extends ExecutionInput {
  definition: DeployedFunction;
  imported: Imported;
}

class TransactionExecution extends SynchronousHost implements IsolateHost, ErrorOwner {
  readonly #scope: ExecutionScope;
  readonly #tx: Transaction;
  readonly #input: RunInput;
  readonly #syscalls: DatabaseSyscalls;
  readonly #log = new LogLines();
  readonly #startedMs = performance.now();
  #readTime = false;
  #nestedReadIdentity = false;
  #fatal: FunctionError | undefined;
  /** A fault that is not the developer's: it ends the execution and is thrown to the caller. */
  #fault: unknown;
  /** From this moment (`performance.now()`) on, syscalls are parked until the next turn. */
  #parksFromMs = 0;

  constructor(scope: ExecutionScope, tx: Transaction, input: RunInput) {
    const { component } = input.call;
    const { sourceMaps } = scope.deployment;
    const { context } = input.imported.home;
    const { program } = scope.deployment.instance(component);
    super({ program, context, sourceMaps, env: scope.envOf(component) });
    this.#scope = scope;
    this.#tx = tx;
    this.#input = input;
    input.spent.userMs += input.imported.userTimeMs;
    const { call, kind, nowMs, journalEndCursor } = input;
    const { catalog, deployment, deploymentName } = scope;
    this.#syscalls = new DatabaseSyscalls({
      tx,
      catalog,
      deployment,
      kind,
      call,
      deploymentName,
      nowMs,
      journalEndCursor,
    });
  }

  run(modulePath: string, exportName: string): Execution {
    const { call, kind, seed } = this.#input;
    this.#isolate.reseed(seed);
    this.#isolate.begin(this, (load) => invocationOf(load(modulePath), exportName, kind)(JSON.stringify([call.args])));
    try {
      this.#drive();
    } finally {
      this.#syscalls.close();
    }
    if (this.#fault !== undefined) throw this.#fault;
    if (!this.#isOver() && this.#isolate.state.kind === "done") this.#giveBack(modulePath);
    return this.#conclude();
  }

  #giveBack(modulePath: string): void {
    const { call, imported } = this.#input;
    this.#scope.modules.giveBack(call.component, modulePath, imported);
  }

  get #isolate(): Isolate {
    return this.#input.imported.home.isolate;
  }

  #drive(): void {
    const { home, promises } = this.#input.imported;
    const { isolate } = home;
    this.#turn();
    while (!this.#isOver() && isolate.parked[0]) {
      const { operation, args } = isolate.parked[0];
      isolate.resume(this.#answerParked(operation, args));
      this.#turn();
    }
    if (this.#isOver()) return;
    isolate.failByRejected(promises.all);
    this.#scope.isolates.turn(home);
  }

  #isOver(): boolean {
    return this.#fatal !== undefined || this.#fault !== undefined || this.#isolate.state.kind === "failed";
  }

  #turn(): void {
    const { imported, spent } = this.#input;
    const { home, promises } = imported;
    const timeoutMs = USER_TIME_MAX_MS - spent.ownMs + TURN_GRACE_MS;
    this.#parksFromMs = performance.now() + timeoutMs - DATABASE_SPARE_MS;
    try {
      spent.asUser(() => promises.watch(() => owningErrors(this, () => this.#scope.isolates.turn(home, timeoutMs))));
    } catch (error) {
      if (!isTimeout(error)) throw error;
      this.#fatal = TIMED_OUT;
    }
    this.#fatal ??= spent.excess ?? undefined;
  }

  #answerParked(operation: string, args: string): { text: string } | { error: unknown } {
    try {
      const isNested = operation === "1.0/runUdf";
      return { text: isNested ? this.#runNested(parseJson(args)) : this.#answer(operation, args) };
    } catch (error) {
      if (!(error instanceof DeveloperError)) this.#fault ??= error;
      return { error };
    }
  }

  #runNested({ udfType, args, transactionLimits, ...address }: NestedCall): string {
    const { call, kind, nowMs, spent, depth } = this.#input;
    const nestedKind = nestedKindOf(udfType, kind);
    const target = resolveAddress(this.#scope.deployment, call.component, address);
    if (depth >= CALL_DEPTH_MAX) throw tooDeep();
    const nested: ExecutionInput = {
      call: callFrom(call, target, args),
      kind: nestedKind,
      journalEndCursor: null,
      nowMs,
      seed: newSeed(),
      spent,
      depth: depth + 1,
    };
    const run = (tx: Transaction) => withinLimits(tx, transactionLimits, () => executeAt(this.#scope, tx, nested));
    return this.#adopt(udfType === STALE_QUERY ? this.#runStale(run) : this.#runHere(nestedKind, run));
  }

  #runHere(kind: "query" | "mutation", run: (tx: Transaction) => Execution): Execution {
    const savepoint = kind === "mutation" ? this.#tx.savepoint() : undefined;
    const execution = run(this.#tx);
    if (execution.outcome.ok) savepoint?.release();
    else savepoint?.rollback();
    return execution;
  }

  /** A query with `useStaleSnapshot` sees nothing this mutation wrote, and the mutation does not depend on what it read. */
  #runStale(run: (tx: Transaction) => Execution): Execution {
    const begun = this.#tx.asBegun();
    try {
      return run(begun);
    } finally {
      begun.close();
    }
  }

  #adopt({ outcome, logLines, readIdentity, readTime }: Execution): string {
    this.#log.append(logLines);
    this.#nestedReadIdentity ||= readIdentity;
    this.#readTime ||= readTime;
    if (outcome.ok) return outcome.value;
    // A call that ran out of time takes its caller with it.
    if (isOutOfTime(outcome.error)) this.#fatal = outcome.error;
    throw new DeveloperError(outcome.error.code ?? "FunctionFailed", outcome.error.message, outcome.error.data);
  }

  #conclude(): Execution {
    const outcome = this.#outcome();
    return {
      outcome,
      logLines: this.#log.lines,
      journal: this.#syscalls.journal,
      readIdentity: this.#syscalls.readIdentity || this.#nestedReadIdentity,
      readTime: this.#readTime,
      userTimeMs: this.#input.spent.userMs,
    };
  }

  #outcome(): Outcome {
    const { state } = this.#isolate;
    if (this.#fatal) return { ok: false, error: this.#fatal };
    if (state.kind === "failed") return { ok: false, error: functionFailure(state.failure) };
    if (state.kind === "pending") return { ok: false, error: { message: "Returned promise will never resolve" } };
    const value = String(state.value);
    const refusal = validateResult(this.#scope.catalog, this.#input.definition, value);
    return refusal ? { ok: false, error: refusal } : { ok: true, value };
  }

  #answer(operation: string, args: string): string {
    return this.#timed(() => this.#syscalls.answerAsync(operation, args));
  }

  /** Runs the runtime's own work: its time is not the user's, and its faults are not the developer's. */
  #timed<T>(work: () => T): T {
    try {
      return this.#input.spent.asSystem(work);
    } catch (error) {
      if (!(error instanceof DeveloperError)) this.#fault ??= error;
      throw error;
    }
  }

  // What the isolate asks for.

  syscall(operation: string, args: string): string {
    return this.#timed(() => this.#syscalls.answer(operation, args));
  }

  asyncSyscall(operation: string, args: string): string | typeof PARKED {
    const isLate = this.#input.spent.isSystemTimeUp || performance.now() > this.#parksFromMs;
    if (operation === "1.0/runUdf" || isLate) return PARKED;
    return this.#answer(operation, args);
  }

  jsSyscall(operation: string): never {
    throw new DeveloperError("UnknownOperation", `Unknown operation ${operation}`);
  }

  nowMs(): number {
    this.#readTime = true;
    return this.#input.nowMs;
  }

  performanceNowMs(): number {
    const startMs = this.#input.nowMs - this.timeOriginMs();
    return this.#input.kind === "query" ? startMs : startMs + performance.now() - this.#startedMs;
  }

  timeOriginMs(): number {
    return this.#scope.deployment.loadedAtMs;
  }

  refusal(feature: Feature): string {
    return `Can't use ${feature} in queries and mutations. Please consider using an action. See https://docs.convex.dev/functions/actions for more details.`;
  }

  fail(message: string): void {
    this.#fatal ??= { message: `Uncaught Error: ${message}` };
  }

  failBy(error: unknown): void {
    const { message } = this.#isolate.describe(error);
    this.#scope.log(`[${this.#input.call.path}] After the function had ended: ${message}`);
  }

  log(level: LogLevel, message: string): void {
    this.#log.add(level, message);
  }
}

interface NestedCall extends Address {
  udfType: string;
  args: Json;
  /** What the call may use on top of what was used before it. */
  transactionLimits?: Partial<TransactionUsage>;
}

const STALE_QUERY = "snapshotQuery";

function withinLimits<T>(tx: Transaction, limits: Partial<TransactionUsage> | undefined, work: () => T): T {
  if (limits === undefined) return work();
  const restore = tx.tighten(limits);
  try {
    return work();
  } finally {
    restore();
  }
}

function tooDeep(): DeveloperError {
  const message = "Cross component call depth limit exceeded. Do you have an infinite loop in your app?";
  return new DeveloperError("MaximumCallDepthExceeded", message);
}

function nestedKindOf(udfType: string, callerKind: "query" | "mutation"): "query" | "mutation" {
  if (udfType === STALE_QUERY && callerKind === "mutation") return "query";
  if (udfType === "query" || (udfType === "mutation" && callerKind === "mutation")) return udfType;
  throw new DeveloperError("InvalidFunctionCall", `Cannot call a ${udfType} function from a ${callerKind} function`);
}

function invocationOf(module: Exports, exportName: string, kind: "query" | "mutation"): (args: string) => unknown {
  const registered = module[exportName] as Record<string, (args: string) => unknown>;
  const invoke = registered[kind === "query" ? "invokeQuery" : "invokeMutation"];
  if (!invoke) throw new Error(`${exportName} cannot be run as a ${kind}.`);
  return (args) => invoke.call(undefined, args);
}
