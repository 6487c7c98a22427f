/**
 * How code names the function it calls: a path in its own component (`name`), a reference to a component it
 * installed (`_reference/childComponent/<name>/<module…>/<export>`), or a function handle.
 */
import { DeveloperError } from "../errors.ts";
import type { ComponentPath, DeployedFunction, FunctionCall, Json } from "../types.ts";
import { canonicalPath, type LoadedDeployment } from "./deployment.ts";

export interface Address {
  name?: string;
  reference?: string;
  functionHandle?: string;
}

const HANDLE_PREFIX = "function://";
const CHILD_PREFIX = "_reference/childComponent/";

/** The function that `address` names for code of the component `from`. Throws `DeveloperError`. */
export function resolveAddress(deployment: LoadedDeployment, from: ComponentPath, address: Address): DeployedFunction {
  if (address.functionHandle !== undefined) return resolveHandle(deployment, address.functionHandle);
  if (address.reference !== undefined) return resolveReference(deployment, from, address.reference);
  if (address.name === undefined) throw new DeveloperError("InvalidFunction", "A function reference is missing.");
  return deployment.find(from, address.name) ?? notFound(canonicalPath(address.name));
}

/** The call that code running for `caller` makes of `target`. Another component does not learn who the user is. */
export function callFrom(
  caller: FunctionCall,
  { component, path }: Pick<DeployedFunction, "component" | "path">,
  args: Json,
): FunctionCall {
  const hidesUser = component !== caller.component && caller.identity.kind === "user";
  const identity = hidesUser ? ({ kind: "unknown" } as const) : caller.identity;
  return { component, path, args, identity, visibility: "any", request: caller.request };
}

/** A string that names a function from anywhere in the deployment; stable across deploys. */
export function handleOf({ component, path }: { component: ComponentPath; path: string }): string {
  return `${HANDLE_PREFIX}${component};${path}`;
}

function resolveHandle(deployment: LoadedDeployment, handle: string): DeployedFunction {
  const [component, path] = handle.startsWith(HANDLE_PREFIX) ? handle.slice(HANDLE_PREFIX.length).split(";") : [];
  if (component === undefined || path === undefined) {
    throw new DeveloperError("InvalidFunctionHandle", `"${handle}" is not a function handle.`);
  }
  return deployment.find(component, path) ?? notFound(path);
}

function resolveReference(deployment: LoadedDeployment, from: ComponentPath, reference: string): DeployedFunction {
  const parts = reference.startsWith(CHILD_PREFIX) ? reference.slice(CHILD_PREFIX.length).split("/") : [];
  const [childName = "", ...rest] = parts;
  const child = deployment.instance(from).children.get(childName);
  if (child === undefined || rest.length < 2) {
    throw new DeveloperError("InvalidReference", `No function is found at "${reference}".`);
  }
  const path = `${rest.slice(0, -1).join("/")}:${rest.at(-1)}`;
  const found = deployment.find(child, path);
  // A component offers only its public functions to the app that installs it.
  if (found?.visibility !== "public") throw notFoundError(path, ` in component "${child}"`);
  return found;
}

function notFound(path: string): never {
  throw notFoundError(path);
}

function notFoundError(path: string, where = ""): DeveloperError {
  const hint = "Did you forget to run `npx convex dev`?";
  return new DeveloperError("FunctionNotFound", `Could not find function for '${path}'${where}. ${hint}`);
}
