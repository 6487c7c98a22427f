/** Syscalls of actions and HTTP actions: every one is a call of its own to the rest of the runtime. */
import { DeveloperError } from "../errors.ts";
import type { ActionHost, FunctionCall, FunctionKind, Json, Outcome } from "../types.ts";
import { type Address, callFrom, handleOf, resolveAddress } from "./address.ts";
import { type LoadedDeployment, parseJson } from "./deployment.ts";
import { checkedArgsBytes, checkScheduleTime, identityOf, namespacesFrom, requestMetadataOf } from "./syscalls.ts";
import { unavailableFeature } from "./unavailable.ts";

export interface ActionSyscallScope {
  deployment: LoadedDeployment;
  deploymentName: string;
  host: ActionHost;
  call: FunctionCall;
  nowMs: () => number;
}

/** Answers an asynchronous syscall with JSON text. */
export async function answerActionSyscall(
  scope: ActionSyscallScope,
  operation: string,
  argsText: string,
): Promise<string> {
  const args = parseJson<never>(argsText);
  const { call, deployment } = scope;
  switch (operation) {
    case "1.0/actions/query":
      return callFunction(scope, "query", args);
    case "1.0/actions/mutation":
      return callFunction(scope, "mutation", args);
    case "1.0/actions/action":
      return callFunction(scope, "action", args);
    case "1.0/actions/schedule":
      return JSON.stringify(await schedule(scope, args));
    case "1.0/actions/cancel_job":
      return cancel(scope, args);
    case "1.0/getUserIdentity":
      return JSON.stringify(identityOf(call));
    case "1.0/createFunctionHandle":
      return JSON.stringify(handleOf(resolveAddress(deployment, call.component, args)));
    case "1.0/getFunctionMetadata":
      return JSON.stringify({ name: call.path, componentPath: call.component });
    case "1.0/getDeploymentMetadata":
      return JSON.stringify({ name: scope.deploymentName, region: null, class: "s16" });
    case "1.0/getRequestMetadata":
      return JSON.stringify(requestMetadataOf(call));
    default:
      throw (
        unavailableFeature(operation) ??
        new DeveloperError("UnknownAsyncOperation", `Unknown async operation ${operation}`)
      );
  }
}

async function callFunction(
  { deployment, call, host }: ActionSyscallScope,
  kind: FunctionKind,
  { args, ...address }: { args: Json } & Address,
): Promise<string> {
  const target = resolveAddress(deployment, call.component, address);
  const outcome = await host[kind](callFrom(call, target, args));
  return valueOf(outcome);
}

/** The value of a call, or its failure as an error the caller may catch. */
function valueOf(outcome: Outcome): string {
  if (outcome.ok) return outcome.value;
  const { code = "FunctionFailed", message, data } = outcome.error;
  throw new DeveloperError(code, message, data);
}

async function schedule(
  { deployment, call, host, nowMs }: ActionSyscallScope,
  { ts, args, ...address }: { ts: number; args: Json } & Address,
): Promise<string> {
  const { component, path } = resolveAddress(deployment, call.component, address);
  const tsMs = ts * 1000;
  checkScheduleTime(tsMs, nowMs());
  checkedArgsBytes(args);
  return host.schedule(component, { component, path, args, tsMs, parent: call.request?.job });
}

/** The job's row lives with the function it runs, which may be of a component below this one. */
async function cancel({ deployment, call, host }: ActionSyscallScope, { id }: { id: string }): Promise<string> {
  for (const component of namespacesFrom(deployment, call.component)) await host.cancel(component, id);
  return "null";
}
