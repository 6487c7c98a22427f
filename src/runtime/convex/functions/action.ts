/** Runs an action in its isolate, from the check of its arguments to the check of its result. */
import type { Catalog, FunctionCall, Outcome } from "../types.ts";
import { moduleAndExport } from "./deployment.ts";
import { findCallable, validateArguments, validateResult } from "./validation.ts";
import { WaitingExecution, type WaitingScope } from "./waitingExecution.ts";

export interface ActionResult {
  outcome: Outcome;
  logLines: string[];
}

/** Aborting `signal` stops the action; what it has done stays done. */
export async function runAction(
  scope: WaitingScope & { catalog: Catalog },
  call: FunctionCall,
  signal?: AbortSignal,
): Promise<ActionResult> {
  const callable = findCallable(scope.deployment, call, "action");
  if ("error" in callable) return { outcome: { ok: false, error: callable.error }, logLines: [] };
  const { definition } = callable;
  const refusal = validateArguments(scope.catalog, definition, call.args);
  if (refusal) return { outcome: { ok: false, error: refusal }, logLines: [] };

  const { modulePath, exportName } = moduleAndExport(definition.path);
  const execution = new WaitingExecution(scope, call);
  signal?.addEventListener("abort", () => execution.stop({ message: "The action was stopped." }), { once: true });
  const ending = await execution.run((load, begin) => {
    const registered = load(modulePath)[exportName] as RegisteredAction;
    begin();
    return registered.invokeAction(call.request?.requestId ?? "", JSON.stringify([call.args]));
  });
  execution.end();
  const { lines: logLines } = execution.logLines;
  if (!ending.ok) return { outcome: { ok: false, error: ending.error }, logLines };
  const value = String(ending.value);
  const problem = validateResult(scope.catalog, definition, value);
  return { outcome: problem ? { ok: false, error: problem } : { ok: true, value }, logLines };
}

interface RegisteredAction {
  invokeAction(requestId: string, args: string): Promise<string>;
}
