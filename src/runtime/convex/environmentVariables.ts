/**
 * Environment variables of the functions: those the process was started with, and over them those that
 * `npx convex env set` put into the database.
 */
import { badRequest } from "./errors.ts";
import { eq, readRows } from "./systemRows.ts";
import type { Transaction } from "./types.ts";

export type Variables = Record<string, string>;

export interface VariableChange {
  name: string;
  /** Null: take back what was set. */
  value: string | null;
}

interface VariableRow {
  _id: string;
  name: string;
  value: string;
}

const TABLE = "_environment_variables";
const NAMESPACE = "";

/** Convex's limits: the lower number where its code and its documentation differ. */
const VARIABLES_MAX = 512;
const NAME_LENGTH_MAX = 40;
const VALUE_BYTES_MAX = 8 * 1024;

/** Set by the deployment itself. */
const RESERVED = new Set(["CONVEX_CLOUD_URL", "CONVEX_SITE_URL"]);

/** What functions see, except for the deployment's own addresses. `base`: what the process was started with. */
export function variablesIn(tx: Transaction, base: Variables): Variables {
  // One more than there may be, so that it is seen when there are too many.
  const limit = VARIABLES_MAX + 1;
  const set = readRows<VariableRow>(tx, NAMESPACE, { indexName: `${TABLE}.by_name`, range: [], limit });
  return { ...base, ...Object.fromEntries(set.map(({ name, value }) => [name, value])) };
}

/** Throws `RequestError` when a change breaks Convex's rules, or takes back what only the process can. */
export function changeVariables(tx: Transaction, base: Variables, changes: VariableChange[]): void {
  for (const { name, value } of changes) {
    checkName(name);
    const [row] = readRows<VariableRow>(tx, NAMESPACE, {
      indexName: `${TABLE}.by_name`,
      range: [eq("name", name)],
      limit: 1,
    });
    if (value === null && !row && base[name] !== undefined) throw setElsewhere(name);
    if (value !== null) checkValue(name, value);
    if (row) tx.remove(NAMESPACE, row._id);
    if (value !== null) tx.insert(NAMESPACE, TABLE, { name, value });
  }
  if (Object.keys(variablesIn(tx, base)).length > VARIABLES_MAX)
    throw badRequest("TooManyEnvVars", `A deployment can have at most ${VARIABLES_MAX} environment variables.`);
}

function checkName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.length > NAME_LENGTH_MAX)
    throw badRequest(
      "EnvVarNameInvalid",
      `"${name}" is no name for an environment variable: letters, digits and underscores, at most ${NAME_LENGTH_MAX}.`,
    );
  if (RESERVED.has(name)) throw badRequest("EnvVarNameForbidden", `Environment variable ${name} is built in.`);
}

function checkValue(name: string, value: string): void {
  if (Buffer.byteLength(value) <= VALUE_BYTES_MAX) return;
  throw badRequest("EnvVarValueTooLarge", `The value of ${name} is larger than ${VALUE_BYTES_MAX} bytes.`);
}

function setElsewhere(name: string) {
  return badRequest(
    "EnvVarSetElsewhere",
    `${name} comes from the process that runs this deployment (its environment or .env.local): remove it there.`,
  );
}
