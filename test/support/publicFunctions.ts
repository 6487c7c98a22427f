/** Every public function there is, as the backend's own files export them: new ones are found without being listed. */
import type { ConvexHttpClient } from "convex/browser";
import { type FunctionReference, makeFunctionReference } from "convex/server";
import { ConvexError, type Value } from "convex/values";
import type { ValidatorJson } from "../../src/runtime/convex/types.ts";
import type { RefusalData } from "../../src/shared/errors.ts";

export type Fields = Record<string, { fieldType: ValidatorJson; optional: boolean }>;
export type Arguments = Record<string, Value>;

export interface PublicFunction {
  /** "threads:list" */
  path: string;
  kind: "query" | "mutation" | "action";
  fields: Fields;
}

/** What the client's registration of a function carries. */
interface Registered {
  isPublic?: boolean;
  isQuery?: boolean;
  isMutation?: boolean;
  isAction?: boolean;
  exportArgs: () => string;
}

const doors = import.meta.glob<Record<string, unknown>>(["../../convex/*.ts", "!../../convex/*.config.ts"], {
  eager: true,
});

export const publicFunctions: readonly PublicFunction[] = Object.entries(doors).flatMap(([file, exports]) =>
  Object.entries(exports)
    .filter((entry): entry is [string, Registered] => isPublicFunction(entry[1]))
    .map(([name, registered]) => describeFunction(file, name, registered)),
);

function isPublicFunction(exported: unknown): boolean {
  return (
    typeof exported === "function" && "isPublic" in exported && exported.isPublic === true && !("isHttp" in exported)
  );
}

function describeFunction(file: string, name: string, registered: Registered): PublicFunction {
  const door = file.replace(/^.*\/(\w+)\.ts$/, "$1");
  const args = JSON.parse(registered.exportArgs()) as ValidatorJson;
  if (args.type !== "object") throw new Error(`${door}:${name} has no validator for its arguments`);
  const kind = registered.isQuery ? "query" : registered.isMutation ? "mutation" : "action";
  return { path: `${door}:${name}`, kind, fields: args.value };
}

export type CallResult = { value: Value } | { refusal: RefusalData } | { invalidCursor: true } | { error: string };

/**
 * Calls a function and says what became of it: a value, a refusal made for people, Convex's own refusal of a cursor that
 * is not the query's (its client starts the list again), or any other error.
 */
export async function call(
  client: ConvexHttpClient,
  { path, kind }: PublicFunction,
  args: Arguments,
): Promise<CallResult> {
  const reference = makeFunctionReference<typeof kind>(path) as FunctionReference<"query" | "mutation" | "action">;
  try {
    if (kind === "query") return { value: await client.query(reference as FunctionReference<"query">, args) };
    if (kind === "mutation") return { value: await client.mutation(reference as FunctionReference<"mutation">, args) };
    return { value: await client.action(reference as FunctionReference<"action">, args) };
  } catch (error) {
    if (error instanceof ConvexError && isInvalidCursor(error.data)) return { invalidCursor: true };
    if (error instanceof ConvexError) return { refusal: error.data as RefusalData };
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function isInvalidCursor(data: Value): boolean {
  return (
    typeof data === "object" && data !== null && "paginationError" in data && data.paginationError === "InvalidCursor"
  );
}

/** Values for arguments that a validator's shape alone does not make well-formed. */
const SAMPLES: Record<string, Value> = {
  model: "standin-swift",
  paginationOpts: { numItems: 10, cursor: null },
  requestId: "b9f3f3a0-5a53-4c1f-9d0e-1f6f4a1f0b11",
};

/** The simplest value that fits a validator. */
function sampleOf(validator: ValidatorJson): Value {
  switch (validator.type) {
    case "string":
      return "anything";
    case "number":
      return 1;
    case "boolean":
      return true;
    case "literal":
      return validator.value as Value;
    case "array":
      return [];
    case "object":
      return sampleObject(validator.value);
    case "union":
      return validator.value[0] ? sampleOf(validator.value[0]) : null;
    default:
      return null;
  }
}

function sampleObject(fields: Fields): Arguments {
  const required = Object.entries(fields).filter(([, { optional }]) => !optional);
  return Object.fromEntries(required.map(([name, { fieldType }]) => [name, sampleOf(fieldType)]));
}

/** Whether an argument is the id of something that belongs to someone. */
export function isIdName(name: string): boolean {
  return name.endsWith("Id") && name !== "requestId";
}

/** Well-formed arguments: what must be given, and these ids. Throws where an id is needed that is not among them. */
export function sampleArguments({ path, fields }: PublicFunction, ids: Record<string, string>): Arguments {
  const needed = Object.entries(fields).filter(([name, { optional }]) => !optional || name in ids);
  return Object.fromEntries(
    needed.map(([name, { fieldType }]) => {
      if (isIdName(name) && !(name in ids)) throw new Error(`${path} takes a ${name}: let the test make one`);
      return [name, ids[name] ?? SAMPLES[name] ?? sampleOf(fieldType)];
    }),
  );
}
