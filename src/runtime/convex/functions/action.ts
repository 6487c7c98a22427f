/** Runs an action, in an isolate or in Node, from the check of its arguments to the check of its result. */
import type { Catalog, DeployedFunction, FunctionCall, Outcome } from "../types.ts";
import { answerActionSyscall } from "./actionSyscalls.ts";
import { moduleAndExport } from "./deployment.ts";
import { LogLines } from "./logLines.ts";
import type { NodeModules } from "./node/nodeModules.ts";
import type { NodeCallHost } from "./node/nodeWorker.ts";
import { findCallable, validateArguments, validateResult } from "./validation.ts";
import { type Ending, WaitingExecution, type WaitingScope } from "./waitingExecution.ts";

export interface ActionResult {
  outcome: Outcome;
  logLines: string[];
}

type ActionScope = WaitingScope & { catalog: Catalog };

/** Aborting `signal` stops the action; what it has done stays done. */
export async function runAction(scope: ActionScope, call: FunctionCall, signal?: AbortSignal): Promise<ActionResult> {
  const callable = findCallable(scope.deployment, call, "action");
  if ("error" in callable) return { outcome: { ok: false, error: callable.error }, logLines: [] };
  const { definition } = callable;
  const refusal = validateArguments(scope.catalog, definition, call.args);
  if (refusal) return { outcome: { ok: false, error: refusal }, logLines: [] };

  const run = definition.environment === "node" ? runInNode : runInIsolate;
  const { ending, logLines } = await run(scope, call, { definition, signal });
  if (!ending.ok) return { outcome: { ok: false, error: ending.error }, logLines };
  const value = String(ending.value);
  const problem = validateResult(scope.catalog, definition, value);
  return { outcome: problem ? { ok: false, error: problem } : { ok: true, value }, logLines };
}

interface RunInput {
  definition: DeployedFunction;
  signal?: AbortSignal;
}

interface Run {
  ending: Ending;
  logLines: string[];
}

async function runInIsolate(scope: ActionScope, call: FunctionCall, { definition, signal }: RunInput): Promise<Run> {
  const { modulePath, exportName } = moduleAndExport(definition.path);
  const execution = new WaitingExecution(scope, call);
  signal?.addEventListener("abort", () => execution.stop(STOPPED), { once: true });
  const ending = await execution.run((load, begin) => {
    const registered = load(modulePath)[exportName] as RegisteredAction;
    begin();
    return registered.invokeAction(call.request?.requestId ?? "", JSON.stringify([call.args]));
  });
  execution.end();
  return { ending, logLines: execution.logLines.lines };
}

async function runInNode(scope: ActionScope, call: FunctionCall, { definition, signal }: RunInput): Promise<Run> {
  const logLines = new LogLines();
  const nowMs = () => scope.clock.nowMs();
  const host: NodeCallHost = {
    asyncSyscall: (operation, args) => answerActionSyscall({ ...scope, call, nowMs }, operation, args),
    log: (level, message) => logLines.add(level, message),
  };
  const target = {
    ...moduleAndExport(definition.path),
    requestId: call.request?.requestId ?? "",
    args: JSON.stringify([call.args]),
  };
  const node = scope.deployment.node as NodeModules;
  const stop = new AbortController();
  const limit = setTimeout(() => stop.abort(NODE_TIMED_OUT), NODE_ACTION_TIME_MAX_MS);
  signal?.addEventListener("abort", () => stop.abort(STOPPED), { once: true });
  const ending = await node.call(target, host, stop.signal);
  clearTimeout(limit);
  return { ending, logLines: logLines.lines };
}

/** Convex's limit for actions in Node. */
const NODE_ACTION_TIME_MAX_MS = 10 * 60 * 1000;

const NODE_TIMED_OUT = {
  message: `Function execution timed out (maximum duration: ${NODE_ACTION_TIME_MAX_MS / 1000}s)`,
  code: "FunctionTimedOut",
};
const STOPPED = { message: "The action was stopped." };

interface RegisteredAction {
  invokeAction(requestId: string, args: string): Promise<string>;
}
