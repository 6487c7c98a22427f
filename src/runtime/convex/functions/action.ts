/** Runs an action, in an isolate or in Node, from the check of its arguments to the check of its result. */
import type { Catalog, Clock, DeployedFunction, FunctionCall, FunctionError, Outcome } from "../types.ts";
import { type ActionSyscallScope, answerActionSyscall } from "./actionSyscalls.ts";
import { moduleAndExport } from "./deployment.ts";
import { LogLines } from "./logLines.ts";
import { Reading } from "./reading.ts";
import type { CallHost } from "./threads/callThread.ts";
import type { CallThreads } from "./threads/callThreads.ts";
import type { Result } from "./threads/messages.ts";
import type { NodeModules } from "./threads/nodeModules.ts";
import { findCallable, validateArguments, validateResult } from "./validation.ts";
import { ACTION_TIME_MAX_MS, ACTION_TIMED_OUT } from "./waitingExecution.ts";

/** Convex's limit for actions in Node. */
const NODE_ACTION_TIME_MAX_MS = 10 * 60 * 1000;
const NODE_ACTION_TIMED_OUT: FunctionError = {
  message: `Function execution timed out (maximum duration: ${NODE_ACTION_TIME_MAX_MS / 1000}s)`,
  code: "FunctionTimedOut",
};
const STOPPED: FunctionError = { message: "The action was stopped." };

export interface ActionResult {
  outcome: Outcome;
  logLines: string[];
}

export interface ActionScope extends Omit<ActionSyscallScope, "call" | "nowMs"> {
  catalog: Catalog;
  clock: Clock;
  /** Run what does not run in Node. */
  threads: CallThreads;
}

/** Aborting `signal` stops the action; what it has done stays done. */
export async function runAction(scope: ActionScope, call: FunctionCall, signal?: AbortSignal): Promise<ActionResult> {
  const callable = findCallable(scope.deployment, call, "action");
  if ("error" in callable) return { outcome: { ok: false, error: callable.error }, logLines: [] };
  const { definition } = callable;
  const refusal = validateArguments(scope.catalog, definition, call.args);
  if (refusal) return { outcome: { ok: false, error: refusal }, logLines: [] };

  const logLines = new LogLines();
  const nowMs = () => scope.clock.nowMs();
  const reading = new Reading();
  const host: CallHost = {
    asyncSyscall: async (operation, args) => {
      const answer = await answerActionSyscall({ ...scope, call, nowMs }, operation, args);
      reading.note(answer);
      return answer;
    },
    log: (level, message) => logLines.add(level, message),
  };
  const running = runInThread(scope, { call, definition, host, signal });
  const result = await running.finally(() => reading.end());
  return { outcome: outcomeOf(scope.catalog, definition, result), logLines: logLines.lines };
}

interface Run {
  call: FunctionCall;
  definition: DeployedFunction;
  host: CallHost;
  signal: AbortSignal | undefined;
}

/** The thread's own limit ends what waits; the one here ends what computes without a pause, too. */
async function runInThread(scope: ActionScope, { call, definition, host, signal }: Run): Promise<Result> {
  const isNode = definition.environment === "node";
  const threads = isNode ? (scope.deployment.node as NodeModules) : scope.threads;
  const stop = new AbortController();
  const limit = isNode
    ? setTimeout(() => stop.abort(NODE_ACTION_TIMED_OUT), NODE_ACTION_TIME_MAX_MS)
    : setTimeout(() => stop.abort(ACTION_TIMED_OUT), ACTION_TIME_MAX_MS);
  signal?.addEventListener("abort", () => stop.abort(STOPPED), { once: true });
  const target = {
    component: call.component,
    ...moduleAndExport(definition.path),
    requestId: call.request?.requestId ?? "",
    args: JSON.stringify([call.args]),
  };
  try {
    return await threads.call(target, host, stop.signal);
  } finally {
    clearTimeout(limit);
  }
}

function outcomeOf(catalog: Catalog, definition: DeployedFunction, result: Result): Outcome {
  if (!result.ok) return { ok: false, error: result.error };
  const value = String(result.value);
  const problem = validateResult(catalog, definition, value);
  return problem ? { ok: false, error: problem } : { ok: true, value };
}
