/**
 * One execution of a query or mutation: validates, runs in an isolate turn by turn ([Note: Turns]),
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
import type { Isolate, ParkedSyscall, State } from "./globals/isolate.ts";
import type { Exports } from "./globals/modules.ts";
import type { ImportedModules } from "./importedModules.ts";
import type { Imported } from "./importHost.ts";
import type { Home, IsolateFactory } from "./isolate.ts";
import { LogLines } from "./logLines.ts";
import { newSeed } from "./seeds.ts";
import { isOutOfTime, SpentTime, TIMED_OUT, USER_TIME_MAX_MS } from "./spentTime.ts";
import { type ErrorOwner, owningErrors } from "./strayErrors.ts";
import { DatabaseSyscalls } from "./syscalls.ts";
import { withinTime } from "./timeLimit.ts";
import { findCallable, functionFailure, validateArguments, validateResult } from "./validation.ts";

/** How much later than its time is up a turn is cut off, since some of its time goes to the database and to other processes. */
const TURN_GRACE_MS = 2000;
/**
 * Cutting off a turn would leave the database's own code half done, so a syscall is answered within the turn
 * only while the end of it is at least this far away; otherwise it is parked and answered between turns.
 */
const DATABASE_SPARE_MS = 1000;
/** Executions begin under one limit for this long, so that the last of them has nearly all of it. */
const SHARED_MS = 200;
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

/** A call of a client, and the transaction it runs in. */
export interface FunctionRequest {
  tx: Transaction;
  call: FunctionCall;
  kind: "query" | "mutation";
  journalEndCursor?: string | null;
}

/** Runs one call. User errors end up in the outcome; anything else that goes wrong is thrown. */
export function execute(scope: ExecutionScope, request: FunctionRequest): Execution {
  const [finish] = executeTogether(scope, [request]) as [() => Execution];
  return finish();
}

/** Begins calls one after another, each in a transaction of its own; gives for each what finishes it, as `execute` does. */
export function executeTogether(scope: ExecutionScope, requests: FunctionRequest[]): (() => Execution)[] {
  const prepared = requests.map(({ tx, call, kind, journalEndCursor = null }) => {
    const nowMs = Math.floor(scope.clock.nowMs());
    const input = { call, kind, journalEndCursor, nowMs, seed: newSeed(), spent: new SpentTime(), depth: 0 };
    return prepare(scope, tx, input);
  });
  beginAll(prepared.filter((each) => each instanceof TransactionExecution));
  return prepared.map((each) => () => each.finish());
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

function executeNested(scope: ExecutionScope, tx: Transaction, input: ExecutionInput): Execution {
  const prepared = prepare(scope, tx, input);
  if (prepared instanceof TransactionExecution) beginAll([prepared]);
  return prepared.finish();
}

/** Checks what can be checked before any code runs. */
function prepare(scope: ExecutionScope, tx: Transaction, input: ExecutionInput): TransactionExecution | Refused {
  const { call, kind } = input;
  const callable = findCallable(scope.deployment, call, kind);
  if ("error" in callable) return new Refused(callable.error);
  const { definition } = callable;
  const refusal = validateArguments(scope.catalog, definition, call.args);
  if (refusal) return new Refused(refusal);
  const { modulePath, exportName } = moduleAndExport(definition.path);
  const failure = scope.modules.failureOf(call.component, modulePath);
  if (failure !== null) return new Refused({ message: failure });
  return new TransactionExecution(scope, tx, { ...input, definition, modulePath, exportName });
}

/** Takes each through its first turn, as many as possible under one limit ([Note: One limit for many]). */
function beginAll(executions: TransactionExecution[]): void {
  const waiting = [...executions];
  while (waiting[0]) {
    let current = waiting[0];
    const { turnMaxMs } = current;
    const startedMs = performance.now();
    const beginSome = () => {
      do {
        current = waiting.shift() as TransactionExecution;
        current.begin(startedMs + turnMaxMs);
      } while (waiting[0] && performance.now() - startedMs < SHARED_MS);
    };
    if (!withinTime(turnMaxMs, beginSome)) current.cutOff();
  }
}

/** A call that was not allowed to begin. */
class Refused {
  readonly #error: FunctionError;

  constructor(error: FunctionError) {
    this.#error = error;
  }

  finish(): Execution {
    const outcome: Outcome = { ok: false, error: this.#error };
    return { outcome, logLines: [], journal: null, readIdentity: false, readTime: false, userTimeMs: 0 };
  }
}

interface RunInput extends ExecutionInput {
  definition: DeployedFunction;
  modulePath: string;
  exportName: string;
}

class TransactionExecution extends SynchronousHost implements IsolateHost, ErrorOwner {
  readonly #scope: ExecutionScope;
  readonly #tx: Transaction;
  readonly #input: RunInput;
  readonly #syscalls: DatabaseSyscalls;
  readonly #log = new LogLines();
  #startedMs = 0;
  #imported: Imported | undefined;
  /** What the code came to, once there is nothing left for it to do. */
  #ending: State | undefined;
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
    const { program } = scope.deployment.instance(component);
    super({ program, sourceMaps, env: scope.envOf(component) });
    this.#scope = scope;
    this.#tx = tx;
    this.#input = input;
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

  /** How long a turn may take before it is cut off. */
  get turnMaxMs(): number {
    return USER_TIME_MAX_MS - this.#input.spent.ownMs + TURN_GRACE_MS;
  }

  override get home(): Home {
    return (this.#imported as Imported).home;
  }

  /** Takes the first turn, in an isolate where the function's module is evaluated. */
  begin(endsAtMs: number): void {
    this.#catchFault(() => {
      const { call, modulePath, spent } = this.#input;
      this.#startedMs = performance.now();
      this.#imported = this.#scope.modules.take(call.component, modulePath);
      const { failure, userTimeMs } = this.#imported;
      spent.userMs += userTimeMs;
      if (failure !== null) this.#fatal = { message: failure };
      else this.#invoke(endsAtMs);
    });
  }

  /** The turn was cut off: nothing more is run. */
  cutOff(): void {
    this.#fatal ??= TIMED_OUT;
  }

  /** Takes whatever turns are left. Throws what is not the developer's fault. */
  finish(): Execution {
    try {
      while (!this.#isOver && this.#isolate.parked[0]) this.#resume(this.#isolate.parked[0]);
    } finally {
      this.#syscalls.close();
    }
    if (this.#fault !== undefined) throw this.#fault;
    return this.#conclude();
  }

  get #isolate(): Isolate {
    return this.home.isolate;
  }

  get #isOver(): boolean {
    return this.#fatal !== undefined || this.#fault !== undefined || this.#ending !== undefined;
  }

  #invoke(endsAtMs: number): void {
    const { call, kind, seed, modulePath, exportName } = this.#input;
    this.#isolate.reseed(seed);
    this.#isolate.begin(this, (load) => invocationOf(load(modulePath), exportName, kind)(JSON.stringify([call.args])));
    this.#turn(endsAtMs);
  }

  /** Runs code within a limit that ends at `endsAtMs`. */
  #turn(endsAtMs: number): void {
    const { promises } = this.#imported as Imported;
    const { spent } = this.#input;
    this.#parksFromMs = endsAtMs - DATABASE_SPARE_MS;
    const turn = () => this.#scope.isolates.turn(this.home);
    spent.asUser(() => promises.watch(() => owningErrors(this, turn)));
    this.#fatal ??= spent.excess ?? undefined;
    if (this.#isolate.state.kind === "failed") this.#ending = this.#isolate.state;
    if (!this.#isOver && this.#isolate.parked.length === 0) this.#endTurns();
  }

  /** What was rejected must have been handled by now. From here on the isolate may be another's. */
  #endTurns(): void {
    const { call, modulePath } = this.#input;
    const imported = this.#imported as Imported;
    this.#isolate.failByRejected(imported.promises.all);
    this.#scope.isolates.turn(this.home);
    this.#ending = this.#isolate.state;
    if (this.#ending.kind === "done") this.#scope.modules.giveBack(call.component, modulePath, imported);
  }

  #resume({ operation, args }: ParkedSyscall): void {
    this.#isolate.resume(this.#answerParked(operation, args));
    const { turnMaxMs } = this;
    const turn = () => this.#catchFault(() => this.#turn(performance.now() + turnMaxMs));
    if (!withinTime(turnMaxMs, turn)) this.cutOff();
  }

  #catchFault(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fault ??= error;
    }
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
    const run = (tx: Transaction) => withinLimits(tx, transactionLimits, () => executeNested(this.#scope, tx, nested));
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
    if (this.#fatal) return { ok: false, error: this.#fatal };
    const ending = this.#ending as State;
    if (ending.kind === "failed") return { ok: false, error: functionFailure(ending.failure) };
    if (ending.kind === "pending") return { ok: false, error: { message: "Returned promise will never resolve" } };
    const value = String(ending.value);
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
