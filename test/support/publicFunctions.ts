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

/** Well-formed values for the names that arguments have across the API. */
const SAMPLES: Record<string, Value> = {
  model: "standin-swift",
  name: "Somebody",
  page: 0,
  paginationOpts: { numItems: 10, cursor: null },
  pinned: true,
  query: "anything",
  requestId: "b9f3f3a0-5a53-4c1f-9d0e-1f6f4a1f0b11",
  settings: {},
  text: "Something to say",
  title: "A title",
  view: "recent",
};

/** Whether an argument is the id of something that belongs to someone. */
export function isIdName(name: string): boolean {
  return name.endsWith("Id") && name !== "requestId";
}

/** Well-formed arguments: samples for what must be given, and these ids. Throws where a new name needs a sample. */
export function sampleArguments({ path, fields }: PublicFunction, ids: Record<string, string>): Arguments {
  const needed = Object.entries(fields).filter(([name, { optional }]) => !optional || name in ids);
  return Object.fromEntries(
    needed.map(([name]) => {
      const value = isIdName(name) ? ids[name] : SAMPLES[name];
      if (value === undefined) throw new Error(`${path} has the argument "${name}": give it a sample`);
      return [name, value];
    }),
  );
}
