/** What the engine checks around a function: that it may be called, its arguments, its result. */
import type {
  Catalog,
  DeployedFunction,
  FunctionCall,
  FunctionError,
  FunctionKind,
  Json,
  ValidatorJson,
} from "../types.ts";
import { validate } from "../values/validate.ts";
import type { LoadedDeployment } from "./deployment.ts";
import { parseJson } from "./deployment.ts";
import type { Failure } from "./globals/errors.ts";

/** As on Convex, for results as encoded JSON text. */
const RESULT_BYTES_MAX = 16 * 1024 * 1024;

/** The function a call names, or why it cannot be called so. */
export function findCallable(
  deployment: LoadedDeployment,
  call: FunctionCall,
  kind: FunctionKind,
): { definition: DeployedFunction } | { error: FunctionError } {
  const definition = deployment.find(call.component, call.path);
  if (!definition || (call.visibility === "public" && definition.visibility !== "public")) {
    const message = `Could not find public function for '${call.path}'. Did you forget to run \`npx convex dev\`?`;
    return { error: { message, code: "FunctionNotFound" } };
  }
  if (definition.kind === kind) return { definition };
  const message = `Trying to execute ${call.path} as ${article(kind)}, but it is defined as ${article(definition.kind)}.`;
  return { error: { message, code: "WrongFunctionKind" } };
}

export function validateArguments(catalog: Catalog, definition: DeployedFunction, args: Json): FunctionError | null {
  const problem = check(catalog, definition.component, definition.args, args);
  return problem === null ? null : { message: `ArgumentValidationError: ${problem}`, code: "ArgumentValidationError" };
}

/** `value`: the encoded result, as JSON text. */
export function validateResult(catalog: Catalog, definition: DeployedFunction, value: string): FunctionError | null {
  if (Buffer.byteLength(value) > RESULT_BYTES_MAX) {
    return {
      message: `Function ${definition.path} return value is too large (maximum 16 MiB)`,
      code: "ReturnTooLarge",
    };
  }
  if (!definition.returns || definition.returns.type === "any") return null;
  const problem = check(catalog, definition.component, definition.returns, parseJson(value));
  return problem === null ? null : { message: `ReturnsValidationError: ${problem}`, code: "ReturnsValidationError" };
}

/** A failure of the code as it goes on the wire. */
export function functionFailure({ message, data }: Failure): FunctionError {
  return data === undefined ? { message } : { message, data: parseJson(data) };
}

function check(catalog: Catalog, component: string, validator: ValidatorJson, value: Json): string | null {
  return validate(validator, value, (tableNumber) => catalog.tableNameOf(component, tableNumber));
}

function article(kind: FunctionKind): string {
  return kind === "action" ? "an action" : `a ${kind}`;
}
