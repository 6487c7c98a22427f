/** What the engine checks around a function: that it may be called, its arguments, its result. */
import { DeveloperError } from "../errors.ts";
import type {
  Catalog,
  DeployedFunction,
  FunctionCall,
  FunctionError,
  FunctionKind,
  Json,
  ValidatorJson,
} from "../types.ts";
import { VALUE_NESTING_MAX } from "../values/limits.ts";
import { checkValue, sizeOfValue } from "../values/size.ts";
import { validate } from "../values/validate.ts";
import type { LoadedDeployment } from "./deployment.ts";
import { parseJson } from "./deployment.ts";
import type { Failure } from "./globals/errors.ts";

/** Convex's limit on the arguments and on the result of a function. */
const VALUE_BYTES_MAX = 16 * 1024 * 1024;
/** … and on the arguments of an action that runs in Node. */
const NODE_ARGS_BYTES_MAX = 5 * 1024 * 1024;
/** One character of JSON stands for at most this many bytes of a value: a digit for a number. */
const BYTES_PER_CHARACTER_MAX = 9;

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
  const bytesMax = definition.environment === "node" ? NODE_ARGS_BYTES_MAX : VALUE_BYTES_MAX;
  const oversize = refuseOversize(args, bytesMax, { what: `${definition.path} arguments are`, code: "ArgsTooLarge" });
  if (oversize) return oversize;
  const problem = check(catalog, definition.component, definition.args, args);
  return problem === null ? null : { message: `ArgumentValidationError: ${problem}`, code: "ArgumentValidationError" };
}

/** `text`: the encoded result, as JSON text. */
export function validateResult(catalog: Catalog, definition: DeployedFunction, text: string): FunctionError | null {
  const isSmall = text.length * BYTES_PER_CHARACTER_MAX <= VALUE_BYTES_MAX;
  const isAnything = !definition.returns || definition.returns.type === "any";
  // Most results need not be parsed: a short text holds no large value, nor can it nest deep in few characters.
  if (isSmall && isAnything && text.length < 2 * VALUE_NESTING_MAX) return null;
  const value = parseJson<Json>(text);
  const what = `${definition.path} return value is`;
  const oversize = refuseOversize(value, VALUE_BYTES_MAX, { what, code: "ReturnTooLarge" });
  if (oversize || isAnything) return oversize;
  const problem = check(catalog, definition.component, definition.returns as ValidatorJson, value);
  return problem === null ? null : { message: `ReturnsValidationError: ${problem}`, code: "ReturnsValidationError" };
}

/** What is too large or too deep about a value that goes in or out. */
function refuseOversize(
  value: Json,
  bytesMax: number,
  { what, code }: { what: string; code: string },
): FunctionError | null {
  const sizeBytes = sizeOfValue(value);
  if (sizeBytes > bytesMax)
    return { message: `Function ${what} too large (actual: ${sizeBytes} bytes, limit: ${bytesMax} bytes)`, code };
  try {
    checkValue(value, VALUE_NESTING_MAX);
    return null;
  } catch (error) {
    if (error instanceof DeveloperError) return { message: error.message, code: error.code };
    throw error;
  }
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
